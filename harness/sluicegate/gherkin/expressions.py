"""Step sentences as Cucumber Expressions, and the one registry of the values they may hold."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, get_args

from cucumber_expressions.ast import NodeType  # type: ignore[import-untyped]
from cucumber_expressions.expression import (  # type: ignore[import-untyped]
    CucumberExpression,
)
from cucumber_expressions.expression_parser import (  # type: ignore[import-untyped]
    CucumberExpressionParser,
)
from cucumber_expressions.parameter_type import ParameterType  # type: ignore[import-untyped]
from cucumber_expressions.parameter_type_registry import (  # type: ignore[import-untyped]
    ParameterTypeRegistry,
)
from pytest_bdd.parsers import StepParser

from sluicegate.scenario import phrases
from sluicegate.scenario.checks.provider import OUTCOMES
from sluicegate.scenario.client import Kind as ClientKind
from sluicegate.scenario.planning import Dialect
from sluicegate.scenario.systems import VARIANTS
from sluicegate.wire import schema


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


def _text(text: str) -> str:
    return _texts(text)[0]


def _value(text: str) -> object:
    return _text(text) if text.startswith('"') else json.loads(text)


def _is_of_the_wire(schema: str) -> bool:
    return not schema.startswith("sluicegate/")


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


def _one_of(name: str, what: str, known: Iterable[str]) -> "Kind":
    """Return the kind of a name that is one of a few, in double quotes."""
    quoted = [f'"{each}"' for each in known]
    accepts = f"the name of {what} in double quotes: {', '.join(f'`{each}`' for each in quoted)}."
    regexp = "|".join(each.replace(".", r"\.") for each in quoted)
    return Kind(name, accepts, quoted[0], str, regexp, _text)


def _phrase(name: str, what: str, known: Mapping[str, str]) -> "Kind":
    """Return the kind of a phrase that is one of a few, and stands for a value."""
    accepts = f"{what}: {', '.join(f'`{each}`' for each in known)}."
    # The longest first: one phrase may be the beginning of another.
    regexp = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    example = next(iter(known))
    return Kind(name, accepts, example, str, regexp, known.__getitem__, "what it stands for")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: what a sentence's `{name}` accepts and what the function is given.

    `accepts` is for the authors of features; `gives` says more of the value to those of steps.
    """

    name: str
    accepts: str
    example: str
    value: type
    regexp: str
    transform: Callable[[str], object]
    gives: str = ""

    def registered(self) -> ParameterType:
        """Return the library's form of this kind."""
        return ParameterType(
            self.name, self.regexp, self.value, self.transform, use_for_snippets=False
        )


OWN_KINDS: Final = (
    Kind(
        "duration",
        "a number, a space and a unit: `100 ms`, `1 second`, `30 seconds`, `1.5 seconds`,"
        " `1 minute`, `2 minutes`.",
        "100 ms",
        float,
        rf"[0-9]+ ms|1 second|1 minute|{_PLURAL} minutes|(?:{_PLURAL}|[0-9]+\.[0-9]+) seconds",
        _duration,
        "the time in seconds",
    ),
    Kind(
        "size",
        "a whole number, a space and a unit: `1 byte`, `20 bytes`, `64 KiB`; the units are bytes,"
        " kB, KiB, MB and MiB.",
        "64 KiB",
        int,
        rf"1 byte|{_PLURAL} bytes|[0-9]+ (?:kB|KiB|MB|MiB)",
        _size,
        "the number of bytes",
    ),
    Kind(
        "status",
        "a number from 100 to 599: `504`; or the name of a status and its default in brackets:"
        " `the timeout status (504)`.",
        "504",
        Status,
        r"[1-5][0-9]{2}|the [a-z]+(?:[ -][a-z]+)* \([1-5][0-9]{2}\)",
        _status,
        "the number; its `name` is `timeout status` in the second form, otherwise None",
    ),
    Kind(
        "number",
        "a whole number: `0`, `25`.",
        "25",
        int,
        "[0-9]+",
        int,
    ),
    Kind(
        "count",
        "`once`, `twice`, `1 time`, or a whole number and times: `3 times`.",
        "3 times",
        int,
        rf"once|twice|1 time|{_PLURAL} times",
        _count,
    ),
    Kind(
        "json_path",
        "a path into a JSON body, unquoted and without spaces: `$`, then `.name` for a member and"
        " `[0]` for an entry of a list, as in `$.choices[0].message`.",
        "$.choices[0].message",
        str,
        r"\$(?:\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]+\])*",
        _name,
    ),
    Kind(
        "text",
        'a text in double quotes: `"Hello"`; `\\"` stands for a quote inside, any other backslash'
        " for itself.",
        '"Hello"',
        str,
        _QUOTED,
        _text,
    ),
    Kind(
        "texts",
        'texts in double quotes with a comma and a space between them: `"Hello", " world"`;'
        ' `\\"` stands for a quote inside.',
        '"Hello", " world", "!"',
        tuple,
        rf"{_QUOTED}(?:, {_QUOTED})*",
        _texts,
    ),
    Kind(
        "value",
        'a value in JSON: a text in double quotes, a number, true, false or null: `"stop"`, `25`;'
        ' `\\"` stands for a quote inside.',
        '"stop"',
        object,
        rf"{_QUOTED}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false|null",
        _value,
    ),
    _one_of("client", "a client", get_args(ClientKind)),
    _one_of("dialect", "a wire format", get_args(Dialect)),
    _one_of("variant", "a variant of the provider", sorted(VARIANTS["provider"])),
    _one_of("proxy_variant", "a variant of the proxy", VARIANTS["proxy"]),
    _one_of("gateway_variant", "a variant of the gateway", VARIANTS["gateway"]),
    _one_of("quirk", "a quirk of real providers", phrases.QUIRKS),
    _phrase("break", "what a provider does in the middle of a stream", phrases.BREAKS),
    _phrase("document", "what a provider answers in place of the answer", phrases.DOCUMENTS),
    _phrase("ending", "how a provider ends a stream", phrases.ENDINGS),
    _phrase("line_end", "how the lines of a stream end", phrases.LINE_ENDS),
    _phrase("cut", "how a stream is cut into writes", phrases.CUTS),
    _phrase("length", "what is wrong with a Content-Length", phrases.LENGTHS),
    _phrase("outcome", "how an exchange ended for the provider", {each: each for each in OUTCOMES}),
    _one_of("schema", "a schema", (each for each in schema.names() if _is_of_the_wire(each))),
    Kind(
        "model",
        'the name of a model in double quotes, without spaces: `"gpt-4o"`.',
        '"gpt-4o"',
        str,
        _QUOTED_NAME,
        _name,
    ),
    Kind(
        "agent",
        'the name of an agent in double quotes, without spaces: `"ccrouter"`.',
        '"ccrouter"',
        str,
        _QUOTED_NAME,
        _name,
    ),
    Kind(
        "provider",
        'the provider, or one of those behind the gateway: `the provider`, `the agent "ccrouter"`.',
        "the provider",
        str,
        r'the provider|the agent "[^"\s]+"',
        _name,
    ),
)

LIBRARY_KINDS: Final = {
    "int": (int, "a whole number: `6`, `-1`."),
    "float": (float, "a number, with a point before its decimals: `0.7`, `-1`, `1E3`."),
    "word": (str, "a word: text without spaces, unquoted."),
    "string": (
        str,
        (
            'text in double or single quotes: `"Hello"`; inside, `\\"` and `\\\'` are quotes, and'
            " any other backslash stands for itself."
        ),
    ),
    "": (str, "any text, unquoted."),
}
"""The kinds that Cucumber Expressions define themselves: the value's type, and what is accepted."""

ACCEPTS: Final = {kind.name: kind.accepts for kind in OWN_KINDS} | {
    name: accepts for name, (_, accepts) in LIBRARY_KINDS.items()
}
"""What each kind accepts, for the authors of features."""

EXAMPLES: Final = {kind.name: kind.example for kind in OWN_KINDS} | {
    "int": "2",
    "float": "0.7",
    "word": "word",
    "string": '"Hello"',
    "": "text",
}
"""A value of each kind."""


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


class _Outline(CucumberExpression):  # type: ignore[misc]
    """An expression whose words must fit, with anything in the places of its values."""

    def rewrite_parameter(self, node: Any) -> str:  # noqa: ANN401 - the library has no types
        super().rewrite_parameter(node)
        return "(.+?)"


def _example(node: Any) -> str:  # noqa: ANN401 - the library has no types
    if node.ast_type is NodeType.TEXT:
        return str(node.text)
    if node.ast_type is NodeType.PARAMETER:
        return EXAMPLES.get(node.text, f"{{{node.text}}}")
    # Of alternatives the last one is the plural, as in `entry/entries`.
    parts = node.nodes[-1:] if node.ast_type is NodeType.ALTERNATION else node.nodes
    return "".join(map(_example, parts))


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

    @cached_property
    def _outline(self) -> CucumberExpression:
        return _Outline(self.name, _REGISTRY)

    @cached_property
    def example(self) -> str:
        """Return the sentence with an example in the place of each value."""
        return _example(CucumberExpressionParser().parse(self.name))

    def is_matching(self, name: str) -> bool:
        """Tell whether the whole of a step's text fits the sentence."""
        if self._regexp.fullmatch(name) is None:
            return False
        if not any(issubclass(value_type(kind), float) for kind in self.kinds):
            return True
        # A number such as 1E400 is written correctly, and would be infinite.
        return all(_is_finite(argument.value) for argument in self._expression.match(name))

    def values(self, name: str) -> list[tuple[str, object]]:
        """Return the kind and the value of each value in a step's text that fits."""
        values = (argument.value for argument in self._expression.match(name) or ())
        return list(zip(self.kinds, values, strict=False))

    def fits_but_for_capitals(self, name: str) -> bool:
        """Tell whether a step's text would fit if its capital and small letters were others."""
        pattern = self._regexp.pattern
        return bool(re.fullmatch(pattern, name, re.IGNORECASE) and not re.fullmatch(pattern, name))

    def misfits(self, name: str) -> list[tuple[str, str]]:
        """Return the kind and the text of each value that keeps a step from the sentence.

        There is none if it fits, and none if it is the words that do not.
        """
        outline = self._outline.match(name)
        if outline is None:
            return []
        written = [argument.group.value for argument in outline]
        return [
            (kind.name, text)
            for kind, text in zip(self._expression.parameter_types, written, strict=True)
            if not _accepts(kind, text)
        ]

    def parse_arguments(self, name: str) -> dict[str, object] | None:
        """Return the values in a step's text by the names of the function's parameters."""
        matched = self._expression.match(name)
        if matched is None:
            return None
        values = (argument.value for argument in matched)
        return dict(zip(self.parameters, values, strict=True))


def _accepts(kind: ParameterType, text: str) -> bool:
    return Sentence(f"{{{kind.name}}}").is_matching(text)


def value_type(kind: str) -> type:
    """Return the Python type of the values of a kind."""
    return _VALUES.get(kind, object)


def kind_names() -> list[str]:
    """Return the documented kinds, as they are written in a sentence."""
    return sorted(f"{{{name}}}" for name in _VALUES)
