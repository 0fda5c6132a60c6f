"""Make or renew the project's virtual environment: `environment.py FOLDER`, standard library only.

The environment is fresh when it was made by the same Python from the same pyproject.toml; then
this returns at once. Otherwise it is made anew.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
# Within an active environment `python3` is the very one that may be about to be removed.
PYTHON = str(Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}"))


def fingerprint() -> str:
    """Return what the environment depends on, as one line."""
    project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{sys.version.split()[0]} {PYTHON} {ROOT} {project}"


def is_fresh(environment: Path) -> bool:
    """Say whether the environment was made for this Python, this place and this pyproject.toml."""
    stamp = environment / "fingerprint"
    if not (environment / "bin" / "python").exists():
        return False
    return stamp.is_file() and stamp.read_text() == fingerprint()


def make(environment: Path) -> None:
    """Make the environment and install the project with its test tools into it."""
    shutil.rmtree(environment, ignore_errors=True)
    try:
        subprocess.run([PYTHON, "-m", "venv", environment], check=True)
    except subprocess.CalledProcessError:
        shutil.rmtree(environment, ignore_errors=True)
        sys.exit("Python's venv module is incomplete: on Debian, run `apt install python3-venv`.")
    print(f"Installing sluicegate and its test tools into {environment} (about a minute) ...")
    pip = [str(environment / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    # What is imported is compiled then, and most never is.
    install = ["install", "--quiet", "--no-compile", "--editable", f"{ROOT}[test]"]
    subprocess.run([*pip, *install], check=True)
    (environment / "fingerprint").write_text(fingerprint())


def main() -> None:
    """Make the environment named on the command line, unless it is fresh."""
    environment = Path(sys.argv[1])
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        sys.exit(
            f"Sluicegate needs Python {wanted} or later, this is {sys.version.split()[0]}: "
            f"name another one, as in `make contract PYTHON=python{wanted}`."
        )
    if is_fresh(environment):
        return
    try:
        make(environment)
    except subprocess.CalledProcessError as error:
        sys.exit(f"The installation failed (exit code {error.returncode}); see above.")


main()
