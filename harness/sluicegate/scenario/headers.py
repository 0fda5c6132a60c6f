"""What HTTP can carry as the name and as the value of a header."""

import re
from typing import Final

_NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_BEGIN: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]*")
_VALUE: Final = re.compile(r"(?:[!-~]+(?:[ \t]+[!-~]+)*)?")


def name_trouble(name: str) -> str:
    """Return why a text is no name of a header, "" where it is; what may be a value is not shown.

    Source: RFC 9110, section 5.1.
    """
    if _NAME.fullmatch(name):
        return ""
    found = _BEGIN.match(name)
    begin = found[0] if found else ""
    got = f"one that goes on otherwise after {begin!r}" if begin else "another one"
    return f"expected a name of letters, digits and any of !#$%&'*+-.^_`|~, got {got}"


def value_trouble(value: str) -> str:
    """Return why a text is no value of a header, "" where it is; the text itself is not shown.

    Source: RFC 9110, section 5.5, without what is no ASCII.
    """
    if _VALUE.fullmatch(value):
        return ""
    return (
        "expected letters, digits and signs of ASCII, with spaces between them only, got something"
        " else, such as a line break or an accent (it may be a secret, and is not shown)"
    )


def key_trouble(key: str) -> str:
    """Return why a text is no key, "" where it is; the text itself is not shown."""
    return value_trouble(key) if key else "expected a key, got an empty one"
