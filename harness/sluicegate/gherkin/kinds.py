"""The one registry of the values that sentences may hold: what each kind accepts and gives."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, get_args

from cucumber_expressions.parameter_type import ParameterType  # type: ignore[import-untyped]

from sluicegate.scenario import phrases
from sluicegate.scenario.checks.provider import OUTCOMES
from sluicegate.scenario.checks.status import Status
from sluicegate.scenario.client import Kind as ClientKind
from sluicegate.scenario.planning import Dialect
from sluicegate.scenario.systems import VARIANTS
from sluicegate.wire import schema

from . import named


def _duration(text: str) -> object:
    terms = text.split(_PLUS)
    names = [each for each in terms if each.endswith(")")]
    known = sum((_seconds(each) for each in terms if each not in names), Decimal(0))
    return named.total(float(known), names) if names else float(known)


def _seconds(text: str) -> Decimal:
    # In binary floating point 600 * 0.001 is not 0.6.
    number, _, unit = text.partition(" ")
    return Decimal(number) * _SECONDS[unit]


def _size(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number) * _BYTES[unit.removesuffix("s")]


def _status(text: str) -> object:
    return Status(text) if text.isdecimal() else named.status(text)


def _count(text: str) -> object:
    if text.endswith(")"):
        return named.count(text)
    return _WORDS[text] if text in _WORDS else int(text.partition(" ")[0])


def _provider(text: str) -> object:
    return named.provider(text) if text.endswith(")") else text


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
_PLUS: Final = " plus "
_TERM: Final = (
    rf"(?:[0-9]+ ms|1 second|1 minute|{_PLURAL} minutes|(?:{_PLURAL}|[0-9]+\.[0-9]+) seconds"
    rf"|{named.pattern('duration')})"
)
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


_DURATION: Final = Kind(
    "duration",
    "a number, a space and a unit: `100 ms`, `1 second`, `30 seconds`, `1.5 seconds`,"
    f" `1 minute`, `2 minutes`; or the name of a time: {named.told('duration')}; or several"
    " of these with `plus` between them.",
    "100 ms",
    float,
    f"{_TERM}(?:{_PLUS}{_TERM})*",
    _duration,
    "the time in seconds",
)

OWN_KINDS: Final = (
    _DURATION,
    # For sentences about a time that nobody waits for: how slow a scenario is, durations say.
    replace(_DURATION, name="told_duration"),
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
        f"a number from 100 to 599: `504`; or the name of a status: {named.told('status')}.",
        "504",
        Status,
        rf"[1-5][0-9]{{2}}|{named.pattern('status')}",
        _status,
        "the number; a status with a name has all that a profile allows as `allowed`",
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
        "`once`, `twice`, `1 time`, or a whole number and times: `3 times`; or the name of a"
        f" number: {named.told('count')}.",
        "3 times",
        int,
        rf"once|twice|1 time|{_PLURAL} times|{named.pattern('count')}",
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
        "the provider, or one of those behind the gateway: `the provider`, `the agent"
        f' "ccrouter"`; or by its part: {named.told("provider")}.',
        "the provider",
        str,
        rf'the provider|the agent "[^"\s]+"|{named.pattern("provider")}',
        _provider,
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

VALUES: Final = {kind.name: kind.value for kind in OWN_KINDS} | {
    name: value for name, (value, _) in LIBRARY_KINDS.items()
}
"""The Python type of the values of each kind."""
