from collections.abc import Mapping
from types import ModuleType

from sluicegate.provider import anthropic, openai
from sluicegate.provider.parameters import PARAMETERS

Given = Mapping[str, str]

# Two values or more, of which the first two make different answers; the names that a parameter
# accepts come on top.
VALUES: dict[str, tuple[str, ...]] = {
    "delay": ("100", "250"),
    "first_token": ("100", "250"),
    "pace": ("0", "250"),
    "jitter": ("10", "20"),
    "silence": ("1000", "2000"),
    "keep_alive": ("20", "30"),
    "stream": ("true", "false"),
    "text": ("Hi you", '["a", "n\N{LATIN SMALL LETTER E WITH ACUTE} & = +"]'),
    "reasoning": ("Hm", '["a", "b"]'),
    "tool_calls": ("now{}", 'now{}, f{"a": [1, "&"]}'),
    "finish_reason": ("length", "max_tokens"),
    "prompt_tokens": ("1", "2"),
    "completion_tokens": ("1", "2"),
    "total_tokens": ("1", "2"),
    "cached_tokens": ("1", "2"),
    "cache_write_tokens": ("1", "2"),
    "reasoning_tokens": ("1", "2"),
    "fail": ("429", "503", "599"),
    "fail_chunk": ("1", "2", "0", "end"),
    "error_message": ("No", "The key 'a&b' is wrong: \N{SNOWMAN}"),
    "content_type": ("text/plain", "none", "text/event-stream; charset=utf-8"),
    "retry_after": ("1", "2"),
    "retry_after_date": ("1", "2"),
    "rate_limit": ("true", "false"),
    "request_id": ("req-1", "~&=+%"),
    "space": ("true", "false"),
    "bom": ("true", "false"),
    "comments": ("true", "false"),
    "padding": ("1", "2"),
    "fail_times": ("0", "1"),
    "fail_rate": ("0.0", "1"),
    "seed": ("1", "2"),
}
# Without it the parameter would do nothing, or nothing that shows.
BESIDE: dict[str, Given] = {
    "jitter": {"stream": "true", "seed": "1"},
    "silence": {"fail": "timeout"},
    "stream": {},
    "fail_chunk_mode": {"stream": "true", "fail_chunk": "2"},
    "body": {},
    "content_length": {},
    "error_message": {"fail": "500"},
    "encoding": {"stream": "true", "text": "Hi"},
    "cut": {"stream": "true", "text": "n\N{LATIN SMALL LETTER E WITH ACUTE}", "line_end": "crlf"},
    "fail_times": {"fail": "429"},
    "fail_rate": {"fail": "429"},
    "seed": {"stream": "true", "jitter": "50"},
}
TOOLS = {"stream": "true", "tool_calls": 'now{}, f{"a": 1}'}
NOT_ACCEPTED = {"text": "[1]", "reasoning": "[1]", "error_message": ""}


def values(name: str, format_: ModuleType = openai) -> list[str]:
    if name == "quirks":
        return [*format_.QUIRKS, "no_usage,role_missing" if format_ is openai else "pings,pings"]
    listed = (value for value in PARAMETERS[name].values if value != "400 to 599")
    return list(dict.fromkeys((*VALUES.get(name, ()), *listed)))


def beside(name: str, value: str) -> Given:
    is_of_tools = value in openai.QUIRKS_OF_TOOLS | anthropic.QUIRKS_OF_TOOLS
    return TOOLS if is_of_tools else BESIDE.get(name, {"stream": "true"})
