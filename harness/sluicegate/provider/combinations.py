"""Which parameters go together: what does nothing beside the others is refused."""

from collections.abc import Callable, Collection
from typing import Final

from .parameters import FAULTY, FORMATS, PARAMETERS
from .refusal import RefusedError
from .script import Script

MOST_WRITES: Final = 1_000_000
"""Writes that one answer may be made of."""


def check(script: Script, given: Collection[str]) -> None:
    """Raise RefusedError for a parameter that would do nothing beside the others that were given.

    A fault that silently does not take place makes a test pass that tests nothing. Where streams
    alone are concerned, nothing is refused: whether an answer streams is for its request to say.
    """
    for name, trouble, is_met in _NEEDS:
        if name in given and not is_met(script, given):
            raise RefusedError(f"Parameter {name!r} does nothing {trouble}.", param=name)
    if not _are_few(script):
        name = "keep_alive" if script.keep_alive else "cut"
        raise RefusedError(
            f"Parameter {name!r} makes more than {MOST_WRITES} writes of this answer.", param=name
        )


def _is_silent(script: Script) -> bool:
    return script.fail in ("timeout", "silence") or script.fail_chunk_mode == "silence"


def _has_error(script: Script) -> bool:
    is_in_stream = script.fail_chunk and script.fail_chunk_mode == "error"
    is_of_status = isinstance(script.fail, int) and script.body == "whole"
    is_of_body = script.body in ("error", "numeric_error")
    return bool(is_in_stream or is_of_status or is_of_body) or script.fail == "timeout"


def _can_be_cut(script: Script) -> bool:
    if script.cut == "characters":
        said = "".join((*(script.text or ()), *script.reasoning))
        return script.encoding == "identity" and not said.isascii()
    return script.cut != "line_ends" or (
        script.line_end == "crlf" and script.encoding == "identity"
    )


def _are_few(script: Script) -> bool:
    """Tell whether the writes of a stream are not more than a machine can hold."""
    said = sum(map(len, (*(script.text or ()), *script.reasoning)))
    pieces = len(script.text or "") + len(script.reasoning) + 10
    longest = max(script.first_token, script.pace + script.jitter, script.silence or 0.0)
    pings = longest / script.keep_alive if script.keep_alive else 0.0
    pieces_of_bytes = said + pieces * script.padding if script.cut == "bytes" else 0
    return max(pings * pieces, pieces_of_bytes) <= MOST_WRITES


def _goes_together(script: Script) -> bool:
    return not script.quirks or any(script.quirks <= each.QUIRKS.keys() for each in FORMATS)


_Need = tuple[str, str, Callable[[Script, Collection[str]], bool]]
_NEEDS: Final[tuple[_Need, ...]] = (
    ("fail_chunk_mode", "without fail_chunk", lambda _, given: "fail_chunk" in given),
    (
        "fail_chunk",
        "beside body, which puts a document in place of a stream",
        lambda script, _: not script.fail_chunk or script.body == "whole",
    ),
    (
        "end",
        "beside fail_chunk, after which no end comes",
        lambda script, _: (
            script.end == "complete" or not script.fail_chunk or script.silence is not None
        ),
    ),
    (
        "silence",
        "without fail=timeout, fail=silence or fail_chunk_mode=silence",
        lambda script, _: _is_silent(script),
    ),
    (
        "cut",
        (
            "without something to cut: characters needs a text that is not ASCII, line_ends needs"
            " line_end=crlf, and neither goes with gzip"
        ),
        lambda script, _: _can_be_cut(script),
    ),
    (
        "error_message",
        "without an error: fail=STATUS, fail_chunk_mode=error or body=error",
        lambda script, _: _has_error(script),
    ),
    ("jitter", "where pace is 0", lambda script, _: script.pace > 0),
    ("retry_after_date", "beside retry_after", lambda _, given: "retry_after" not in given),
    (
        "quirks",
        "where no format has all of them",
        lambda script, _: _goes_together(script),
    ),
    ("fail_times", "without a fault beside it", lambda _, given: _is_faulty(given)),
    ("fail_rate", "without a fault beside it", lambda _, given: _is_faulty(given)),
)
"""What a parameter does nothing without, or beside, and what tells that it does something."""


def _is_faulty(given: Collection[str]) -> bool:
    return any(PARAMETERS[name].group in FAULTY for name in given)
