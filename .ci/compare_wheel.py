"""Compare a wheel with what git tracks: `compare_wheel.py WHEEL`.

Prints every difference and fails where there is one. The wheel must hold the package and the
shipped features, steps and schemas, to the byte, and nothing else beside its own metadata.
"""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "harness/sluicegate/": "sluicegate/",
    "features/": "sluicegate/features/",
    "steps/": "sluicegate/steps/",
    "schemas/": "sluicegate/schemas/",
}


def tracked() -> dict[str, bytes]:
    """Return what git tracks of the shipped folders, by its name in the wheel."""
    command = ["git", "ls-files", "-z", "--", *PLACES]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    files = {}
    for name in filter(None, listing.decode().split("\0")):
        place = next(place for place in PLACES if name.startswith(place))
        files[PLACES[place] + name.removeprefix(place)] = (ROOT / name).read_bytes()
    return files


def shipped(wheel: Path) -> dict[str, bytes]:
    """Return the wheel's files, without its metadata."""
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        return {name: archive.read(name) for name in names}


def main() -> None:
    """Print every difference and exit with 1 where there is one."""
    expected, got = tracked(), shipped(Path(sys.argv[1]))
    differences = [f"missing in the wheel: {name}" for name in sorted(expected.keys() - got.keys())]
    differences += [f"not tracked by git: {name}" for name in sorted(got.keys() - expected.keys())]
    common = sorted(expected.keys() & got.keys())
    differences += [f"differs: {name}" for name in common if expected[name] != got[name]]
    if differences:
        sys.exit("\n".join(differences))
    print(f"The wheel holds what git tracks: {len(expected)} files.")


main()
