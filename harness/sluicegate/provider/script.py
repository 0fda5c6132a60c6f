"""What one answer is told to be: what it says, at which pace, and how it fails."""

from dataclasses import dataclass
from typing import Literal

SILENCE = 30.0
"""Seconds of silence that `fail=timeout` means unless `silence` says otherwise."""

PACE = 0.1
"""Seconds that follow each chunk of a stream unless `pace` says otherwise."""

Fail = int | Literal["timeout", "hang", "reset", "close", "silence"] | None
ChunkMode = Literal["malformed", "unfinished", "reset", "cut", "end", "error", "silence"]
End = Literal["complete", "no_done", "no_finish", "double_done", "after_done", "open"]
Body = Literal["whole", "malformed", "truncated", "empty", "html", "error", "numeric_error"]
ContentLength = Literal["right", "too_long", "too_short"]
LineEnd = Literal["lf", "crlf", "cr"]
Cut = Literal["events", "bytes", "nowhere", "characters", "line_ends"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool; `arguments` is JSON."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that an answer can be told to be; each field is the parameter of its name.

    Times are in seconds, sizes in bytes. `text` and `reasoning` are the pieces that a stream sends
    one by one; where `text` is None, it is the documented greeting, or nothing if there are tool
    calls.
    """

    delay: float = 0.0
    first_token: float = 0.0
    pace: float = PACE
    jitter: float = 0.0
    keep_alive: float = 0.0
    silence: float | None = None

    stream: bool | None = None
    text: tuple[str, ...] | None = None
    reasoning: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    prompt_tokens: int = 10
    completion_tokens: int = 15
    total_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    error_message: str | None = None

    fail: Fail = None
    fail_chunk: int | Literal["end"] = 0
    fail_chunk_mode: ChunkMode = "malformed"
    end: End = "complete"
    body: Body = "whole"
    content_length: ContentLength = "right"

    content_type: str | None = None
    encoding: Literal["identity", "gzip"] = "identity"
    line_end: LineEnd = "lf"
    space: bool = True
    bom: bool = False
    comments: bool = False
    padding: int = 0
    cut: Cut = "events"

    retry_after: int | None = None
    retry_after_date: int | None = None
    rate_limit: bool = False
    request_id: str | None = None

    quirks: frozenset[str] = frozenset()

    fail_times: int | None = None
    fail_rate: float | None = None
    seed: int = 0

    @property
    def total(self) -> int:
        """The sum of the tokens, unless the script has one of its own."""
        sum_ = self.prompt_tokens + self.completion_tokens
        return sum_ if self.total_tokens is None else self.total_tokens
