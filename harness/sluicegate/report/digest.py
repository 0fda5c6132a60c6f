"""What matters most in a conformance report, in the order in which a person acts on it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from . import evidence
from .evidence import Cause, Failure, causes, number_of
from .verdict import OUTCOMES, Entry

_SKIP: Final = "not claimed: "


def failures(document: Mapping[str, Any]) -> list[Failure]:
    """Return what failed, the plainest first."""
    return evidence.failures(document["scenarios"], document["requirements"])


def unjudged(document: Mapping[str, Any]) -> list[Cause]:
    """Return why scenarios were not judged; one cause often concerns many."""
    return causes(each for each in document["scenarios"] if each["outcome"] == "not judged")


def troubles(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each trouble of the run as a whole."""
    for each in document.get("troubles", ()):
        yield f"{each['sentence']} (to blame: {each['blame']})"


def known(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each known failure."""
    for each in document["known_failures"]:
        said = _STATES[each["state"]].format(**each)
        yield f"{each['requirement']} {said}: {each['reason']}"


_STATES: Final = {
    "holds": "fails as known until {expires}",
    "expired": "was a known failure until {expires}, and counts now",
    "passes": "did not fail: remove the known failure from the profile",
    "not run": "is a known failure, and not all of its scenarios were tried",
}


def findings(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each capability of which the profile says that nobody knows."""
    for each in document["capabilities"]:
        needing = [one for one in document["scenarios"] if each["name"] in one["needs"]]
        if each["claim"] == "unknown" and (found := _found(needing)):
            yield f"found: {each['name']} {found}"


def _found(needing: Iterable[Entry]) -> str:
    """Return what scenarios say of a capability that they need, empty where none ran."""
    ended = [each for each in needing if each["outcome"].startswith("informational")]
    failed = [each for each in ended if each["outcome"] == "informational failure"]
    unjudged = [each for each in failed if each["blame"] != f"the {each['system']}"]
    total = f"of {number_of(len(ended))}"
    if unjudged:
        return f"was not judged: {len(unjudged)} {total} were not: {unjudged[0]['reason']}"
    if failed:
        is_part = len(failed) < len(ended)
        return f"is {'there in part' if is_part else 'not there'}: {len(failed)} {total} failed"
    return f"is there: {len(ended)} {total} passed" if ended else ""


def unclaimed(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each reason for which scenarios were skipped."""
    skipped = (each for each in document["scenarios"] if each["outcome"] == "skipped")
    tally = Counter(each["reason"].removeprefix(_SKIP) for each in skipped)
    return (f"{reason} ({number_of(number)})" for reason, number in tally.items())


def tally(document: Mapping[str, Any]) -> str:
    """Return the counts of all outcomes that there are, and how the run went."""
    counted = document["counts"]
    told = [f"{counted[each]} {each}" for each in OUTCOMES if counted[each]] or ["nothing ran"]
    run, workers = document["run"], document["run"]["workers"]
    side = f", {workers} side by side" if workers > 1 else ""
    return f"{', '.join(told)} in {run['seconds']:.1f} s{side}"
