# The faults that are shown to the SDKs, each as the query that selects it.
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from sluicegate.provider import anthropic, openai
from sluicegate.provider.answer import Answer
from sluicegate.provider.frames import Format, Identity
from sluicegate.provider.parameters import FAULTY, PARAMETERS, Parameter
from sluicegate.provider.repetition import Repetition
from sluicegate.provider.request import Asked
from sluicegate.provider.respond import Responder

_ALL_STATUSES: Final = "400 to 599"
STATUSES: Final = (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)

TOOLS: Final = 'tool_calls=get_weather{"city":"Paris"},get_time{"zone":"Europe/Paris"}'

# Values for parameters that have no names for theirs, or not for all of them.
_EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "fail_chunk": ("3", "end"),
    "content_type": ("text/plain", "none"),
    "retry_after": ("1",),
    "retry_after_date": ("1",),
    "rate_limit": ("true",),
    "request_id": ("req_1",),
    "space": ("false",),
    "bom": ("true",),
    "comments": ("true",),
    "padding": ("100000",),
}
# What stands before a parameter, or before one of its values, so that it does something.
_BEFORE: Final[Mapping[str, str]] = {
    "fail_chunk_mode": "fail_chunk=3",
    "cut=bytes": "text=Hi",  # as each of them is waited for
    "cut=characters": "text=Grüße",
    "cut=line_ends": "line_end=crlf",
    **{f"quirks={name}": TOOLS for name in openai.QUIRKS_OF_TOOLS | anthropic.QUIRKS_OF_TOOLS},
}
_FORMATS: Final[Mapping[str, Format]] = {"openai": openai, "anthropic": anthropic}
_RESPONDER: Final = Responder(lambda model: Identity("mock-1", 0, model), lambda: 0.0, Repetition())


# One value of one parameter. `query` selects it, `normal` the same answer without any fault.
@dataclass(frozen=True, slots=True)
class Case:
    name: str
    value: str
    meaning: str
    before: str = ""

    @property
    def fault(self) -> str:
        return f"{self.name}={self.value}"

    @property
    def query(self) -> str:
        return f"{self.before}&{self.fault}" if self.before else self.fault

    @property
    def normal(self) -> str:
        name = self.before.partition("=")[0]
        return self.before if name and PARAMETERS[name].group not in FAULTY else ""

    @property
    def is_of_tools(self) -> bool:
        return self.before == TOOLS

    def concerns(self, sdk: str, *, stream: bool) -> bool:
        format_ = _FORMATS[sdk]
        if self.name == "quirks" and self.value not in format_.QUIRKS:
            return False
        return _answer(format_, self.query, stream=stream) != _answer(
            format_, self.normal, stream=stream
        )


def cases() -> Iterator[Case]:
    for name, parameter in PARAMETERS.items():
        if parameter.group in FAULTY:
            for value, meaning in _values(parameter, _EXAMPLES.get(name, ())):
                before = _BEFORE.get(f"{name}={value}") or _BEFORE.get(name, "")
                yield Case(name, value, meaning, before)


def _values(parameter: Parameter, examples: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for value, meaning in parameter.values.items():
        values = STATUSES if value == _ALL_STATUSES else (value,)
        yield from ((str(each), meaning) for each in values)
    yield from ((value, parameter.meaning) for value in examples)


def _answer(format_: Format, query: str, *, stream: bool) -> Answer:
    body = {
        "model": "any",
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": stream,
        "stream_options": {"include_usage": stream},
    }
    return _RESPONDER.respond(format_, Asked(query.encode(), document=body), {}, query)


def parameters(query: str) -> dict[str, object]:
    return dict(parse_qsl(query))
