"""What can be wrong with the set-up of a system, as its first answers show it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from httpx import codes

from .checks.values import number, parsed, quoted
from .sight import Look, Sight


def wrong(look: Look, sight: Sight) -> str:
    """Return what is wrong with the set-up, as an answer shows it, and what to do; or ""."""
    said = next((say(look, sight) for holds, say in _TROUBLES if holds(look, sight)), "")
    return said and f"POST {look.url}{sight.exchange.request.target} ({sight.mode}) {said}"


@dataclass(frozen=True, slots=True)
class _Remedies:
    """What a user can do, by what the system is known from."""

    agents: str
    url: str
    give_key: str
    correct_key: str
    model: str
    configuration: str
    no_streams: str


_OF_PROFILES: Final = _Remedies(
    agents="correct the ports in the profile's `agents`",
    url="correct its url",
    give_key="give it one, as `key` in the profile",
    correct_key="it does not accept the profile's key: correct `key`",
    model="[gateway.models]",
    configuration="correct its configuration, or `headers` in the profile",
    no_streams="say that it cannot by `streaming = false` in [gateway.capabilities]",
)
_OF_STARTS: Final = replace(
    _OF_PROFILES, agents="correct its command, environment or template in the profile"
)
_OF_URLS: Final = _Remedies(
    agents="correct --agent, the ports at which it asks its agents",
    url="correct the URL",
    give_key="give it one by --api-key",
    correct_key="it does not accept the key: correct --api-key",
    model="--model",
    configuration="correct its configuration",
    no_streams="judge it by a profile that says `streaming = false`",
)


def _remedies(look: Look) -> _Remedies:
    if look.is_by_url:
        return _OF_URLS
    return _OF_STARTS if look.is_started else _OF_PROFILES


def _correct_agents(look: Look) -> str:
    return f"it asks something else; let it ask them, or {_remedies(look).agents}"


def _no_streams(look: Look) -> str:
    return f"switch streaming on there, or {_remedies(look).no_streams}"


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
        return f"{told}{_and_nobody(look)}: {_correct_agents(look)}"
    agents = " and ".join(dict.fromkeys(asked.agent for asked in sight.asked))
    return f"{told}, though {agents} had answered it: look into the system's log"


def _is_not_there(look: Look, sight: Sight) -> bool:
    is_accepted = look.listens or look.ended or sight.exchange.cause is not None
    return sight.is_broken and not is_accepted


def _says_not_there(look: Look, sight: Sight) -> str:
    trouble = sight.exchange.trouble
    return f"was not answered: {trouble}; look whether it runs there, or {_remedies(look).url}"


def _breaks(_: Look, sight: Sight) -> bool:
    return sight.is_broken


def _says_broken(look: Look, sight: Sight) -> str:
    told = f"broke without an answer: {sight.exchange.trouble.rstrip('.')}"
    if look.is_started:
        return f"{told}; {look.ended or 'its process runs on'}: {_printed(look)}"
    told += "" if look.listens else "; nobody listens there any more"
    if _is_alone(look, sight):
        told += _and_nobody(look)
        return f"{told}: look into its log, or {_remedies(look).agents}"
    return f"{told}: look into its log"


def _printed(look: Look) -> str:
    if not look.printed:
        return "it printed nothing about it"
    lines = "".join(f"\n  {line}" for line in look.printed)
    return f"look at what it printed, its last {number(len(look.printed), 'line')}:{lines}"


def _is_html(_: Look, sight: Sight) -> bool:
    return sight.content_type in ("text/html", "application/xhtml+xml")


def _says_html(look: Look, sight: Sight) -> str:
    return (
        f"was answered {sight.status} with a page of HTML: that is a web site, or what stands in "
        f"front of the gateway; {_remedies(look).url}"
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
        return f"{_answered(sight)}; {_remedies(look).correct_key}"
    return f"{_answered(sight)}; it wants a key: {_remedies(look).give_key}"


def _refuses_stream(look: Look, sight: Sight) -> bool:
    return sight.mode == "streamed" and _is_refusal(look, sight)


def _says_refused_stream(look: Look, sight: Sight) -> str:
    return f"{_answered(sight)}, and a plain request was not; {_no_streams(look)}"


def _knows_no_model(look: Look, sight: Sight) -> bool:
    is_about_model = b"model" in sight.exchange.body.lower()
    return _is_refusal(look, sight) and (sight.status == codes.NOT_FOUND or is_about_model)


def _says_model(look: Look, sight: Sight) -> str:
    return (
        f"{_answered(sight)}; if it does not know the model {quoted(look.model)}, say what that is "
        f"called there by {_remedies(look).model}, otherwise {_remedies(look).url}"
    )


def _says_refused(look: Look, sight: Sight) -> str:
    return f"{_answered(sight)}; {_remedies(look).configuration}"


def _goes_astray(look: Look, sight: Sight) -> bool:
    return _is_alone(look, sight) and codes.is_server_error(sight.status)


def _says_astray(look: Look, sight: Sight) -> str:
    return f"{_answered(sight)}{_and_nobody(look)}: {_correct_agents(look)}"


def _says_made_up(look: Look, sight: Sight) -> str:
    return (
        f"{_answered(sight)}, by the system itself{_and_nobody(look)}: {_correct_agents(look)}; if"
        " it has a cache, switch that off"
    )


def _does_not_stream(_: Look, sight: Sight) -> bool:
    is_told = sight.content_type == "application/json" and codes.is_success(sight.status)
    return sight.mode == "streamed" and is_told and _is_json(sight.exchange.body)


def _is_json(body: bytes) -> bool:
    # An event stream may call itself JSON: that it is no stream, would be wrong.
    try:
        parsed(body)
    except ValueError:
        return False
    return True


def _says_no_stream(look: Look, sight: Sight) -> str:
    return f"was answered {sight.status} with JSON, and not with a stream; {_no_streams(look)}"


_Holds = Callable[[Look, Sight], bool]
_Says = Callable[[Look, Sight], str]

_TROUBLES: Final[tuple[tuple[_Holds, _Says], ...]] = (
    (_hangs, _says_that_it_hangs),
    (_is_not_there, _says_not_there),
    (_breaks, _says_broken),
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
