"""`sluicegate gateway`: run the reference gateway."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sluicegate.errors import SluicegateError

from .options import FILE, PORT, address, certificate
from .serve import GRACE, Service, client_limits, log_to_stderr, serve

if TYPE_CHECKING:
    from sluicegate.gateway.configuration import Configuration
    from sluicegate.runtime.server import Certificate


@click.command()
@click.option("--config", "file", type=FILE, help="What to serve, in TOML or YAML.")
@click.option("--host", callback=address, help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=PORT, help="Port to listen on; 0 takes a free one.  [default: 8081]")
@click.option("--certfile", type=FILE, help="Speak TLS, with these certificates, in PEM.")
@click.option("--keyfile", type=FILE, help="The private key of the first one, in PEM.")
@click.option("--log", is_flag=True, help="Log each attempt and request as JSON on stderr.")
@click.option("--check", is_flag=True, help="Say what would be served, and exit.")
@click.option("--control", is_flag=True, help="Serve POST /_gateway/reset, on this machine alone.")
def gateway(  # noqa: PLR0913 - click passes each option by its name
    *,
    file: Path | None,
    host: str | None,
    port: int | None,
    certfile: Path | None,
    keyfile: Path | None,
    log: bool,
    check: bool,
    control: bool,
) -> None:
    """Run the reference gateway: requests go to agents, with fallbacks and circuit breakers.

    An agent is any server that speaks OpenAI's chat completions. Without a file there are two:
    ccrouter at http://127.0.0.1:9101/v1, whose fallback is droid at http://127.0.0.1:9102/v1.

    A request that the fallback rescues counts as a success of the selected agent's circuit. An
    agent's 401 for the gateway's own key reaches the client as 401. Without keys, web pages of
    other hosts are refused.

    \b
    Environment variables overrule the file:
      GATEWAY_KEYS            what clients must show one of, with commas between them
      AGENT_FALLBACK_ENABLED  true by default; with false, each request is tried once

    \b
    Try it:
      sluicegate provider --agent ccrouter=9101 --agent droid=9102
      sluicegate gateway
      curl -N http://localhost:8081/v1/chat/completions \\
        -H "Content-Type: application/json" \\
        -d '{"model": "gpt-4", "stream": true,
             "messages": [{"role": "user", "content": "Hello"}]}'
      curl http://localhost:8081/v1/models
      curl http://localhost:8081/health

    \b
    A file says more; all but one agent may be left out:
      primary = "ccrouter"               # asked for models of no route; else the first
      keys = ["${GATEWAY_KEY}"]
      host = "127.0.0.1"
      port = 8081

    \b
      [agents.ccrouter]
      base_url = "http://127.0.0.1:9101/v1"
      key = "${CCROUTER_KEY}"            # what the agent is shown
      health_url = "http://127.0.0.1:9101/health"
      fallback = "droid"
      models."gpt-4o" = { max_tokens = 16384, input_cost_per_1k = 0.0025 }

    \b
      [agents.droid]
      base_url = "http://127.0.0.1:9102/v1"

    \b
      [routes]                           # the first that fits counts
      "gpt-4*" = "ccrouter"
      "claude*" = "droid"

    \b
      [fallback]
      enabled = true
      format = "json"                    # of plain answers to streaming requests; or sse

    \b
      [limits]                           # in seconds
      first_content = 20
      gap = 20
      whole_stream = 60
      plain = 15

    \b
      [breaker]
      failures = 5                       # in a row open the circuit of an agent,
      open_seconds = 30                  # for so long,
      successes = 2                      # and as many in a row close it again

    \b
      [tls]
      certfile = "cert.pem"
      keyfile = "key.pem"

    \b
      [log]
      requests = true

    Options come before the file. uvloop is used where it is installed. Ctrl-C and SIGTERM stop the
    gateway: running answers get one second to end, the rest is cut off.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    made = _configuration(file)
    overruling: dict[str, Any] = {"host": host, "port": port}
    told = {key: value for key, value in overruling.items() if value is not None}
    made = replace(
        made,
        settings=replace(made.settings, **told),
        certificate=certificate(certfile, keyfile) or made.certificate,
        log_requests=log or made.log_requests,
    )
    if control:
        _refuse_control_from_elsewhere(made.settings.host)
    if made.certificate:
        _check_certificate(made.certificate)
    if check:
        _show(made)
    else:
        serve([_service(made, control=control)], lambda: _begin(made))


def _configuration(file: Path | None) -> "Configuration":
    # httpx, jsonschema and Hypercorn are slow to import, and `--help` need not wait for them.
    from sluicegate.gateway.configuration import configuration  # noqa: PLC0415 - see above

    try:
        return configuration(file, os.environ)
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error


def _check_certificate(files: "Certificate") -> None:
    from sluicegate.gateway.mistakes import certificate_fault  # noqa: PLC0415 - as above

    if fault := certificate_fault(files.certfile, files.keyfile):
        raise click.ClickException(f"{files.certfile} with its key {files.keyfile} {fault}")


def _refuse_control_from_elsewhere(host: str) -> None:
    from sluicegate.provider.guard import is_loopback  # noqa: PLC0415 - as above

    if not is_loopback(host):
        raise click.UsageError(
            f"--control is for this machine alone, and others may reach {host}; "
            "listen on 127.0.0.1, or leave it out"
        )


def _show(made: "Configuration") -> None:
    from .gateway_summary import summary  # noqa: PLC0415 - it imports the same

    for line in summary(made):
        click.echo(line)
    _warn(made)


def _warn(made: "Configuration") -> None:
    from .gateway_summary import doubts  # noqa: PLC0415 - it imports the same

    for doubt in doubts(made.settings):
        click.echo(f"Warning: {doubt}.", err=True)


def _service(made: "Configuration", *, control: bool) -> Service:
    from sluicegate.gateway.app import create_app  # noqa: PLC0415 - Quart is slow to import, too
    from sluicegate.runtime.server import Server  # noqa: PLC0415 - Hypercorn as well

    from .gateway_summary import agents  # noqa: PLC0415

    host, port = made.settings.host, made.settings.port
    try:
        app = create_app(made.settings, control=control)
        server = Server(
            app,
            host=host,
            port=port,
            certificate=made.certificate,
            grace=GRACE,
            limits=client_limits(),
        )
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error
    return Service("gateway", server, lines=list(agents(made.settings)), close=app.aclose)


def _begin(made: "Configuration") -> None:
    log_to_stderr(requests=False)
    if made.log_requests:
        from sluicegate.gateway.log import log_json  # noqa: PLC0415 - it is needed here alone

        log_json(sys.stderr)
    _warn(made)
