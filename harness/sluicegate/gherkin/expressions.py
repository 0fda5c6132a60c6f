"""Step sentences as Cucumber Expressions, and the one registry of the values they may hold."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cucumber_expressions.expression import (  # type: ignore[import-untyped]
    CucumberExpression,
)
from cucumber_expressions.parameter_type import ParameterType  # type: ignore[import-untyped]
from cucumber_expressions.parameter_type_registry import (  # type: ignore[import-untyped]
    ParameterTypeRegistry,
)
from pytest_bdd.parsers import StepParser


class Status(int):
    """An HTTP status, which a sentence may give by name: `the timeout status (504)`."""

    name: str | None = None


def _duration(text: str) -> float:
    number, _, unit = text.partition(" ")
    # In binary floating point 600 * 0.001 is not 0.6.
    return float(Decimal(number) * _SECONDS[unit])


def _size(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number) * _BYTES[unit.removesuffix("s")]


def _status(text: str) -> Status:
    name, _, number = text.rpartition("(")
    status = Status(number.removesuffix(")"))
    status.name = name.strip().removeprefix("the ") or None
    return status


def _count(text: str) -> int:
    return _WORDS[text] if text in _WORDS else int(text.partition(" ")[0])


def _texts(text: str) -> tuple[str, ...]:
    return tuple(quoted[1:-1].replace('\\"', '"') for quoted in re.findall(_QUOTED, text))


def _name(text: str) -> str:
    return text


_SECONDS: Final = {
    "ms": Decimal("0.001"),
    "second": Decimal(1),
    "seconds": Decimal(1),
    "minute": Decimal(60),
    "minutes": Decimal(60),
}
_BYTES: Final = {"byte": 1, "kB": 1000, "KiB": 1024, "MB": 1000**2, "MiB": 1024**2}
_WORDS: Final = {"once": 1, "twice": 2}
_PLURAL: Final = r"(?:[02-9]|[1-9][0-9]+)"
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_QUOTED_NAME: Final = r'"([^"\s]+)"'


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: what a sentence's `{name}` accepts and what the function is given."""

    name: str
    accepts: str
    example: str
    value: type
    regexp: str
    transform: Callable[[str], object]

    def registered(self) -> ParameterType:
        """Return the library's form of this kind."""
        return ParameterType(
            self.name, self.regexp, self.value, self.transform, use_for_snippets=False
        )


OWN_KINDS: Final = (
    Kind(
        "duration",
        "a number and its unit: ms, seconds (a decimal fraction is allowed) or minutes;"
        " exactly one is `1 second`, `1 minute`. The value is in seconds.",
        "100 ms",
        float,
        rf"[0-9]+ ms|1 second|1 minute|{_PLURAL} minutes|(?:{_PLURAL}|[0-9]+\.[0-9]+) seconds",
        _duration,
    ),
    Kind(
        "size",
        "a whole number and its unit: bytes, kB, KiB, MB or MiB; exactly one is `1 byte`."
        " The value is in bytes.",
        "64 KiB",
        int,
        rf"1 byte|{_PLURAL} bytes|[0-9]+ (?:kB|KiB|MB|MiB)",
        _size,
    ),
    Kind(
        "status",
        "three digits from 100 to 599, alone or as the contract default of a named value:"
        " `the timeout status (504)`. The value is an int whose `name` is `timeout status` then.",
        "504",
        Status,
        r"[1-5][0-9]{2}|the [a-z]+(?:[ -][a-z]+)* \([1-5][0-9]{2}\)",
        _status,
    ),
    Kind(
        "count",
        "`once`, `twice`, or a whole number with `times` (`1 time`).",
        "3 times",
        int,
        rf"once|twice|1 time|{_PLURAL} times",
        _count,
    ),
    Kind(
        "json_path",
        "`$` followed by `.key` and `[index]` in any number, unquoted and without spaces.",
        "$.choices[0].message",
        str,
        r"\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]+\])*",
        _name,
    ),
    Kind(
        "texts",
        'texts in double quotes, one after the other with ", " between them; `\\"` stands for a'
        " quote inside.",
        '"Hello", " world", "!"',
        tuple,
        rf"{_QUOTED}(?:, {_QUOTED})*",
        _texts,
    ),
    Kind(
        "model",
        "the name of a model in double quotes, without spaces.",
        '"gpt-4o"',
        str,
        _QUOTED_NAME,
        _name,
    ),
    Kind(
        "agent",
        "the name of an agent in double quotes, without spaces.",
        '"ccrouter"',
        str,
        _QUOTED_NAME,
        _name,
    ),
)

LIBRARY_KINDS: Final = {
    "int": (int, "a whole number, perhaps negative: `6`, `-1`."),
    "float": (float, "a decimal number: `0.7`, `-1`, `1E3` (the exponent's E is a capital)."),
    "word": (str, "text without spaces, unquoted."),
    "string": (
        str,
        (
            "text in double or single quotes. `\\\"` and `\\'` stand for a quote inside; any other"
            " backslash is kept as it is, so a line break is written with a doc string."
        ),
    ),
    "": (str, "any text, unquoted."),
}
"""The kinds that Cucumber Expressions define themselves: the value's type, and what is accepted."""


def _registry() -> ParameterTypeRegistry:
    registry = ParameterTypeRegistry()
    for kind in OWN_KINDS:
        registry.define_parameter_type(kind.registered())
    return registry


_REGISTRY: Final = _registry()
_VALUES: Final = {kind.name: kind.value for kind in OWN_KINDS} | {
    name: value for name, (value, _) in LIBRARY_KINDS.items()
}


class Sentence(StepParser):
    """A step's sentence: matches a step's text and reads the values out of it.

    Raises the library's `CucumberExpressionError` if the expression is invalid or names an
    unknown kind of value.
    """

    def __init__(self, expression: str) -> None:
        super().__init__(expression)
        self._expression = CucumberExpression(expression, _REGISTRY)
        self._regexp = re.compile(self._expression.regexp)
        self.parameters: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the kinds of values in the sentence, in order."""
        return tuple(kind.name for kind in self._expression.parameter_types)

    def is_matching(self, name: str) -> bool:
        """Tell whether the whole of a step's text fits the sentence."""
        return self._regexp.fullmatch(name) is not None

    def parse_arguments(self, name: str) -> dict[str, object] | None:
        """Return the values in a step's text by the names of the function's parameters."""
        matched = self._expression.match(name)
        if matched is None:
            return None
        values = (argument.value for argument in matched)
        return dict(zip(self.parameters, values, strict=True))


def value_type(kind: str) -> type:
    """Return the Python type of the values of a kind."""
    return _VALUES.get(kind, object)


def kind_names() -> list[str]:
    """Return the documented kinds, as they are written in a sentence."""
    return sorted(f"{{{name}}}" for name in _VALUES)
