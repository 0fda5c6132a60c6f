"""`sluicegate proxy`: run the proxy."""

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
    from sluicegate.proxy.configuration import Configuration


@click.command()
@click.option("--config", "file", type=FILE, help="What to serve, in TOML or YAML.")
@click.option("--host", callback=address, help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=PORT, help="Port to listen on; 0 takes a free one.  [default: 8080]")
@click.option("--certfile", type=FILE, help="Speak TLS, with these certificates, in PEM.")
@click.option("--keyfile", type=FILE, help="The private key of the first one, in PEM.")
@click.option("--log", is_flag=True, help="Log each request as one line of JSON on stderr.")
@click.option("--check", is_flag=True, help="Say what would be served, and exit.")
def proxy(  # noqa: PLR0913 - click passes each option by its name
    *,
    file: Path | None,
    host: str | None,
    port: int | None,
    certfile: Path | None,
    keyfile: Path | None,
    log: bool,
    check: bool,
) -> None:
    """Run a proxy: agents stream from any LLM provider through it, and hold no keys.

    Without a file, environment variables say what it serves:

    \b
      ANTHROPIC_API_KEY   asked at POST /stream/anthropic, and at POST /stream
      OPENAI_API_KEY      asked at POST /stream/openai, and at POST /stream if it is alone
      PROXY_TOKEN         what clients must show; without it, nobody is asked
      ANTHROPIC_BASE_URL, OPENAI_BASE_URL
                          where they are, if not at their public addresses

    \b
    Try it:
      export PROXY_TOKEN=$(openssl rand -hex 32)
      export ANTHROPIC_API_KEY=...
      sluicegate proxy --check
      sluicegate proxy
      curl -N http://localhost:8080/stream \\
        -H "Content-Type: application/json" -H "Authorization: Bearer $PROXY_TOKEN" \\
        -d '{"model": "claude-sonnet-4-5", "context": {"messages":
             [{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}]}}'
      curl http://localhost:8080/health

    \b
    A file says more; all but one upstream may be left out:
      token = "${PROXY_TOKEN}"
      default = "local"                  # what /stream asks; else the first
      host = "127.0.0.1"
      port = 8080

    \b
      [upstreams.anthropic]              # asked at /stream/anthropic
      key = "${ANTHROPIC_API_KEY}"

    \b
      [upstreams.local]                  # any server that speaks this format:
      format = "openai"                  # anthropic, openai, or proxy
      base_url = "https://gpu.example:8000/v1"
      token = "${LOCAL_TOKEN}"           # in place of the one above
      authorities = "ca.pem"             # who vouches for its certificate
      limits = { first_content_seconds = 60, whole_seconds = 600 }

    \b
      [prices.claude-sonnet-4-5]         # dollars per million tokens
      input = 3.0
      output = 15.0
      cache_read = 0.3
      cache_write = 3.75

    \b
      [tls]
      certfile = "cert.pem"
      keyfile = "key.pem"

    \b
      [cors]
      origins = ["https://app.example"]  # the web pages that may ask

    \b
      [rate_limit]
      requests_per_minute = 60           # of each client

    \b
      [log]
      requests = true

    Options come before the file, and the file before the environment: token = "" in a file is no
    token, though PROXY_TOKEN be set. A ${NAME} that is not set, or a token or a key of nothing but
    empty ones, is a mistake. With prices, GET /costs tells
    what was used, to whoever shows the token. uvloop is used where it is installed. Ctrl-C and
    SIGTERM stop the proxy: running answers get one second to end, the rest is cut off.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    overruling = {
        "host": host,
        "port": port,
        "certificate": certificate(certfile, keyfile),
        "log_requests": log or None,
    }
    made = _configuration(file, {key: it for key, it in overruling.items() if it is not None})
    if check:
        _show(made)
    else:
        serve([_service(made)], lambda: _begin(made))


def _configuration(file: Path | None, overruling: dict[str, Any]) -> "Configuration":
    # httpx, jsonschema and Hypercorn are slow to import, and `--help` need not wait for them.
    from sluicegate.proxy.configuration import configuration  # noqa: PLC0415 - see above

    try:
        return replace(configuration(file, os.environ), **overruling)
    except SluicegateError as error:
        raise click.ClickException(str(error)) from error


def _show(made: "Configuration") -> None:
    from .proxy_summary import summary  # noqa: PLC0415 - it imports the same

    for line in summary(made):
        click.echo(line)
    _warn(made)


def _warn(made: "Configuration") -> None:
    from .proxy_summary import doubts  # noqa: PLC0415 - it imports the same

    for doubt in doubts(made):
        click.echo(f"Warning: {doubt}.", err=True)


def _service(made: "Configuration") -> Service:
    from sluicegate.proxy.app import create_app  # noqa: PLC0415 - Quart is slow to import, too
    from sluicegate.runtime.server import Server  # noqa: PLC0415 - Hypercorn as well

    from .proxy_summary import paths  # noqa: PLC0415

    app = create_app(made.settings)
    try:
        server = Server(
            app,
            host=made.host,
            port=made.port,
            certificate=made.certificate,
            grace=GRACE,
            limits=client_limits(),
        )
    except OSError as error:  # TLS errors, too
        raise click.ClickException(
            f"cannot use the certificate and its key: {error.strerror or error}; both must be PEM,"
            " and the key that of the certificate"
        ) from error
    return Service("proxy", server, lines=paths(made.settings), close=app.aclose)


def _begin(made: "Configuration") -> None:
    log_to_stderr(requests=False)
    if made.log_requests:
        from sluicegate.proxy.log import log_json  # noqa: PLC0415 - it is needed here alone

        log_json(sys.stderr)
    _warn(made)
