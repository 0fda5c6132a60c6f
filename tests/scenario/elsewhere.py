"""Judges systems in other processes: `python tests/scenario/elsewhere.py [pytest's options]`.

It starts a provider, a proxy and a gateway for each of their variants in `features/`, writes a
profile, and runs the features of both against them. A proxy that is mounted in another application
is no variant of the command.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[2]
URL = re.compile(r"https?://\S+")
# Secrets of whoever runs this are nothing to the variants.
FOREIGN = ("PROXY_TOKEN", "GATEWAY_KEYS", "AGENT_FALLBACK_ENABLED")


class Elsewhere:
    """Starts commands of sluicegate's, each logging to a file of its own in `folder`."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder

    def start(self, name: str, *arguments: str, **environ: str) -> list[str]:
        """Start a command, and return its URLs, one for each line that it prints at first."""
        own = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        log = self._stack.enter_context((self._folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            [sys.executable, "-m", "sluicegate", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**own, **environ, "PYTHONUNBUFFERED": "1"},
        )
        self._stack.enter_context(process)
        self._stack.callback(process.terminate)
        assert process.stdout is not None
        urls = []
        for line in process.stdout:
            if not line.startswith("Sluicegate"):
                break
            urls += URL.findall(line)
        if not urls:
            sys.exit(f"{arguments} did not start; see {log.name}")
        return urls

    def variants(self, system: str, *options: str, **environ: str) -> dict[str, str]:
        """Start every variant of a system, the one that asks another of them last."""
        folder = ROOT / "features" / system / "variants"
        urls: dict[str, str] = {}
        for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem == "chain"):
            known = {"PROXY_URL": urls.get("default", ""), **environ}
            arguments = [system, "--config", str(path), "--port", "0", "--log", *options]
            (urls[path.stem],) = self.start(f"{system}-{path.stem}", *arguments, **known)
        return urls


def table(system: str, urls: dict[str, str], reset: str = "") -> str:
    """Return what a profile says of a system."""
    default = urls.pop("default")
    variants = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    logs = "".join(f'{name} = "{system}-{name}.log"\n' for name in ("default", *urls))
    head = f'[{system}]\nurl = "{default}"\n{reset}'
    return f"{head}[{system}.variants]\n{variants}[{system}.logs]\n{logs}"


def profile(elsewhere: Elsewhere) -> str:
    """Start everything, and return where it is."""
    agents = [f"--agent={name}=0" for name in ("provider", "ccrouter", "droid")]
    provider, ccrouter, droid = elsewhere.start("provider", "provider", *agents)
    proxies = elsewhere.variants("proxy", PROVIDER_URL=provider)
    gateways = elsewhere.variants("gateway", "--control", CCROUTER_URL=ccrouter, DROID_URL=droid)
    reset = 'reset = "/_gateway/reset"\n'
    return "\n".join(
        [
            f'[provider]\nurl = "{provider}"',
            table("proxy", proxies),
            table("gateway", gateways, reset),
        ]
    )


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        written = folder / "profile.toml"
        written.write_text(profile(Elsewhere(stack, folder)))
        given = sys.argv[1:] or ["features/proxy", "features/gateway"]
        command = ["pytest", "--profile", str(written), *given]
        return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
