"""What is wrong with a URL that is to be a system's."""

import re
from collections.abc import Callable
from typing import Final

PATTERN: Final = (
    r"^https?://([^/\s:@?#]+|\[[0-9A-Fa-f:.]+\])"
    r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
    r"(/[^\s?#]*)?$"
)
"""What a system's URL is like, as the schema of profiles has it."""

_API: Final = re.compile(r"(?<!/)/v1(?:/chat/completions)?(?=/*$)")


def url_trouble(url: str) -> str:
    """Return what keeps a text from being a system's URL, "" where nothing does.

    It shows no part of the text, as there may be a password in it.
    """
    if re.search(PATTERN, url):
        return ""
    return next((said for holds, said in _TROUBLES if holds(url)), _OTHERWISE)


def api_trouble(url: str) -> str:
    """Return why a URL is that of an API, and not of the gateway that has it, "" if it is not."""
    found = _API.search(url)
    return f"leave {found[0]} out: the gateway's URL is what comes before it" if found else ""


def _authority(url: str) -> str:
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


_TROUBLES: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (
        lambda url: not re.match("https?://", url),
        "expected http:// or https:// at the beginning of the URL",
    ),
    (
        lambda url: "@" in url,
        "leave the user and the password before the @ out of the URL: clients show a key instead",
    ),
    (lambda url: "?" in url, "leave the query out of the URL: the question mark, and what follows"),
    (lambda url: "#" in url, "leave the fragment out of the URL: the #, and what follows"),
    (lambda url: bool(re.search(r"\s", url)), "expected no spaces in the URL"),
    (
        lambda url: _authority(url).rpartition("]")[2].count(":") == 1,
        "expected a port from 1 to 65535 after the colon in the URL",
    ),
)
_OTHERWISE: Final = "expected a URL such as http://127.0.0.1:8001"
