"""Entries of the journal as JSON, and back, without losing a byte."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from sluicegate.errors import SluicegateError

from .journal import Entry, Headers, Outcome, Write

_OUTCOMES: Final = get_args(Outcome)


def write_entry(entry: Entry) -> dict[str, Any]:
    """Write an entry as JSON.

    Times are in seconds on the clock of the provider's loop. Bytes are a text where they are UTF-8,
    and `{"base64": ...}` otherwise; headers are pairs.
    """
    plain = {each.name: getattr(entry, each.name) for each in fields(Entry)}
    return plain | {
        "headers": list(map(list, entry.headers)),
        "body": _write_bytes(entry.body),
        "response_headers": list(map(list, entry.response_headers)),
        "fingerprints": list(entry.fingerprints),
        "writes": [{"at": each.at, "data": _write_bytes(each.data)} for each in entry.writes],
    }


def read_entry(document: Mapping[str, Any]) -> Entry:
    """Read what `write_entry` wrote, and leave alone what else there is.

    Raises SluicegateError for what is no entry.
    """
    try:
        return _read(document)
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise SluicegateError(f"expected an entry of a journal, got another: {error!r}") from None


def _read(document: Mapping[str, Any]) -> Entry:
    plain = {each.name: document[each.name] for each in fields(Entry)}
    if plain["outcome"] not in _OUTCOMES:
        raise ValueError(plain["outcome"])
    return Entry(
        **plain
        | {
            "headers": _read_headers(plain["headers"]),
            "body": _read_bytes(plain["body"]),
            "response_headers": _read_headers(plain["response_headers"]),
            "fingerprints": tuple(map(str, plain["fingerprints"])),
            "writes": tuple(
                Write(each["at"], _read_bytes(each["data"])) for each in plain["writes"]
            ),
        }
    )


def _write_bytes(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _read_bytes(written: str | Mapping[str, str]) -> bytes:
    if isinstance(written, str):
        return written.encode()
    return base64.b64decode(written["base64"], validate=True)


def _read_headers(pairs: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in pairs)
