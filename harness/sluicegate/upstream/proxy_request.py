"""Requests in the agents' own format, to another proxy."""

from typing import Any, Final

from sluicegate.wire.assistant.request import StreamRequest, write_request

PATH: Final = "/stream"


def request(asked: StreamRequest) -> tuple[str, dict[str, Any]]:
    """Return the path, below the base URL, and the body of a request for a stream."""
    return PATH, write_request(asked)


def place(base: str, path: str = PATH) -> str:
    """Return the path that is asked below the path of a base URL.

    A base that is a proxy's own path already, `/stream` or `/stream/NAME`, below whatever the
    proxy is mounted at, is asked as it is.
    """
    base = base.rstrip("/")
    return base if path.strip("/") in base.split("/")[-2:] else base + path
