"""A streamed answer: the frames of a format, at their pace, with what goes wrong among them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Final

from . import framing
from .answer import Answer, Ending, Part
from .frames import Format, Frame, Headers, Identity, Kind
from .script import ChunkMode, End, Script

# The source document's own malformed event, with the space that it writes before the newline.
MALFORMED: Final = b'{"broken": '

PLACEHOLDER: Final = Identity("mock-0", 0, "sluicegate")

_SMALL: Final = 10_000
"""Bytes of text and padding up to which the frames of a script are kept for the next answer."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The writes of a stream, before they are cut, and how it ends."""

    parts: tuple[Part, ...]
    ending: Ending = "complete"
    heartbeat: Part | None = None


def stream(
    format_: Format, identity: Identity, script: Script, headers: Headers, *, usage: bool
) -> Answer:
    """Build a streamed answer with these headers; `usage` says whether the client asked for it."""
    build = _kept if _is_small(script) else _kept.__wrapped__
    template = build(format_, script, usage=usage)
    ours, theirs = format_.head(PLACEHOLDER), format_.head(identity)
    parts = tuple(Part(part.after, part.data.replace(ours, theirs)) for part in template.parts)
    return _sent(replace(template, parts=parts), script, headers)


def is_idle(format_: Format, script: Script, quirk: str) -> bool:
    """Tell whether an answer is the same with and without one of its quirks, streamed and plain."""
    without = replace(script, quirks=script.quirks - {quirk})
    return format_.completion(PLACEHOLDER, script) == format_.completion(
        PLACEHOLDER, without
    ) and all(
        format_.frames(PLACEHOLDER, script, usage=usage)
        == format_.frames(PLACEHOLDER, without, usage=usage)
        for usage in (False, True)
    )


def _is_small(script: Script) -> bool:
    said = [*(script.text or ()), *script.reasoning, *(c.arguments for c in script.tool_calls)]
    return script.padding + sum(map(len, said)) <= _SMALL


@lru_cache(maxsize=64)
def _kept(format_: Format, script: Script, *, usage: bool) -> Stream:
    keep, ending = _ENDS[script.end]
    frames = keep(format_.frames(PLACEHOLDER, script, usage=usage))
    data = [*(framing.event(frame, script) for frame in frames), b""]
    whole = Stream(tuple(map(Part, _waits(frames, script), data)), ending)
    return _opened(_kept_alive(format_, script, _failed(format_, script, frames, whole)), script)


def _opened(whole: Stream, script: Script) -> Stream:
    """Put what begins a stream before it: the headers, where its first bytes come later."""
    first, *others = [part for part in whole.parts if part.data or part.after] or [Part(0.0, b"")]
    prefixed = replace(first, data=framing.prefix(script) + first.data)
    head = (Part(0.0, b""),) if first.after else ()
    return replace(whole, parts=(*head, prefixed, *others))


def _waits(frames: Iterable[Frame], script: Script) -> Iterator[float]:
    """Yield the seconds before each frame, and those after the last."""
    random = Random(script.seed)  # noqa: S311 - no secret
    first, after = script.first_token, 0.0
    for frame in frames:
        is_content = frame.kind == "content"
        yield after + (first if is_content else 0.0)
        first = 0.0 if is_content else first
        varied = script.pace + random.uniform(-script.jitter, script.jitter)
        after = max(0.0, round(varied, 6)) if is_content else 0.0
    yield after


def _without(*kinds: Kind) -> "_Keep":
    return lambda frames: tuple(frame for frame in frames if frame.kind not in kinds)


def _twice(kind: Kind) -> "_Keep":
    return lambda frames: (*frames, *[frame for frame in frames if frame.kind == kind][:1])


_Keep = Callable[[tuple[Frame, ...]], tuple[Frame, ...]]
_ENDS: Final[dict[End, tuple[_Keep, Ending]]] = {
    "complete": (_without(), "complete"),
    "no_done": (_without("done"), "complete"),
    "no_finish": (_without("finish"), "complete"),
    "double_done": (_twice("done"), "complete"),
    "after_done": (_twice("content"), "complete"),
    "open": (_without(), "silence"),
}
"""What is left of a whole stream, and how it ends."""


def _failed(format_: Format, script: Script, frames: tuple[Frame, ...], whole: Stream) -> Stream:
    place = _place(frames, script)
    if place is None:
        return whole
    before, at = whole.parts[:place], whole.parts[place]
    if script.fail_chunk_mode == "silence" and script.silence is not None:
        late = replace(at, after=at.after + script.silence)
        return replace(whole, parts=(*before, late, *whole.parts[place + 1 :]))
    name = (*frames, *frames[-1:])[place].event if frames else None
    broken = Frame("content", MALFORMED, name)
    data, ending = _FAULTS[script.fail_chunk_mode](format_, script, broken)
    return Stream((*before, Part(at.after, data)), ending)


def _place(frames: tuple[Frame, ...], script: Script) -> int | None:
    """Return which of the writes the fault takes the place of, None where there is no such one."""
    if script.fail_chunk == "end":
        endings = [place for place, frame in enumerate(frames) if frame.kind in _ENDING]
        return min(endings, default=len(frames))
    contents = [place for place, frame in enumerate(frames) if frame.kind == "content"]
    return contents[script.fail_chunk - 1] if 0 < script.fail_chunk <= len(contents) else None


_ENDING: Final[tuple[Kind, ...]] = ("finish", "usage", "done")


def _malformed(_: Format, script: Script, broken: Frame) -> tuple[bytes, Ending]:
    return framing.event(broken, script), "complete"


def _unfinished(_: Format, script: Script, broken: Frame) -> tuple[bytes, Ending]:
    return framing.event(broken, script).rstrip(b"\r\n"), "complete"


def _error(format_: Format, script: Script, _: Frame) -> tuple[bytes, Ending]:
    return framing.event(format_.stream_error(script.error_message), script), "complete"


def _nothing(ending: Ending) -> "_Fault":
    return lambda *_: (b"", ending)


_Fault = Callable[[Format, Script, Frame], tuple[bytes, Ending]]
_FAULTS: Final[dict[ChunkMode, _Fault]] = {
    "malformed": _malformed,
    "unfinished": _unfinished,
    "error": _error,
    "end": _nothing("complete"),
    "reset": _nothing("reset"),
    "cut": _nothing("cut"),
    "silence": _nothing("silence"),
}
"""What is written in place of a chunk, and how the stream ends then."""


def _kept_alive(format_: Format, script: Script, template: Stream) -> Stream:
    if not script.keep_alive:
        return template
    ping = format_.PING
    data = framing.comment(script) if ping is None else framing.event(ping, script)
    parts = framing.keep_alive(template.parts, script.keep_alive, data)
    heartbeat = Part(script.keep_alive, data) if template.ending == "silence" else None
    return Stream(parts, template.ending, heartbeat)


def _sent(stream_: Stream, script: Script, headers: Headers) -> Answer:
    parts, heartbeat = stream_.parts, stream_.heartbeat
    if script.encoding == "gzip":
        parts = framing.compress(parts, is_whole=stream_.ending == "complete")
        heartbeat = heartbeat and replace(heartbeat, data=framing.compress_again(heartbeat.data))
    return Answer(
        200,
        headers,
        framing.recut(parts, script),
        ending=stream_.ending,
        is_cut=script.cut != "events",
        heartbeat=heartbeat,
    )
