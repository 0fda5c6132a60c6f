# What an agent has really given, read from its journal apart from the code of the gateway.
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sluicegate.provider.journal import Entry
from sluicegate.wire.sse import Decoder


# The text, and whether the agent has said that it is all.
@dataclass(frozen=True, slots=True)
class Given:
    text: str
    is_whole: bool


def given(entry: Entry) -> Given:
    sent = data = b"".join(write.data for write in entry.writes)
    if data.startswith(b"\x1f\x8b"):
        data = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data)
    if entry.status != 200:
        return Given("", is_whole=False)
    if data.startswith(b"{"):
        return _document(data, is_cut=_length(entry) not in (None, len(sent)))
    return _stream(entry, data)


def _length(entry: Entry) -> int | None:
    headers = {name.lower(): value for name, value in entry.response_headers}
    return int(headers["content-length"]) if "content-length" in headers else None


def _document(data: bytes, *, is_cut: bool) -> Given:
    try:
        choices = json.loads(data)["choices"]
    except (ValueError, KeyError):
        return Given("", is_whole=False)
    is_whole = not is_cut and all(each["finish_reason"] for each in choices)
    return Given("".join(each["message"]["content"] or "" for each in choices), is_whole)


def _stream(entry: Entry, data: bytes) -> Given:
    text, has_reason = "", False
    for event in _events(data):
        if event == "[DONE]":
            return Given(text, has_reason)
        if not isinstance(event, dict) or "error" in event:
            return Given(text, is_whole=False)
        for choice in event.get("choices") or ():
            text += choice["delta"].get("content") or ""
            has_reason = has_reason or bool(choice.get("finish_reason"))
    return Given(text, has_reason and entry.outcome == "finished")


def _events(data: bytes) -> Iterator[Any]:
    for event in Decoder().feed(data):
        try:
            yield json.loads(event.data)
        except ValueError:
            yield event.data
