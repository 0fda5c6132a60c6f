"""Run what action.yml runs, as GitHub would: `action.py FOLDER NAME=VALUE...`, the action's inputs.

Steps that use another action are left out; `python` is the Python that runs this. Its exit code is
that of the first step that failed. FOLDER receives what GitHub's files receive.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


def contexts(action: Mapping[str, Any], folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return what expressions stand for; raises SystemExit for wrong inputs."""
    inputs = {name: each.get("default") for name, each in action["inputs"].items()}
    if unknown := given.keys() - inputs.keys():
        raise SystemExit(f"action.yml has no input {', '.join(sorted(unknown))}")
    inputs |= given
    if missing := [name for name, value in inputs.items() if value is None]:
        raise SystemExit(f"action.yml needs the input {', '.join(missing)}")
    known = {f"inputs.{name}": str(value) for name, value in inputs.items()}
    return known | {"github.action_path": str(ROOT), "runner.temp": str(folder)}


def run(step: Mapping[str, Any], known: Mapping[str, str], folder: Path) -> int:
    """Run a step, and return its exit code."""
    said = {
        name: EXPRESSION.sub(lambda found: known[found[1]], str(value))
        for name, value in step.get("env", {}).items()
    }
    files = {f"GITHUB_{name}": str(folder / name.lower()) for name in ("OUTPUT", "STEP_SUMMARY")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    environment = {**os.environ, **said, **files, "PATH": path}
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """Run every step, those that are to run always even after a failure."""
    folder = Path(sys.argv[1])
    action = YAML(typ="safe").load(ROOT / "action.yml")
    known = contexts(action, folder, dict(each.split("=", 1) for each in sys.argv[2:]))
    code = 0
    for step in action["runs"]["steps"]:
        if "run" not in step or (code and not step.get("if", "").startswith("always()")):
            continue
        print(f"-- {step['name']}", flush=True)
        code = run(step, known, folder) or code
    return code


sys.exit(main())
