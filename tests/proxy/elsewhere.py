"""Judges proxies in processes of their own: `python tests/proxy/elsewhere.py [pytest's options]`.

It starts a provider, and a proxy for each variant in `features/proxy/variants`, writes a profile,
and runs the features of the proxy against them. `mounted` is no variant of the command.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parents[2]
VARIANTS = sorted((ROOT / "features" / "proxy" / "variants").glob("*.toml"))


def started(stack: ExitStack, *arguments: str, log: Path, **environ: str) -> str:
    """Start a command of sluicegate's, and return its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sluicegate", *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=stack.enter_context(log.open("w")),
        text=True,
        env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"},
    )
    stack.enter_context(process)
    stack.callback(process.terminate)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"https?://\S+", line)
    if found is None:
        sys.exit(f"{arguments} did not start: {line}{log.read_text()}")
    return found[0]


def profile(stack: ExitStack, folder: Path) -> str:
    """Start everything, and return where it is."""
    provider = started(stack, "provider", log=folder / "provider.log")
    urls: dict[str, str] = {}
    for path in sorted(VARIANTS, key=lambda path: path.stem == "chain"):
        urls[path.stem] = started(
            stack,
            "proxy",
            "--config",
            str(path),
            log=folder / f"{path.stem}.log",
            PROVIDER_URL=provider,
            PROXY_URL=urls.get("default", ""),
        )
    default = urls.pop("default")
    variants = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    return (
        f'[provider]\nurl = "{provider}"\n[proxy]\nurl = "{default}"\n'
        f'[proxy.variants]\n{variants}[proxy.logs]\nlogs = "logs.log"\n'
    )


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        written = folder / "profile.toml"
        written.write_text(profile(stack, folder))
        command = ["pytest", "features/proxy", "--profile", str(written), *sys.argv[1:]]
        return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
