import json
import subprocess
import sys

import pytest


def modules_after(statement: str) -> set[str]:
    program = f"{statement}; import json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_the_pytest_plugin_does_not_import_quart() -> None:
    # It costs 0.2 s, at every start of pytest, with features or without.
    assert "quart" not in modules_after("import sluicegate.plugin")


@pytest.mark.parametrize("name", ["quart", "hypercorn", "httpx", "anyio"])
def test_the_clock_does_not_import_heavy_packages(name: str) -> None:
    assert name not in modules_after("import sluicegate.runtime.clock")


def test_the_server_does_not_import_quart() -> None:
    assert "quart" not in modules_after("import sluicegate.runtime.server")
