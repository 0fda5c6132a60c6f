"""Which contract was judged: fingerprints of the features, the steps and the schemas."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sluicegate import __version__, shipped

# Python makes the one, and only an installation has the other.
_PASSED_OVER: Final = frozenset({"__pycache__", "__init__.py"})


def contract() -> dict[str, Any]:
    """Return the document's `contract`."""
    folders = {"features": shipped.FEATURES, "steps": shipped.STEPS, "schemas": shipped.SCHEMAS}
    return {
        "version": __version__,
        "sha256": {name: fingerprint(folder) for name, folder in folders.items()},
    }


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of a folder: of the paths and contents of its files, in their order."""
    digest = sha256()
    for path in sorted(_files(folder)):
        name, data = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %b %d %b\n" % (len(name), name, len(data), data))
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        is_hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not is_hidden and not _PASSED_OVER.intersection(parts):
            yield path
