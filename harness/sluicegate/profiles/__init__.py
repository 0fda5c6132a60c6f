"""The profiles that ship: gateways that many people run, and how each is started and judged."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
"""Where they lie, each with the templates that it names."""

NEW: Final = FOLDER / "new.toml"
"""The profile that teaches: a beginning for one's own, and none that could be run."""


def names() -> tuple[str, ...]:
    """List the profiles that ship, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if path != NEW))


def path(name: str) -> Path:
    """Return the file of a profile that ships."""
    return FOLDER / f"{name}.toml"
