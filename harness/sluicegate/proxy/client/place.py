"""Where a client asks, what it shows there, and how both appear in its errors."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

import httpx

from sluicegate.errors import SluicegateError
from sluicegate.upstream.masking import without_controls
from sluicegate.upstream.proxy_request import PATH, place

_MASK: Final = "***"
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Place:
    """The URL that is asked, and the token that it is shown, none where it is empty."""

    url: httpx.URL
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"POST {self.masked(str(self.url.copy_with(query=None)))}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", **shown}

    def masked(self, words: str) -> str:
        """Return words of others on one line, not too long, and without the token."""
        words = without_controls(words)
        words = " ".join((words.replace(self.token, _MASK) if self.token else words).split())
        return words if len(words) <= _LONGEST else words[:_LONGEST] + "..."

    def below(self, upstream: str | None, *, framing: bool) -> "Place":
        """Return the place of one upstream's streams, by default the proxy's own choice.

        Raises SluicegateError where the URL names another one already.
        """
        path = place(self.url.path)
        if upstream and not self._names(upstream, path):
            path = f"{path}/{quote(upstream, safe='')}"
        query = b"framing=true" if framing else None
        return Place(self.url.copy_with(path=path, query=query), self.token)

    @staticmethod
    def _names(upstream: str, path: str) -> bool:
        before, _, name = path.rpartition("/")
        if not before.endswith(PATH):
            return False
        if unquote(name) != upstream:
            raise SluicegateError(
                f"expected one upstream, got two: {unquote(name)!r} in the base URL, and "
                f"{upstream!r}"
            )
        return True


def proxy_at(base_url: str, token: str | None) -> Place:
    """Return the place of a proxy; raises SluicegateError for what cannot be one."""
    for what, text in (("base URL", base_url), ("token", token or "")):
        if not isinstance(text, str):
            raise SluicegateError(
                f"expected a text as the {what}, got one of type {type(text).__name__}"
            )
    token = token or ""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise SluicegateError(
            f"expected visible ASCII characters as the token, got {len(token)} others"
        )
    return Place(_url(base_url), token)


def _url(text: str) -> httpx.URL:
    # The text may hold a password: it is not shown.
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise SluicegateError("expected a URL as the base URL, got one with mistakes") from None
    extra = url.userinfo or url.query or url.fragment
    if url.scheme not in ("http", "https") or not url.host or extra:
        raise SluicegateError(
            "expected a base URL such as http://localhost:8080, without user, password and query, "
            f"got one with scheme {url.scheme!r} and host {url.host!r}"
        )
    return url
