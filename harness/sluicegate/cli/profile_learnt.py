"""What a first look has shown of a system, in sentences, and what that means for its profile."""

from collections.abc import Iterator, Sequence
from typing import Final

from sluicegate.scenario.sight import Asked, Look, Sight

_SPREAD: Final = 0.5
"""The part of the time in which the provider wrote a text that the client got it in, at least."""

_OF_THE_HOP: Final = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "vary"}
)
"""Headers that belong to one connection, or to who answers on it."""


def learnt(look: Look) -> Iterator[str]:
    """Yield sentences about the plain answer, then about the stream."""
    for sight in look.sights:
        yield _answered(look, sight)
        if look.is_witnessed:
            yield from _witnessed(look, sight)
    if look.sights and not look.is_witnessed:
        yield (
            "Nobody knows which agents it asked, so much of the contract cannot be judged: let it"
            " ask those that Sluicegate serves, by a command, or a url with `agents`."
        )


def _answered(look: Look, sight: Sight) -> str:
    first = "" if sight.first is None else f", the first byte after {_ms(sight.first)}"
    kind = "A plain request" if sight.mode == "plain" else "A request for a stream"
    return (
        f"{kind}, POST {look.url}{sight.exchange.request.target}, was answered {sight.status} with"
        f" {sight.content_type or 'no content type'}{first}, the last after {_ms(sight.whole)}."
    )


def _witnessed(look: Look, sight: Sight) -> Iterator[str]:
    asked = sight.asked
    if not asked:
        return
    yield _who(look, sight, asked)
    if len(asked) > 1:
        yield (
            f"For this one request it asked {len(asked)} times ({_modes(asked)}): it tries again by"
            " itself, and waits add up. Switch that off there, or say how often in"
            " [gateway.values], attempts_plain and attempts_streamed."
        )
    if sight.mode == "streamed":
        yield _flow(sight)
    if dropped := _dropped(sight):
        yield f"The agent sent these headers, and the client did not get them: {dropped}."


def _who(look: Look, sight: Sight, asked: Sequence[Asked]) -> str:
    first = asked[0]
    same = first.model == look.model
    named = "as the client did" if same else f'where the client said "{look.model}"'
    told = (
        f'It asked {first.agent} after {_ms(first.after)}, POST {first.path}, for "{first.model}",'
        f" {named}."
    )
    if first.mode == sight.mode:
        return told
    return f"{told} It asked {first.mode}, where the client's request was {sight.mode}."


def _modes(asked: Sequence[Asked]) -> str:
    return ", ".join(f"{each.agent} {each.mode}" for each in asked)


def _flow(sight: Sight) -> str:
    times = [at for at, _ in sight.texts]
    sent = [write.at for each in sight.exchange.provided or () for write in each.entry.writes]
    if len(times) < _FEW or len(sent) < _FEW:
        return f"Its text came in {len(times)} piece{'' if len(times) == 1 else 's'}."
    spread = times[-1] - times[0]
    if spread >= _SPREAD * (sent[-1] - sent[0]):
        return f"Its text came in {len(times)} pieces over {_ms(spread)}, as the agent wrote it."
    return (
        f"Its text came in {len(times)} pieces within {_ms(spread)}, and the agent wrote it over"
        f" {_ms(sent[-1] - sent[0])}: it holds the stream back, and STREAM-004 will fail. Look for"
        " a buffer to switch off."
    )


_FEW: Final = 3


def _dropped(sight: Sight) -> str:
    got = {name.lower() for name, _ in sight.exchange.headers}
    provided = sight.exchange.provided or ()
    sent = {name.lower() for each in provided for name, _ in each.entry.response_headers}
    return ", ".join(sorted(sent - got - _OF_THE_HOP))


def _ms(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
