"""The words in which scenarios name the provider's faults, and the values they stand for."""

from collections.abc import Mapping
from typing import Final

from sluicegate.provider import parameters

QUIRKS: Final = tuple(parameters.QUIRKS)
"""The quirks that a provider can have."""

BREAKS: Final[Mapping[str, str]] = {
    "resets the connection": "reset",
    "drops the connection": "cut",
    "ends the stream": "end",
    "sends a malformed event": "malformed",
    "sends half an event": "unfinished",
    "sends an error event": "error",
    "falls silent": "silence",
}
"""What a provider does in the middle of a stream: the values of `fail_chunk_mode`."""

DOCUMENTS: Final[Mapping[str, str]] = {
    "malformed JSON": "malformed",
    "truncated JSON": "truncated",
    "an empty body": "empty",
    "an HTML page": "html",
    "an error object": "error",
    "an error object with a numeric code": "numeric_error",
}
"""What a provider answers in place of the answer: the values of `body`."""

ENDINGS: Final[Mapping[str, str]] = {
    "without [DONE]": "no_done",
    "without a finish_reason": "no_finish",
    "with two [DONE]": "double_done",
    "with a chunk after [DONE]": "after_done",
    "and keeps the connection open": "open",
}
"""How a provider ends a stream: the values of `end`."""

LINE_ENDS: Final[Mapping[str, str]] = {"LF": "lf", "CRLF": "crlf", "CR": "cr"}
"""How the lines of a stream end: the values of `line_end`."""

CUTS: Final[Mapping[str, str]] = {
    "byte by byte": "bytes",
    "in as few writes as possible": "nowhere",
    "cut inside of characters": "characters",
    "cut inside of line ends": "line_ends",
}
"""How a stream is cut into writes: the values of `cut`."""

LENGTHS: Final[Mapping[str, str]] = {"too long": "too_long", "too short": "too_short"}
"""What is wrong with a Content-Length: the values of `content_length`."""
