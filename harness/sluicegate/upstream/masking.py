"""Masks what a client must not see in an upstream's words: secrets, addresses, stack traces."""

import re
from dataclasses import dataclass, field
from typing import Final

MASK: Final = "***"

LONGEST: Final = 300
"""Characters of an upstream's words that are passed on."""

# What a pattern takes can grow with the square of what it is given.
_READ: Final = 2000

# Terminals obey them, and they could stand within a secret.
_CONTROLS: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
)
_TRACE: Final = re.compile(r"Traceback \(most recent call last\)|\n[ \t\r]*(?:at |File \")")
_NAMES: Final = "api[-_ ]?key|token|secret|password|authorization"
_SCHEMES: Final = "(?:bearer|basic)"
_PREFIXES: Final = "sk|pk|rk|gsk|xai|hf|ghp|gho|nvapi|pplx|csk|fw|r8"
_SECRETS: Final = (
    # What a name announces; `\1` stays.
    rf"((?:{_NAMES})(?: provided)?[\"']?\s*[:=]\s*[\"']?)(?:{_SCHEMES}\s+)?[^\s\"',;]+",
    rf"(\b{_SCHEMES}\s+)(?=\S*\d|\S{{20}})[^\s\"',;]{{8,}}",
    # What looks like a key by itself, whole or with asterisks in place of its middle.
    rf"\b(?:{_PREFIXES})[-_][\w*.-]{{6,}}",
    r"\bAIza[\w-]{20,}",
    r"\beyJ[\w-]{5,}(?:\.[\w-]+)+",
    r"(?<![A-Za-z0-9])[0-9a-fA-F]{16,}(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,}(?![A-Za-z0-9])",
)
_ADDRESSES: Final = (
    # A host that was masked by its name.
    r"\*{3}:\d{1,5}\b",
    r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+",
    r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?\b",
    r"\[[0-9a-f]*:[0-9a-f:.]*\](?::\d{1,5})?",
    r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])|(?<![\w:])::1\b",
    r"\blocalhost\b(?::\d{1,5})?",
    r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|localdomain|lan|corp|intranet|svc)\b(?::\d{1,5})?",
    r"\b[a-z][\w-]*(?:\.[\w-]+)+:\d{2,5}\b",
    r"\b[a-z][\w-]*:\d{4,5}\b",
    r"(?<![\w.])/(?:app|data|etc|home|mnt|opt|root|srv|tmp|usr|var|workspace|Users)/[^\s\"',:]+",
)
_HIDDEN = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (*_SECRETS, *_ADDRESSES))


@dataclass(frozen=True, slots=True)
class Mask:
    """Makes words fit to be shown to a client; `secrets` are masked wherever they stand."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    def __call__(self, words: str) -> str:
        """Return the words on one line, masked, and without what follows as a stack trace."""
        # The exact secrets come first: a pattern could take a part of one, and leave the rest.
        words = self.exact(without_controls(words))
        words = " ".join(_TRACE.split(words, maxsplit=1)[0].split())[:_READ]
        for pattern in _HIDDEN:
            words = pattern.sub(_masked, words)
        return words if len(words) <= LONGEST else words[:LONGEST] + "..."

    def exact(self, words: str) -> str:
        """Return the words with the secrets masked, and nothing else."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            words = words.replace(secret, MASK)
        return words


def without_controls(words: str) -> str:
    """Return words without what a terminal would obey, or would not show."""
    return _CONTROLS.sub("", words)


def _masked(found: re.Match[str]) -> str:
    return (found[1] if found.re.groups else "") + MASK
