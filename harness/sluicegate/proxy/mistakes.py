"""What can be wrong with the configuration of a proxy, in words that show no secret."""

import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from sluicegate.errors import SluicegateError
from sluicegate.settings.expansion import Expanded, Place
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.formats import FORMATS
from sluicegate.wire.schema import Violation, violations

from .addresses import wrong_end
from .environment import SECRETS, VARIABLES
from .settings import NAME, NAMES, wrong_origin

SCHEMA: Final = "sluicegate/proxy"

_VISIBLE: Final = re.compile(r"[!-~]*")
_UNKNOWN: Final = "is unknown; known are "
_TABLE: Final = "expected an object"
_SECRET_ENDS: Final = tuple((name,) for name in SECRETS)
_NULL: Final = ", got null"
_EXPECTED_VISIBLE: Final = "expected visible ASCII characters without spaces (the value is secret)"
_NO_UPSTREAM: Final = (
    f"there is none: set one of {', '.join(VARIABLES)}, or give a file with a table "
    "[upstreams.NAME], such as [upstreams.anthropic]"
)

# For what never connects: reading the public authorities takes a while.
_NO_TRUST: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place."""

    place: Place
    words: str

    @property
    def where(self) -> str:
        """The place as in `upstreams.openai.key`; empty for the whole."""
        return Violation(self.place, "").param or ""


def misshapen(expanded: Expanded) -> list[Mistake]:
    """List what departs from the schema, and the references that lead nowhere."""
    lost = [Mistake(place, str(error)) for place, error in expanded.mistakes.items()]
    lost += [
        Mistake(place, f'{words}; set it, or write "" for none')
        for place, words in _emptied(expanded)
    ]
    found = violations(expanded.document, SCHEMA)
    places = expanded.mistakes.keys()
    return lost + [
        _in_words(each, is_hidden=each.path in expanded.variables or each.path[-1:] in _SECRET_ENDS)
        for each in found
        if each.path not in places
    ]


def _emptied(expanded: Expanded) -> Iterator[tuple[Place, str]]:
    # A variable that somebody has lost must not open what a token guards.
    for place in expanded.variables:
        if place[-1] in SECRETS and (words := expanded.emptied(place)):
            yield place, words


def _in_words(violation: Violation, *, is_hidden: bool) -> Mistake:
    place, message = violation.path, violation.message
    known = message.removeprefix(_UNKNOWN).split(", ")
    if message.startswith(_UNKNOWN) and (near := nearest(str(place[-1]), known)):
        message = f"is unknown; did you mean {near}?"
    elif message.startswith(_TABLE):
        message = f"expected a table, with keys and values, got {_got(message)}"
    elif is_hidden:
        message = f"{message.partition(', got ')[0]}, got {_got(message)}"
    elif place == ("upstreams",):
        message = _NO_UPSTREAM
    return Mistake(place, message)


def _got(message: str) -> str:
    return "nothing" if message.endswith(_NULL) else "something else"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a mistaken one may stand for."""
    return next(iter(get_close_matches(word, list(known), n=1)), None)


def senseless(document: Mapping[str, Any], folder: Path) -> list[Mistake]:
    """List what cannot work in a completed document of the right shape; its files are in `folder`.

    Certificates are read.
    """
    found = [each for check in _CHECKS for each in check(document, folder)]
    for name, upstream in document["upstreams"].items():
        place = ("upstreams", name)
        found += (each for check in _UPSTREAM_CHECKS for each in check(upstream, place, folder))
    return found


def _default(document: Mapping[str, Any], _: Path) -> Iterator[Mistake]:
    upstreams, name = document["upstreams"], document.get("default")
    if not upstreams:
        yield Mistake(("upstreams",), _NO_UPSTREAM)
    elif name and name not in upstreams:
        near = nearest(name, upstreams)
        told = f"did you mean {near}?" if near else f"there are {', '.join(upstreams)}"
        yield Mistake(("default",), f"there is no upstream {name!r}; {told}")


def _own_token(document: Mapping[str, Any], folder: Path) -> Iterator[Mistake]:
    yield from _token(document, (), folder)


def _origins(document: Mapping[str, Any], _: Path) -> Iterator[Mistake]:
    origins = document.get("cors", {}).get("origins", [])
    if "*" in origins and len(origins) > 1:
        yield Mistake(("cors", "origins"), "expected '*' alone, or origins without it")
    for number, origin in enumerate(origins):
        if wrong := wrong_origin(origin):
            yield Mistake(("cors", "origins", number), wrong)


def _tls(document: Mapping[str, Any], folder: Path) -> Iterator[Mistake]:
    tls = document.get("tls", {})
    missing = [name for name, file in tls.items() if not (folder / file).is_file()]
    yield from (Mistake(("tls", name), f"there is no file {tls[name]!r}") for name in missing)
    if tls and not missing:
        yield from _certificate(folder / tls["certfile"], folder / tls["keyfile"])


def _certificate(certfile: Path, keyfile: Path) -> Iterator[Mistake]:
    try:
        # Without a password, Python would ask for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password="")
    except OSError as error:  # TLS errors, too
        yield Mistake(
            ("tls",),
            f"cannot be used: {error.strerror or error}; both must be PEM, and the key that of the"
            " certificate, not encrypted",
        )


def _name(_: Mapping[str, Any], place: Place, __: Path) -> Iterator[Mistake]:
    if not NAME.fullmatch(str(place[-1])):
        yield Mistake(place, f"expected {NAMES}")


def _token(table: Mapping[str, Any], place: Place, _: Path) -> Iterator[Mistake]:
    if not _VISIBLE.fullmatch(table.get("token", "")):
        yield Mistake((*place, "token"), _EXPECTED_VISIBLE)


def _key(upstream: Mapping[str, Any], place: Place, _: Path) -> Iterator[Mistake]:
    if not _VISIBLE.fullmatch(upstream.get("key", "")):
        yield Mistake((*place, "key"), _EXPECTED_VISIBLE)


def _format(upstream: Mapping[str, Any], place: Place, _: Path) -> Iterator[Mistake]:
    if not upstream.get("format"):
        yield Mistake(
            (*place, "format"), f"is missing, as the name is none of them: {', '.join(FORMATS)}"
        )


def _base_url(upstream: Mapping[str, Any], place: Place, _: Path) -> Iterator[Mistake]:
    if not upstream.get("format"):
        return
    if not upstream.get("base_url"):
        yield Mistake(
            (*place, "base_url"), "is missing: it is that of a proxy, such as http://127.0.0.1:8080"
        )
        return
    try:
        # What is not used needs no closing.
        Upstream(upstream["base_url"], upstream["format"], trust=_NO_TRUST)
    except SluicegateError as error:
        yield Mistake((*place, "base_url"), str(error))
        return
    if words := wrong_end(upstream["base_url"], upstream["format"]):
        yield Mistake((*place, "base_url"), words)


def _authorities(upstream: Mapping[str, Any], place: Place, folder: Path) -> Iterator[Mistake]:
    if authorities := upstream.get("authorities"):
        try:
            ssl.create_default_context(cafile=folder / authorities)
        except OSError as error:  # TLS errors, too
            yield Mistake(
                (*place, "authorities"),
                f"{str(authorities)!r} cannot be used: {error.strerror or error}; it must be PEM",
            )


_CHECKS: Final[tuple[Callable[[Mapping[str, Any], Path], Iterator[Mistake]], ...]] = (
    _default,
    _own_token,
    _origins,
    _tls,
)
_UPSTREAM_CHECKS: Final[
    tuple[Callable[[Mapping[str, Any], Place, Path], Iterator[Mistake]], ...]
] = (
    _name,
    _format,
    _base_url,
    _key,
    _token,
    _authorities,
)
