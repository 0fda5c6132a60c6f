"""An agent's configuration file, as far as it is about the proxy that the agent asks."""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast, get_args

from sluicegate.errors import SluicegateError
from sluicegate.settings.expansion import Expanded, Place, UnsetVariableError, expand
from sluicegate.settings.files import read_file
from sluicegate.wire.assistant.request import CacheRetention, ThinkingLevel

from .asking import Asking
from .errors import NoTokenWarning
from .place import proxy_at
from .tools import PRESETS

Document = dict[str, Any]

_TOKEN: Final[Place] = ("api_key",)
# Between the warning and whoever made the client.
_FRAMES: Final = 4


@dataclass(frozen=True, slots=True)
class Configuration:
    """A proxy, the token that it is shown, how it is asked, and who vouches for its certificate."""

    base_url: str
    token: str = field(default="", repr=False)
    asking: Asking = field(default_factory=Asking)
    authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What a value may be, in words and as a test."""

    words: str
    test: Callable[[Any], bool]


def _one_of(*values: str) -> _Accepted:
    return _Accepted(
        " or ".join(filter(None, (", ".join(values[:-1]), values[-1]))), values.__contains__
    )


def _is_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(cast("float", value))


_TEXT: Final = _Accepted("text", lambda value: isinstance(value, str))
_SOME_TEXT: Final = _Accepted("text", lambda value: isinstance(value, str) and bool(value))
_COUNT: Final = _Accepted(
    "a whole number above 0",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
)

_NEEDED: Final = ("provider", "base_url", "model")
_ASKING: Final[Mapping[str, _Accepted]] = {
    "model": _SOME_TEXT,
    "system_prompt": _TEXT,
    "max_tokens": _COUNT,
    "temperature": _Accepted("a number from 0 on", lambda value: _is_number(value) and value >= 0),
    "thinking_level": _one_of(*get_args(ThinkingLevel)),
    "cache_retention": _one_of(*get_args(CacheRetention)),
    "upstream": _SOME_TEXT,
}
_KEYS: Final[Mapping[str, _Accepted]] = {
    "provider": _one_of("proxy"),
    "base_url": _SOME_TEXT,
    "api_key": _TEXT,
    "authorities": _SOME_TEXT,
    **_ASKING,
    "tools": _Accepted("keys with values", lambda value: isinstance(value, dict)),
}
_TOOLS: Final[Mapping[str, _Accepted]] = {"preset": _one_of(*PRESETS)}


def configuration(path: Path, environ: Mapping[str, str]) -> Configuration:
    """Read a configuration, with its variables expanded; raises SluicegateError for all mistakes.

    Warns with NoTokenWarning where the variable of `api_key` is not set, or is empty.
    """
    document, mistakes = _expanded(path, environ)
    mistakes += _mistakes(document)
    if mistakes:
        raise SluicegateError("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    # The document was judged: its members are what they must be.
    asking = {name: document[name] for name in _ASKING if name in document}
    asking["tools"] = PRESETS[document.get("tools", {}).get("preset", "none")]
    base_url, token = document["base_url"], document.get("api_key", "")
    try:
        proxy_at(base_url, token).below(document.get("upstream"), framing=False)
    except SluicegateError as error:
        raise SluicegateError(f"{path}: {error}") from None
    authorities = path.parent / document["authorities"] if "authorities" in document else None
    return Configuration(base_url, token, cast("Asking", asking), authorities)


def _expanded(path: Path, environ: Mapping[str, str]) -> tuple[Document, list[str]]:
    found = expand(_without_nulls(read_file(path)), environ)
    if why := _no_token(found):
        warnings.warn(f"{path}: api_key: {why}: no token", NoTokenWarning, stacklevel=_FRAMES)
        del found.document["api_key"]
        found.mistakes.pop(_TOKEN, None)
    items = found.mistakes.items()
    return found.document, [f"{'.'.join(map(str, place))}: {error}" for place, error in items]


def _no_token(found: Expanded) -> str | None:
    unset = found.mistakes.get(_TOKEN)
    if isinstance(unset, UnsetVariableError):
        return f"the environment variable {unset.variable} is not set"
    return found.emptied(_TOKEN)


def _without_nulls(document: Document) -> Document:
    return {
        key: _without_nulls(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if value is not None
    }


def _mistakes(document: Document) -> list[str]:
    tools = document.get("tools")
    inner = tools if isinstance(tools, dict) else {}
    missing = (
        f"{key}: expected {_KEYS[key].words}, got nothing" for key in _NEEDED if key not in document
    )
    return [*missing, *_wrong(document, _KEYS, ""), *_wrong(inner, _TOOLS, "tools.")]


def _wrong(document: Document, known: Mapping[str, _Accepted], place: str) -> Iterator[str]:
    for key, value in document.items():
        if key not in known:
            yield f"{place}{key}: {_unknown(key, known)}"
        elif not known[key].test(value):
            got = "something else" if (key,) == _TOKEN else repr(value)
            yield f"{place}{key}: expected {known[key].words}, got {got}"


def _unknown(key: str, known: Mapping[str, _Accepted]) -> str:
    near = get_close_matches(key, known, 1)
    told = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"is no key of this configuration; {told}"
