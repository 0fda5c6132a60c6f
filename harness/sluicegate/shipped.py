"""Where the shipped features, steps and schemas lie: inside the wheel, or beside the checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOT = _PACKAGE if (_PACKAGE / "features").is_dir() else _PACKAGE.parents[1]

FEATURES = _ROOT / "features"
SCHEMAS = _ROOT / "schemas"
STEPS = _ROOT / "steps"
