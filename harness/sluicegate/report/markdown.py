"""The report in Markdown, as the summary of a CI job."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from . import digest
from .evidence import Cause, Failure, place
from .lanes import legible

MOST_PLACES: Final = 3
MOST_FAILURES: Final = 50
"""Failures that are shown; CI takes a megabyte at most."""

_SPECIAL: Final = re.compile(r"([\\`*_\[\]#!|~@]|^[-+])")
_MARKS: Final = {"conformant": "✅", "not conformant": "❌", "not judged": "❓"}


def summary(document: Mapping[str, Any]) -> str:
    """Return all that a person acts on."""
    verdict = document["verdict"]
    failures = digest.failures(document)
    blocks = (
        f"## {_MARKS[verdict['outcome']]} {escaped(verdict['sentence'])}",
        _judged(document),
        _listed("Why", verdict["reasons"]),
        "\n\n".join(map(_failure, failures[:MOST_FAILURES])),
        _more(len(failures) - MOST_FAILURES),
        _titled("Not judged", map(_cause, digest.unjudged(document))),
        _listed("Known failures", digest.known(document)),
        _listed("For information only", digest.findings(document)),
        _listed("Not claimed", digest.unclaimed(document)),
        escaped(digest.tally(document)),
    )
    return "\n\n".join(filter(None, blocks)) + "\n"


def escaped(text: str) -> str:
    """Return a text in one line in which nothing means anything to Markdown or HTML."""
    plain = " ".join(legible(text).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", plain)


def _judged(document: Mapping[str, Any]) -> str:
    system, contract = document["system"], document["contract"]
    return (
        f"{escaped(system['name'])} {escaped(system['version'])} {escaped(system['where'])}, "
        f"by the contract of Sluicegate {escaped(contract['version'])}"
    )


def _failure(failure: Failure) -> str:
    title = f"### {escaped(failure.requirements)} ({failure.level}, {failure.count})"
    return "\n\n".join([title, escaped(failure.sentence), "\n".join(map(_cause, failure.causes))])


def _cause(cause: Cause) -> str:
    return "\n".join(_cause_lines(cause))


def _cause_lines(cause: Cause) -> Iterator[str]:
    yield f"- {escaped(cause.reason)} (to blame: {escaped(cause.blame)})"
    for each in cause.scenarios[:MOST_PLACES]:
        yield f"  - {escaped(place(each))}: {escaped(each['name'])}"
    if len(cause.scenarios) > MOST_PLACES:
        yield f"  - and {len(cause.scenarios) - MOST_PLACES} more"


def _listed(title: str, lines: Iterable[str]) -> str:
    return _titled(title, (f"- {escaped(line)}" for line in lines))


def _titled(title: str, parts: Iterable[str]) -> str:
    body = "\n".join(parts)
    return f"### {title}\n\n{body}" if body else ""


def _more(number: int) -> str:
    return f"and {number} more, which the report lists" if number > 0 else ""
