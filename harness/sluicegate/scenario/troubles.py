"""What can be wrong with the set-up of a system, as its first answers show it."""

from collections.abc import Callable
from typing import Final

from httpx import codes

from .checks.values import quoted
from .sight import Look, Sight


def wrong(look: Look, sight: Sight) -> str:
    """Return what is wrong with the set-up, as an answer shows it, and what to do; or ""."""
    said = next((say(look, sight) for holds, say in _TROUBLES if holds(look, sight)), "")
    return said and f"POST {look.url}{sight.exchange.request.target} ({sight.mode}) {said}"


_CORRECT_AGENTS: Final = (
    "it asks something else; let it ask them, or correct the ports in the profile's `agents`"
)
_NO_STREAMS: Final = (
    "switch streaming on there, or say that it cannot by `streaming = false` in "
    "[gateway.capabilities]"
)
_EXCERPT: Final = 160


def _is_alone(look: Look, sight: Sight) -> bool:
    """Tell whether the system has answered without asking an agent."""
    return look.is_witnessed and not sight.asked


def _is_refusal(look: Look, sight: Sight) -> bool:
    return _is_alone(look, sight) and codes.is_client_error(sight.status)


def _hangs(_: Look, sight: Sight) -> bool:
    return sight.exchange.ending == "left"


def _says_that_it_hangs(look: Look, sight: Sight) -> str:
    told = f"had no whole answer after {sight.whole:.0f} s"
    if not sight.asked:
        return f"{told}{_and_nobody(look)}: {_CORRECT_AGENTS}"
    agents = " and ".join(dict.fromkeys(asked.agent for asked in sight.asked))
    return f"{told}, though {agents} had answered it: look into the system's log"


def _is_not_there(_: Look, sight: Sight) -> bool:
    return sight.status == 0


def _says_not_there(_: Look, sight: Sight) -> str:
    trouble = sight.exchange.trouble
    return f"was not answered: {trouble}; correct its url, or look whether it runs there"


def _is_html(_: Look, sight: Sight) -> bool:
    return sight.content_type in ("text/html", "application/xhtml+xml")


def _says_html(_: Look, sight: Sight) -> str:
    return (
        f"was answered {sight.status} with a page of HTML: that is a web site, or what stands in "
        "front of the gateway; correct its url"
    )


def _is_misled(_: Look, sight: Sight) -> bool:
    return any(asked.status not in (codes.OK, None) for asked in sight.asked[-1:])


def _says_misled(look: Look, sight: Sight) -> str:
    last = sight.asked[-1]
    return (
        f"led to POST {last.path} at {last.agent}, which answered {last.status}: correct the "
        f"address at which it asks (for most, {_addresses(look, '/v1')})"
    )


def _refuses_key(_: Look, sight: Sight) -> bool:
    return sight.status in (codes.UNAUTHORIZED, codes.FORBIDDEN)


def _says_key(look: Look, sight: Sight) -> str:
    if look.has_key:
        return f"{_answered(sight)}; it does not accept the profile's key: correct `key`"
    return f"{_answered(sight)}; it wants a key: give it one, as `key` or --api-key"


def _refuses_stream(look: Look, sight: Sight) -> bool:
    return sight.mode == "streamed" and _is_refusal(look, sight)


def _says_refused_stream(_: Look, sight: Sight) -> str:
    return f"{_answered(sight)}, and a plain request was not; {_NO_STREAMS}"


def _knows_no_model(look: Look, sight: Sight) -> bool:
    is_about_model = b"model" in sight.exchange.body.lower()
    return _is_refusal(look, sight) and (sight.status == codes.NOT_FOUND or is_about_model)


def _says_model(look: Look, sight: Sight) -> str:
    return (
        f"{_answered(sight)}; if it does not know the model {quoted(look.model)}, say what that is "
        "called there by [gateway.models] or --model, otherwise correct its url"
    )


def _says_refused(_: Look, sight: Sight) -> str:
    return f"{_answered(sight)}; correct its configuration, or `headers` in the profile"


def _goes_astray(look: Look, sight: Sight) -> bool:
    return _is_alone(look, sight) and codes.is_server_error(sight.status)


def _says_astray(look: Look, sight: Sight) -> str:
    return f"{_answered(sight)}{_and_nobody(look)}: {_CORRECT_AGENTS}"


def _says_made_up(look: Look, sight: Sight) -> str:
    return (
        f"{_answered(sight)}, by the system itself{_and_nobody(look)}: {_CORRECT_AGENTS}; if it "
        "has a cache, switch that off"
    )


def _does_not_stream(_: Look, sight: Sight) -> bool:
    is_json = sight.content_type == "application/json"
    return sight.mode == "streamed" and is_json and codes.is_success(sight.status)


def _says_no_stream(_: Look, sight: Sight) -> str:
    return f"was answered {sight.status} with JSON, and not with a stream; {_NO_STREAMS}"


_Holds = Callable[[Look, Sight], bool]
_Says = Callable[[Look, Sight], str]

_TROUBLES: Final[tuple[tuple[_Holds, _Says], ...]] = (
    (_hangs, _says_that_it_hangs),
    (_is_not_there, _says_not_there),
    (_goes_astray, _says_astray),  # many a proxy says 502 or 401 in HTML
    (_refuses_key, _says_key),
    (_is_html, _says_html),
    (_is_misled, _says_misled),
    (_refuses_stream, _says_refused_stream),
    (_knows_no_model, _says_model),
    (_is_refusal, _says_refused),
    (_is_alone, _says_made_up),
    (_does_not_stream, _says_no_stream),
)
"""What can be wrong, the first that holds, and what is said of it."""


def _answered(sight: Sight) -> str:
    body = sight.exchange.body
    words = f", {quoted(body, _EXCERPT)}" if body else ""
    return f"was answered {sight.status}{words}"


def _and_nobody(look: Look) -> str:
    return f", and none of its agents was asked ({_addresses(look)})"


def _addresses(look: Look, path: str = "") -> str:
    urls = (f"{agent} at {url}{path}" for agent, url in look.agents.items())
    return ", ".join(urls) or "those of [provider] in the profile"
