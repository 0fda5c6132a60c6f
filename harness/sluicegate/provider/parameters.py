"""The parameters of an answer: their names, what they accept, and one sentence on each."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NoReturn

from . import anthropic, openai
from .script import SILENCE, ToolCall

LONGEST: Final = 86_400_000
"""The longest time, in milliseconds: one day."""

LARGEST: Final = 1_000_000
"""The largest number of chunks, and of anything else that is counted."""

LARGEST_PADDING: Final = 1_000_000
"""The largest `padding`, in bytes."""

Group = Literal["what it says", "when", "failures", "bytes", "headers", "quirks", "repetition"]

SWITCH: Final = "true or false"
"""What a parameter accepts that is on or off."""

FAULTY: Final[frozenset[Group]] = frozenset({"failures", "bytes", "headers", "quirks"})
"""The groups whose parameters `fail_times` and `fail_rate` switch off and on."""

# ASCII digits only: `int` would also read `1_000`, `+1`, ` 1` and the digits of other scripts.
# No number that is accepted has more of them.
_DIGITS = re.compile(r"[0-9]{1,8}")
_RATE = re.compile(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?")
_PIECE = re.compile(r"\s*\S+|\s+\Z")
_TOOL = re.compile(r"\s*([A-Za-z0-9_-]{1,64})\s*(?=\{)")
_BETWEEN_TOOLS = re.compile(r"\s*(?:,|\Z)")


class NotAcceptedError(ValueError):
    """A value that a parameter does not accept."""


def _refuse_constant(_: str) -> NoReturn:
    raise NotAcceptedError  # NaN is no JSON


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotAcceptedError  # JSON has no way to write it again
    return number


_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)

DEEPEST: Final = 64
"""Levels of objects and arrays that the arguments of a tool may have."""


def _is_too_deep(value: object, levels: int = DEEPEST) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return not levels or any(_is_too_deep(each, levels - 1) for each in value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what it does, what it accepts in words, and how its text becomes its value.

    `read` raises NotAcceptedError. `values` are the names that it accepts, each with its meaning.
    """

    group: Group
    meaning: str
    accepts: str
    read: Callable[[str], Any]
    values: Mapping[str, str] = field(default_factory=dict)


def _whole(value: str, least: int, largest: int) -> int:
    number = int(value) if _DIGITS.fullmatch(value) else -1
    if not least <= number <= largest:
        raise NotAcceptedError
    return number


def _time(group: Group, meaning: str, least: int = 0) -> Parameter:
    accepts = f"a whole number of milliseconds from {least} to {LONGEST}"
    return Parameter(group, meaning, accepts, lambda value: _whole(value, least, LONGEST) / 1000)


def _number(group: Group, meaning: str, least: int = 0, largest: int = LARGEST) -> Parameter:
    accepts = f"a whole number from {least} to {largest}"
    return Parameter(group, meaning, accepts, lambda value: _whole(value, least, largest))


def _one_of(group: Group, meaning: str, values: Mapping[str, str]) -> Parameter:
    *others, last = values
    accepts = f"{', '.join(others)} or {last}"
    return Parameter(group, meaning, accepts, lambda value: _known(value, values), values)


def _switch(group: Group, meaning: str) -> Parameter:
    return Parameter(group, meaning, SWITCH, _boolean)


def _known(value: str, values: Mapping[str, str]) -> str:
    if value not in values:
        raise NotAcceptedError
    return value


def _boolean(value: str) -> bool:
    return _known(value, {"true": "", "false": ""}) == "true"


def _fail(value: str) -> int | str | None:
    if re.fullmatch(r"[45][0-9]{2}", value, re.ASCII):
        return int(value)
    return None if value == "none" else _known(value, _FAIL)


def _rate(value: str) -> float:
    if not _RATE.fullmatch(value):
        raise NotAcceptedError
    return float(value)


def _pieces(value: str) -> tuple[str, ...]:
    if not value.startswith("["):
        return tuple(_PIECE.findall(value))
    pieces = _json(value)
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        raise NotAcceptedError
    return tuple(pieces)


def _some_pieces(value: str) -> tuple[str, ...]:
    pieces = _pieces(value)
    if not pieces:
        raise NotAcceptedError
    return pieces


def _json(value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise NotAcceptedError from None


def _tool_calls(value: str) -> tuple[ToolCall, ...]:
    calls = []
    while value:
        call, end = _tool_call(value)
        calls.append(call)
        value = value[end:]
    if not calls:
        raise NotAcceptedError
    return tuple(calls)


def _tool_call(value: str) -> tuple[ToolCall, int]:
    name = _TOOL.match(value)
    if name is None:
        raise NotAcceptedError
    try:
        arguments, end = _JSON.raw_decode(value, name.end())
    except (ValueError, RecursionError):
        raise NotAcceptedError from None
    between = _BETWEEN_TOOLS.match(value, end)
    if between is None or _is_too_deep(arguments):
        raise NotAcceptedError
    return ToolCall(name.group(1), value[name.end() : end]), between.end()


def _quirks(value: str) -> frozenset[str]:
    return frozenset(_known(name.strip(), QUIRKS) for name in value.split(","))


def _matching(pattern: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise NotAcceptedError
        return value

    return read


FORMATS: Final = (openai, anthropic)
"""The wire formats that the provider speaks."""

QUIRKS: Final[Mapping[str, str]] = {**openai.QUIRKS, **anthropic.QUIRKS}
"""What `quirks` can name: small departures of real providers, each in one sentence."""

_FAIL = {
    "timeout": f"stay silent for {SILENCE:g} seconds (or `silence`), then answer 504",
    "hang": "never answer at all",
    "reset": "reset the connection before anything is answered",
    "close": "close the connection before anything is answered",
    "silence": "send status and headers, then nothing more",
    "none": "do not fail",
}
_CHUNK_MODES = {
    "malformed": "an event that is no JSON, then the clean end of the body",
    "unfinished": "an event that breaks off, without its blank line, then the end of the body",
    "reset": "the connection is reset",
    "cut": "the connection ends without the body's own end",
    "end": "the clean end of the body, without finish_reason and [DONE]",
    "error": "an error event, then the clean end of the body",
    "silence": "silence: for `silence` and then the rest, otherwise until the client goes away",
}
_ENDS = {
    "complete": "finish_reason, [DONE] and the clean end of the body",
    "no_done": "finish_reason, but no [DONE]",
    "no_finish": "[DONE], but no finish_reason",
    "double_done": "[DONE] twice",
    "after_done": "a chunk with text after [DONE]",
    "open": "everything is sent, but the connection stays open",
}
_BODIES = {
    "whole": "what it should be",
    "malformed": "no JSON",
    "truncated": "the first half of the JSON",
    "empty": "nothing",
    "html": "an HTML page, as of a load balancer",
    "error": "an error object, whatever the status",
    "numeric_error": "an error object whose code is a number",
}

PARAMETERS: Final[Mapping[str, Parameter]] = {
    "delay": _time("when", "waits that long before anything is answered"),
    "first_token": _time("when", "waits that long between the headers and the first chunk"),
    "pace": _time("when", "waits that long after each chunk of a stream; 100 unless given"),
    "jitter": _time("when", "makes each pace longer or shorter by up to that long, from `seed`"),
    "silence": _time("when", "how long a silence lasts; without it until the client goes away"),
    "keep_alive": _time(
        "when",
        "sends a comment, or a ping, that often while a stream that has begun waits",
        least=1,
    ),
    "stream": _switch("what it says", "streams, or does not, whatever the body says"),
    "text": Parameter(
        "what it says",
        "the answer; a stream sends it word by word, or piece by piece",
        "a text; one that begins with [ is a list of pieces in JSON",
        _pieces,
    ),
    "reasoning": Parameter(
        "what it says",
        "the reasoning that comes before the answer",
        "a text that is not empty; one that begins with [ is a list of pieces in JSON",
        _some_pieces,
    ),
    "tool_calls": Parameter(
        "what it says",
        "calls of tools, in place of the text unless there is one",
        'names with arguments in JSON, such as get_weather{"city":"Paris"}, with commas between',
        _tool_calls,
    ),
    "finish_reason": Parameter(
        "what it says",
        "why the answer ends, in the words of the format",
        "up to 40 letters and underscores",
        _matching("[A-Za-z_]{1,40}"),
    ),
    "prompt_tokens": _number("what it says", "the tokens of the prompt in the usage; 10"),
    "completion_tokens": _number("what it says", "the tokens of the answer in the usage; 15"),
    "total_tokens": _number("what it says", "their total, right or wrong"),
    "cached_tokens": _number("what it says", "the tokens of the prompt that came from a cache"),
    "cache_write_tokens": _number("what it says", "the tokens that were written to a cache"),
    "reasoning_tokens": _number("what it says", "the tokens of the answer that were reasoning"),
    "error_message": Parameter(
        "what it says",
        "what the error says, in place of what fits it",
        "up to 1000 characters without line ends",
        _matching(r"[^\x00-\x1f\x7f]{1,1000}"),
    ),
    "fail": Parameter(
        "failures",
        "fails in place of an answer",
        f"a status from 400 to 599, {', '.join(_FAIL)}".replace(", none", " or none"),
        _fail,
        {"400 to 599": "that status with an error that fits", **_FAIL},
    ),
    "fail_chunk": Parameter(
        "failures",
        "in a stream, fails in place of the chunk with that number, or in place of the end",
        f"a whole number from 0 (off) to {LARGEST}, or end",
        lambda value: value if value == "end" else _whole(value, 0, LARGEST),
    ),
    "fail_chunk_mode": _one_of("failures", "what comes in place of that chunk", _CHUNK_MODES),
    "end": _one_of(
        "failures",
        "how a stream ends; in Anthropic's format stop_reason stands for finish_reason, and"
        " message_stop for [DONE]",
        _ENDS,
    ),
    "body": _one_of("failures", "what a plain document is in place of the answer", _BODIES),
    "content_length": _one_of(
        "failures",
        "whether Content-Length of a plain document is true, over HTTP/1.1",
        {
            "right": "as many bytes as it says",
            "too_long": "ten bytes fewer than it says, and the connection ends",
            "too_short": "ten bytes more than it says",
        },
    ),
    "content_type": Parameter(
        "headers",
        "the Content-Type, right or wrong; without one if none",
        "a media type such as text/plain, or none",
        _matching(r"none|[\w.+-]{1,60}/[\w.+-]{1,60}(?:; ?[\w=-]{1,60})?"),
    ),
    "retry_after": _number("headers", "Retry-After, in seconds", largest=86_400),
    "retry_after_date": _number(
        "headers", "Retry-After, as the date in so many seconds", largest=86_400
    ),
    "rate_limit": _switch("headers", "the headers that tell how much of a rate limit is left"),
    "request_id": Parameter(
        "headers",
        "the header that names the request",
        "up to 128 visible ASCII characters",
        _matching("[!-~]{1,128}"),
    ),
    "encoding": _one_of(
        "bytes",
        "the Content-Encoding",
        {"identity": "none", "gzip": "gzip, flushed after each event of a stream"},
    ),
    "line_end": _one_of(
        "bytes", "how the lines of a stream end", {"lf": "LF", "crlf": "CRLF", "cr": "CR"}
    ),
    "space": _switch("bytes", "whether a space follows `data:`"),
    "bom": _switch("bytes", "a stream begins with a byte order mark"),
    "comments": _switch("bytes", "a comment comes before each event of a stream"),
    "padding": _number(
        "bytes", "adds a member of that many bytes to each chunk", largest=LARGEST_PADDING
    ),
    "cut": _one_of(
        "bytes",
        "where a stream is cut into writes",
        {
            "events": "one event in each write",
            "bytes": "one byte in each write",
            "nowhere": "events that come at one time in one write",
            "characters": "inside each character of more than one byte",
            "line_ends": "between the CR and the LF of each CRLF",
        },
    ),
    "quirks": Parameter(
        "quirks",
        "small departures that real providers are known for, with commas between",
        ", ".join(QUIRKS),
        _quirks,
        QUIRKS,
    ),
    "fail_times": _number(
        "repetition", "only the first so many requests with these parameters, and this token, fail"
    ),
    "fail_rate": Parameter(
        "repetition",
        "requests fail with that probability: the same ones each time, from `seed`",
        "a number from 0 to 1, such as 0.25",
        _rate,
    ),
    "seed": _number("repetition", "the beginning of what is random; 0", largest=99_999_999),
}
