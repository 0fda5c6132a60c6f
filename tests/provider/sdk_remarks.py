# What is worth saying about the outcomes, each as long as it is true.
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


# `seen` are the outcomes that the sentence rests on, by fault and column.
@dataclass(frozen=True, slots=True)
class Remark:
    sentence: str
    seen: Mapping[tuple[str, str], str]


_OPENAI: Final = "openai, streamed"
_ANTHROPIC: Final = "anthropic, streamed"
_NO_TEXT: Final = "**no text, no error**; helper: *AssertionError*"

REMARKS: Final = (
    Remark(
        "A stream that ends early, but cleanly, is an answer like any other. Only `finish_reason`,"
        "\n  or `stop_reason`, tells: it is still `None`.",
        {
            ("fail_chunk_mode=end", _OPENAI): "**2 of 6 words, finish_reason None, no error**",
            ("fail_chunk_mode=end", _ANTHROPIC): "**2 of 6 words, stop_reason None, no error**",
        },
    ),
    Remark(
        "A document in place of a stream, even an error, is an empty stream; only the stream"
        "\n  helpers stumble over it.",
        {
            (f"body={body}", column): _NO_TEXT
            for body in ("html", "error")
            for column in (_OPENAI, _ANTHROPIC)
        },
    ),
    Remark(
        "An error object with status 200 is an answer without text, and an HTML page is a `str`.",
        {
            ("body=error", "openai, plain"): "**no text, no error**",
            ("body=error", "anthropic, plain"): "**no text, no error**",
            ("body=html", "openai, plain"): "**a str, no error**",
            ("body=html", "anthropic, plain"): "**a str, no error**",
        },
    ),
    Remark(
        "A byte order mark, which a client must drop, costs the first event: openai the first word,"
        "\n  anthropic the start of the message.",
        {
            ("bom=true", _OPENAI): "**5 of 6 words, no error**",
            ("bom=true", _ANTHROPIC): (
                "**usage incomplete, no error**; helper: *6 of 6 words, then AssertionError*"
            ),
        },
    ),
    Remark(
        "A stream that breaks or falls silent is an error of openai's own, but with anthropic one"
        "\n  of the HTTP library beneath it, which `except anthropic.APIError` lets through.",
        {
            ("fail_chunk_mode=reset", _OPENAI): "2 of 6 words, then APIConnectionError",
            ("fail_chunk_mode=reset", _ANTHROPIC): "*2 of 6 words, then httpx2.ReadError*",
            ("fail_chunk_mode=silence", _OPENAI): "2 of 6 words, then APITimeoutError",
            ("fail_chunk_mode=silence", _ANTHROPIC): "*2 of 6 words, then httpx2.ReadTimeout*",
        },
    ),
    Remark(
        "anthropic reads on after `message_stop`, to the end of the body: what stands there counts,"
        "\n  and a connection that stays open makes a whole answer a timeout.",
        {
            ("end=after_done", _ANTHROPIC): "**7 words in place of 6, no error**",
            ("end=open", _ANTHROPIC): "*6 of 6 words, then httpx2.ReadTimeout*",
        },
    ),
    Remark(
        "anthropic drops events that have no name, and so everything from a gateway that sends"
        "\n  `data:` alone.",
        {("quirks=no_event_names", _ANTHROPIC): _NO_TEXT},
    ),
    Remark(
        "Arguments of tools that break off are passed on; anthropic's stream helper completes them"
        "\n  in silence.",
        {
            ("quirks=tool_arguments_broken", _OPENAI): "**other tool calls, no error**",
            ("quirks=tool_arguments_broken", _ANTHROPIC): (
                "**other tool calls, no error**; helper: whole"
            ),
        },
    ),
    Remark(
        "openai's stream helper fails over quirks that a loop over the chunks survives: a chunk"
        "\n  without choices, calls whose pieces take turns.",
        {
            ("quirks=no_choices", _OPENAI): "whole; helper: *1 of 6 words, then TypeError*",
            ("quirks=tool_indexes_swapped", _OPENAI): "whole; helper: *IndexError*",
        },
    ),
)
