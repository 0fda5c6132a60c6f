"""What the provider answers to a request: the script that it selects, in the format it speaks."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from .answer import Answer, Part
from .frames import Format, Headers, Identity
from .plain import document, plain, typed
from .refusal import RefusedError
from .repetition import Repetition
from .request import Asked, ChatRequest
from .script import SILENCE, Script
from .selection import Selection, Values, select
from .stream import is_idle, stream

STREAM_HEADERS = (
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache"),
    ("Connection", "keep-alive"),
)


TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers the requests of one agent.

    `issue` names an answer for a model; `unix` tells the time in Unix seconds.
    """

    issue: Callable[[str], Identity]
    unix: Callable[[], float]
    repetition: Repetition

    def respond(self, format_: Format, asked: Asked, planned: Values, kind: Hashable) -> Answer:
        """Answer a request.

        `planned` is what a plan says of this attempt. A bad parameter is refused at once. What the
        others ask for comes in this order: `delay`, then `fail`, whatever the body is, then the
        body's own mistakes, then streaming. `kind` tells which requests `fail_times` counts
        together.
        """
        try:
            selection = select(asked.query, asked.header, asked.model, planned)
            check_quirks(format_, selection.script)
        except RefusedError as refused:
            return refusal(format_, refused)
        script = self._struck(format_, selection, asked, kind)
        answer = self._answer(format_, script, asked)
        return replace(answer, delay=script.delay + answer.delay)

    def _struck(
        self, format_: Format, selection: Selection, asked: Asked, kind: Hashable
    ) -> Script:
        suffix = (asked.model or "").partition("?")[2]
        key = hash((format_.NAME, asked.query, asked.header, suffix, kind))
        strikes = self.repetition.strikes(selection.script, key)
        return selection.script if strikes else selection.without_faults()

    def _answer(self, format_: Format, script: Script, asked: Asked) -> Answer:
        headers = self._headers(format_, script)
        if script.fail in _SILENT:
            return _SILENT[script.fail]
        if script.fail == "timeout":
            silence = SILENCE if script.silence is None else script.silence
            return replace(_failure(format_, 504, script, headers), delay=silence)
        if isinstance(script.fail, int):
            return _failure(format_, script.fail, script, headers)
        try:
            request = asked.request(format_.REQUEST)
            format_.check(asked.document or {})
        except RefusedError as refused:
            return refusal(format_, refused)
        answer = self._ordinary(format_, script, request, headers)
        return _silenced(answer, script.silence) if script.fail == "silence" else answer

    def _ordinary(
        self, format_: Format, script: Script, request: ChatRequest, headers: Headers
    ) -> Answer:
        identity = self.issue(request.model)
        streamed = request.stream if script.stream is None else script.stream
        if streamed and script.body == "whole":
            kind = typed(STREAM_HEADERS, script) + headers
            return stream(format_, identity, script, kind, usage=request.include_usage)
        return plain(200, format_, format_.completion(identity, script), script, headers)

    def _headers(self, format_: Format, script: Script) -> Headers:
        headers: Headers = ()
        if script.retry_after is not None:
            headers += (("Retry-After", str(script.retry_after)),)
        if script.retry_after_date is not None:
            date = formatdate(self.unix() + script.retry_after_date, usegmt=True)
            headers += (("Retry-After", date),)
        is_over = script.fail == TOO_MANY_REQUESTS
        headers += format_.rate_limit(is_over=is_over) if script.rate_limit else ()
        return headers + (format_.request_id(script.request_id) if script.request_id else ())


def refusal(format_: Format, refused: RefusedError, headers: Headers = ()) -> Answer:
    """Answer with the error that a refusal is."""
    return document(refused.status, format_.refusal(refused), headers)


_SILENT: dict[Any, Answer] = {
    "hang": Answer(None, (), (), ending="silence"),
    "reset": Answer(None, (), (), ending="reset"),
    "close": Answer(None, (), (), ending="cut"),
}
"""The failures that have no head."""


def check_quirks(format_: Format, script: Script) -> None:
    """Raise RefusedError for a quirk that is none of the format's, or that shows nowhere."""
    if not script.quirks:
        return
    unknown = sorted(script.quirks - format_.QUIRKS.keys())
    if unknown:
        known = ", ".join(format_.QUIRKS)
        raise RefusedError(
            f"Parameter 'quirks': {unknown[0]} is no quirk of {format_.NAME}, which has {known}.",
            param="quirks",
        )
    idle = next((quirk for quirk in sorted(script.quirks) if is_idle(format_, script, quirk)), None)
    if idle is not None:
        without = " without tool_calls" if idle in format_.QUIRKS_OF_TOOLS else ""
        raise RefusedError(
            f"Parameter 'quirks': {idle} does nothing{without or ' beside the others'}.",
            param="quirks",
        )


def _silenced(answer: Answer, silence: float | None) -> Answer:
    head = Part(0.0, b"")
    if silence is None:
        return replace(answer, parts=(head,), ending="silence", surplus=b"")
    first, *rest = answer.parts
    return replace(answer, parts=(head, replace(first, after=first.after + silence), *rest))


def _failure(format_: Format, status: int, script: Script, headers: Headers) -> Answer:
    content = format_.failure(status, script.error_message)
    if "request_id" in content and script.request_id:
        content = {**content, "request_id": script.request_id}
    return plain(status, format_, content, script, headers)
