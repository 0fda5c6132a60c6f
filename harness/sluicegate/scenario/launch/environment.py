"""The environment of a command: ours, without what is nothing to it, and the profile's."""

from collections.abc import Mapping
from typing import Final

OURS: Final = frozenset(
    {
        "AGENT_FALLBACK_ENABLED",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "AZURE_OPENAI_API_KEY",
        "GATEWAY_KEYS",
        "GEMINI_API_KEY",
        "GITHUB_TOKEN",
        "GOOGLE_API_KEY",
        "MISTRAL_API_KEY",
        "OPENAI_API_BASE",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENROUTER_API_KEY",
        "PROXY_TOKEN",
        "SLUICEGATE_API_KEY",
        "SLUICEGATE_CONTROL_TOKEN",
    }
)
"""Variables that would give a gateway real keys, or other agents than the harness's."""

_NEAR: Final = "127.0.0.1,localhost"


def environment(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a command gets, `theirs` being the profile's.

    Agents are asked past any proxy for outgoing requests, and what Python prints is not held back.
    """
    kept = {name: value for name, value in ours.items() if name not in OURS}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), _NEAR)))
    return {**kept, "PYTHONUNBUFFERED": "1", **theirs}


def environment_trouble(name: str, value: str) -> str:
    """Return why there can be no variable of this name and value, "" where there can; no value."""
    if not name or "=" in name or "\0" in name:
        return f"expected the name of a variable, without = and NUL, got {name!r}"
    return f"leave the NUL out of {name}, which ends a value" if "\0" in value else ""
