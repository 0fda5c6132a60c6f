"""What a proxy is told: its upstreams, who may ask them, and what is kept account of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sluicegate.upstream.formats import FormatName
from sluicegate.upstream.limits import Limits

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body that a proxy takes unless told otherwise."""


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
    public ones.
    """

    name: str
    format: FormatName
    base_url: str
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)
    authorities: Path | None = None
    takes_unmarked_end: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """A proxy: `default` is the name of the upstream that `/stream` asks; clients show `token`.

    Browsers may ask from `origins` alone. `requests_per_minute` is each client's, None for no
    limit. `prices` are those of models, by their names. `largest_body` is in bytes.
    """

    upstreams: tuple[UpstreamSettings, ...]
    default: str
    token: str = field(default="", repr=False)
    origins: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    largest_body: int = LARGEST_BODY
