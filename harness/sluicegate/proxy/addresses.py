"""The full address that is asked of an upstream, and base URLs that surely make a wrong one."""

from collections.abc import Mapping
from typing import Final

import httpx

from sluicegate.upstream import anthropic_request, openai_request, proxy_request
from sluicegate.upstream.formats import FORMATS, FormatName

_PATHS: Final[Mapping[FormatName, str]] = {
    "anthropic": anthropic_request.PATH,
    "openai": openai_request.PATH,
    "proxy": proxy_request.PATH,
}

_ENDS: Final[Mapping[FormatName, tuple[str, ...]]] = {
    "anthropic": ("/v1/messages", "/messages", "/v1"),
    "openai": ("/chat/completions", "/chat", "/completions"),
    "proxy": (),
}
"""What belongs to the path that is appended, or to another one; the longest comes first."""

_PUBLIC: Final = "api.openai.com"


def asked(base_url: str, format_: FormatName) -> str:
    """Return the URL that a request goes to; raises httpx.InvalidURL."""
    url = httpx.URL(base_url)
    place = FORMATS[format_].place(url.path, _PATHS[format_])
    # Some put their key into the query.
    shown = str(url.copy_with(path=place, query=None))
    return f"{shown}?***" if url.query else shown


def wrong_end(base_url: str, format_: FormatName) -> str:
    """Say what is wrong with the path of a base URL, nothing where it may be right."""
    url = httpx.URL(base_url)
    path = url.path.rstrip("/")
    end = next((end for end in _ENDS[format_] if path.endswith(end)), "")
    if format_ == "openai" and url.host == _PUBLIC and not path:
        return f"expected https://{_PUBLIC}/v1, as POST {asked(base_url, format_)} is no path of it"
    if not end:
        return ""
    return f"expected one without {end} at its end: it would ask POST {asked(base_url, format_)}"
