"""What a proxy is told: its upstreams, who may ask them, and what is kept account of."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sluicegate.errors import SluicegateError
from sluicegate.upstream.formats import FORMATS, FormatName
from sluicegate.upstream.limits import Limits

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body that a proxy takes unless told otherwise."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What the name of an upstream may be, as it is a part of a path."""

NAMES: Final = "a name of letters, digits and -_. that begins with a letter or a digit"
"""The same in words."""

ORIGIN: Final = re.compile(r"\*|https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
"""What an origin may be; `*` is all of them."""

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost, in dollars per million."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """An upstream, asked at `/stream/NAME`: where it is, and the key that it is shown.

    `token` is what clients must show at this path, that of the proxy where it is empty.
    `authorities` is a PEM file of the authorities that its certificate is verified by, None for the
    public ones. Raises SluicegateError for what no upstream can be told.
    """

    name: str
    format: FormatName
    base_url: str
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)
    authorities: Path | None = None
    takes_unmarked_end: bool = False

    def __post_init__(self) -> None:
        """Refuse what is wrong."""
        if not (isinstance(self.name, str) and NAME.fullmatch(self.name)):
            raise SluicegateError(f"name: expected {NAMES}, got {self.name!r}")
        if self.format not in FORMATS:
            known = ", ".join(FORMATS)
            raise SluicegateError(f"format of {self.name}: expected {known}, got {self.format!r}")
        _check_secret(f"token of {self.name}", self.token)
        _check_secret(f"key of {self.name}", self.key)


@dataclass(frozen=True, slots=True)
class Settings:
    """A proxy: `default` is the name of the upstream that `/stream` asks; clients show `token`.

    Browsers may ask from `origins` alone. `requests_per_minute` is each client's, None for no
    limit. `prices` are those of models, by their names. `largest_body` is in bytes. Raises
    SluicegateError for what no proxy can be told.
    """

    upstreams: tuple[UpstreamSettings, ...]
    default: str
    token: str = field(default="", repr=False)
    origins: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    largest_body: int = LARGEST_BODY

    def __post_init__(self) -> None:
        """Refuse what is wrong."""
        _check_secret("token", self.token)
        _check_names([each.name for each in self.upstreams])
        _check_origins(self.origins)
        _check_count("requests_per_minute", self.requests_per_minute)
        _check_count("largest_body", self.largest_body)


def _check_secret(what: str, secret: object) -> None:
    if not isinstance(secret, str):
        got = type(secret).__name__
        raise SluicegateError(f'{what}: expected a text, "" for none, got one of type {got}')


def _check_names(names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise SluicegateError(
            f"upstreams: expected one of each name, as it is its path, got two {twice[0]!r}"
        )


def wrong_origin(origin: str) -> str:
    """Say what is wrong with an origin of the right form; nothing if it may be one."""
    scheme, _, _ = origin.partition("://")
    port = _DEFAULT_PORTS.get(scheme, "")
    if port and origin.endswith(port):
        return f"expected it without {port}, which browsers leave out, got {origin!r}"
    return ""


def _check_origins(origins: Sequence[str]) -> None:
    if isinstance(origins, str):
        raise SluicegateError(f"origins: expected several in a tuple, got the text {origins!r}")
    for origin in origins:
        if not (isinstance(origin, str) and ORIGIN.fullmatch(origin)):
            raise SluicegateError(
                f"origins: expected such as 'https://app.example', or '*', got {origin!r}"
            )
        if wrong := wrong_origin(origin):
            raise SluicegateError(f"origins: {wrong}")
    if "*" in origins and len(origins) > 1:
        raise SluicegateError("origins: expected '*' alone, or origins without it")


def _check_count(what: str, count: int | None) -> None:
    is_count = isinstance(count, int) and not isinstance(count, bool) and count > 0
    if not (is_count or count is None):
        raise SluicegateError(f"{what}: expected a whole number above 0, got {count!r}")
