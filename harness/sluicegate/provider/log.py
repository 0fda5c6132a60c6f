"""One line of log for each entry."""

from .journal import Entry

SHOWN = 200
"""Characters of a path and its query in a line."""


def describe(entry: Entry) -> str:
    """Describe an exchange in one line: `POST /v1/models -> 405, finished after 0.002 s`."""
    target = entry.path + (f"?{entry.query}" if entry.query else "")
    if len(target) > SHOWN:
        target = f"{target[:SHOWN]}..."
    answer = "no answer" if entry.status is None else entry.status
    took = (entry.ended or entry.started) - entry.started
    return f"{entry.method} {target} -> {answer}, {entry.outcome} after {took:.3f} s"
