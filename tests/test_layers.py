import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sluicegate
from sluicegate import shipped

PACKAGE = Path(sluicegate.__file__).parent
COMMON = {"errors", "shipped"}
LAYERS = {
    "wire": COMMON,
    "runtime": COMMON,
    "settings": COMMON,
    "page": set(),
    "upstream": COMMON | {"wire", "runtime"},
    "provider": COMMON | {"wire", "runtime"},
    "gateway": COMMON | {"wire", "runtime", "settings", "upstream"},
    "proxy": COMMON | {"wire", "runtime", "settings", "upstream"},
    "scenario": COMMON
    | {"wire", "runtime", "settings", "provider", "upstream", "proxy", "gateway"},
    "gherkin": COMMON | {"scenario", "wire", "steps", "page"},
    "report": {*COMMON, "__version__", "wire", "scenario", "gherkin", "profiles", "page"},
    "profiles": COMMON,
    "cli": {*COMMON, "__version__", "runtime", "settings", "upstream", "profiles"}
    | {"provider", "proxy", "gateway", "gherkin", "scenario", "report"},
}
STEPS = {"errors", "gherkin", "scenario", "wire"}


def imported(module: Path) -> Iterator[str]:
    """Yield the parts of sluicegate that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "sluicegate":
            yield from (name.name for name in node.names)
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("sluicegate."))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below(layer: str) -> None:
    for module in sorted((PACKAGE / layer).rglob("*.py")):
        upwards = set(imported(module)) - LAYERS[layer] - {layer}
        assert not upwards, f"{module.relative_to(PACKAGE)} imports {sorted(upwards)}"


def test_steps_see_the_scenario_and_the_vocabulary_alone() -> None:
    for module in sorted(shipped.STEPS.glob("*.py")):
        assert set(imported(module)) <= STEPS, module.name


def test_every_layer_has_its_rule() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - {"steps"} == set(LAYERS)


def test_the_public_names_are_sorted_and_there() -> None:
    assert sluicegate.__all__ == sorted(sluicegate.__all__)
    for name in sluicegate.__all__:
        assert hasattr(sluicegate, name)
