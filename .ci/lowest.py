"""Print the lowest versions that pyproject.toml admits, as constraints for pip."""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())


def main() -> None:
    """Print `name==version` for every dependency of the package itself."""
    for dependency in PROJECT["project"]["dependencies"]:
        bound = re.match(r"([\w-]+)>=([\w.]+),<[\w.]+$", dependency)
        if bound is None:
            raise SystemExit(f"expected 'name>=lowest,<next' in pyproject.toml, got {dependency!r}")
        print(f"{bound[1]}=={bound[2]}")


main()
