"""`sluicegate provider`: run the mock provider."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from sluicegate.errors import SluicegateError
from sluicegate.provider.guard import VARIABLE, is_loopback

from .faults import faults_text
from .options import FILE, LAST_PORT, PORT, address, certificate
from .plans import read_plans
from .serve import log_to_stderr, serve

ONLY: Final = "provider"
"""The name of the agent where `--agent` names none."""

_AGENT: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})=([0-9]{1,5})")


def _agents(
    _context: click.Context, _option: click.Parameter, value: Sequence[str]
) -> dict[str, int]:
    ports: dict[str, int] = {}
    for each in value:
        found = _AGENT.fullmatch(each)
        if found is None or int(found[2]) > LAST_PORT:
            raise click.BadParameter(f"expected NAME=PORT, such as ccrouter=9101, got {each!r}")
        name, port = found[1], int(found[2])
        if name in ports:
            raise click.BadParameter(f"expected each agent once, got {name} twice")
        if port and port in ports.values():
            raise click.BadParameter(f"expected a port for each agent, got {port} twice")
        ports[name] = port
    return ports


def _faults(context: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own signature
    if value and not context.resilient_parsing:
        click.echo(faults_text())
        context.exit()


@click.command()
@click.option(
    "--host",
    callback=address,
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=PORT,
    default=8001,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--agent",
    "agents",
    multiple=True,
    callback=_agents,
    metavar="NAME=PORT",
    help="A named provider with a port and a journal of its own; repeat it for more.",
)
@click.option(
    "--plan",
    "files",
    multiple=True,
    metavar="[NAME=]FILE",
    help="What to answer to the first, second, ... request, in JSON.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="A model that GET /v1/models lists; repeat it for more.  [default: gpt-4]",
)
@click.option("--unhealthy", is_flag=True, help="Answer GET /health with 503.")
@click.option(
    "--control-port",
    type=PORT,
    help="Serve the paths below /_provider/ here alone.  [default: on each port]",
)
@click.option(
    "--control-token",
    envvar=VARIABLE,
    metavar="TOKEN",
    help=f"What these paths ask for; better set {VARIABLE}.",
)
@click.option("--certfile", type=FILE, help="Speak TLS, with these certificates, in PEM.")
@click.option("--keyfile", type=FILE, help="The private key of the first one, in PEM.")
@click.option("--log", is_flag=True, help="Log each request in one line on stderr.")
@click.option(
    "--faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_faults,
    help="List every parameter with its values, and exit.",
)
@click.pass_context
def provider(  # noqa: PLR0913 - click passes each option by its name
    context: click.Context,
    *,
    host: str,
    port: int,
    agents: Mapping[str, int],
    files: Sequence[str],
    models: Sequence[str],
    unhealthy: bool,
    control_port: int | None,
    control_token: str | None,
    certfile: Path | None,
    keyfile: Path | None,
    log: bool,
) -> None:
    """Run a mock LLM provider that fails on demand.

    It speaks OpenAI's chat completions and Anthropic's Messages, needs no key, and always gives the
    same answer. Parameters in the query make it slow, wrong or broken:

    \b
      delay=MS         wait MS milliseconds before anything is answered
      fail=STATUS      answer with an error: any status from 400 to 599
      fail=timeout     stay silent for 30 seconds, then answer 504
      stream=true      stream, whatever the body says; false: do not
      fail_chunk=N     when streaming, send a broken event in place of chunk N

    There are many more: `sluicegate provider --faults` lists them all. They may stand in the
    header X-Sluicegate-Faults or after the name of the model, too (gpt-4?fail=429). A bad value
    gets 400, and a message that names the parameter.

    \b
    Try it:
      curl -X POST http://localhost:8001/v1/chat/completions \\
        -H "Content-Type: application/json" \\
        -d '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'
      curl -N -X POST "http://localhost:8001/v1/chat/completions?stream=true&fail_chunk=3" \\
        -H "Content-Type: application/json" \\
        -d '{"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}'
      curl http://localhost:8001/v1/models
      curl http://localhost:8001/health

    A plan says what is answered to the first request, the second, and so on; the last answer
    repeats. It comes from a file, or over HTTP; with a token it is for the requests whose prompt
    contains [sluicegate:TOKEN]. The journal tells what was asked and answered.

    \b
      curl -X POST http://localhost:8001/_provider/plans \\
        -d '{"token": "t1", "plans": {"provider": {"answers": [{"fail": 429}, {}]}}}'
      curl "http://localhost:8001/_provider/journal?token=t1"
      curl -X POST http://localhost:8001/_provider/reset

    Nothing is logged without --log (--quiet is gone). uvloop is used where it is installed. Ctrl-C
    and SIGTERM stop the provider: running answers get one second to end, the rest is cut off.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    if agents and context.get_parameter_source("port") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--port is for a single provider: each --agent has its own")
    ports = agents or {ONLY: port}
    if control_port and control_port in ports.values():
        raise click.UsageError(
            f"--control-port {control_port} is an agent's port: take another, or leave it away to"
            " serve /_provider/ on each port"
        )
    overruling = {
        **({"models": list(models)} if models else {}),
        **({"healthy": False} if unhealthy else {}),
    }
    # Quart is slow to import, and `--help` need not wait for it.
    from .services import Frontage, services  # noqa: PLC0415 - see above

    plans = read_plans(ports, files, overruling)
    frontage = Frontage(host, control_port, control_token, certificate(certfile, keyfile), log)
    try:
        made = services(ports, plans, frontage)
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    serve(made, lambda: _begin(host, log=log))


def _begin(host: str, *, log: bool) -> None:
    log_to_stderr(requests=log)
    if not is_loopback(host):
        click.echo(
            f"Warning: other machines may reach {host}, and nobody is asked for a key.", err=True
        )
