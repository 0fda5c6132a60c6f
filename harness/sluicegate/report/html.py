"""The report as one HTML file, which works offline and without JavaScript."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from sluicegate import page

from .axis import duration
from .timeline import overview, picture

_HERE: Final = Path(__file__).parent / "templates"
_OUTCOMES: Final = {
    "failed": "bad",
    "not judged": "open",
    "known failure": "known",
    "informational failure": "noted",
    "informational pass": "noted",
    "skipped": "aside",
    "passed": "good",
}
_VERDICTS: Final = {
    "failed": "bad",
    "not judged": "open",
    "known failure": "known",
    "informational": "noted",
    "not run": "aside",
    "not claimed": "aside",
    "passed": "good",
}
_OPEN: Final = {"failed", "not judged"}
_FINE: Final = {"passed", "informational pass", "skipped"}
_SETTLED: Final = {"passed", "not claimed", "not run"}
_GATE: Final = {"conformant": "good", "not conformant": "bad", "not judged": "open"}
_KNOWN: Final = {"holds": "known", "expired": "bad", "passes": "bad", "not run": "aside"}
# Of more exchanges than these, only the last one's picture is open: it is the one that is judged.
_MOST_OPEN: Final = 3
_MOST_LISTED: Final = 8
# What a reader would not see, or what would turn around the text beside it.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)

_Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Feature:
    """The scenarios of a feature file."""

    anchor: str
    name: str
    description: str
    path: str
    rules: tuple[tuple[str, tuple[_Json, ...]], ...]

    @property
    def scenarios(self) -> tuple[_Json, ...]:
        """The scenarios of all its rules."""
        return tuple(each for _, scenarios in self.rules for each in scenarios)

    @property
    def open(self) -> int:
        """How many of them failed or were not judged."""
        return sum(each["outcome"] in _OPEN for each in self.scenarios)


@dataclass(frozen=True, slots=True)
class Cases:
    """The scenarios of a requirement that did not pass, or all; and how many it has."""

    listed: tuple[_Json, ...]
    total: int


def render(document: _Json) -> str:
    """Return the page of a conformance report. It asks nothing of the network, and forbids it."""
    values = {
        **document,
        "anchors": {each["id"]: f"s{n}" for n, each in enumerate(document["scenarios"], 1)},
        "parts": tuple(_features(document["scenarios"])),
        "cases": dict(_cases(document)),
        "wanting": _ordered(document["requirements"], settled=False),
        "settled": _ordered(document["requirements"], settled=True),
    }
    template = _environment().get_template("report.html.jinja")
    return page.render(template, _HERE, "report", values)


@cache
def _environment() -> Environment:
    environment = page.environment(_HERE)
    environment.finalize = _visible
    environment.globals |= {
        "gate": _GATE,
        "kinds": _OUTCOMES,
        "known_kinds": _KNOWN,
        "most_listed": _MOST_LISTED,
        "most_open": _MOST_OPEN,
        "open_outcomes": _OPEN,
        "overview": overview,
        "picture": picture,
        "verdict_kinds": _VERDICTS,
    }
    environment.filters |= {"code": _with_code, "duration": duration, "listed": _listed}
    return environment


def _visible(value: object) -> object:
    """Return a text with escapes for what is invisible in it; what is markup stays as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _UNSEEN.sub(_escaped, value)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _with_code(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return page.with_code(str(_visible(text)))


def _listed(value: object) -> str:
    """Write a named value; several that are allowed with commas."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)


def _ordered(requirements: Iterable[_Json], *, settled: bool) -> list[_Json]:
    """Return the requirements that are settled, or those that are not, the worst first."""
    kept = [each for each in requirements if (each["verdict"] in _SETTLED) == settled]
    order = list(_VERDICTS)
    return sorted(kept, key=lambda each: order.index(each["verdict"]))


def _cases(document: _Json) -> Iterator[tuple[str, Cases]]:
    by_id = {each["id"]: each for each in document["scenarios"]}
    for requirement in document["requirements"]:
        there = [by_id[each] for each in requirement["scenarios"] if each in by_id]
        wanting = [each for each in there if each["outcome"] not in _FINE]
        yield requirement["id"], Cases(tuple(wanting or there), len(there))


def _features(scenarios: Sequence[_Json]) -> Iterator[Feature]:
    by_path = itertools.groupby(scenarios, lambda each: each["path"])
    for number, (path, group) in enumerate(by_path, 1):
        members = list(group)
        first = members[0]
        by_rule = itertools.groupby(members, lambda each: each["rule"] or "")
        rules = tuple((rule, tuple(each)) for rule, each in by_rule)
        yield Feature(f"f{number}", first["feature"], first["description"] or "", path, rules)
