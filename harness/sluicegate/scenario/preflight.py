"""The preflight: one look at a system before it is judged, and what is wrong with its set-up."""

from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final

from sluicegate.errors import NotJudgedError
from sluicegate.provider.token import mark

from .chat import Chat, plain_request
from .client import ask
from .exchange import Request
from .launch.instance import EndedError
from .launch.ready import listens
from .profile import DEFAULT_VARIANT
from .session import Session
from .sight import Look, Mode, Sight
from .systems import AGENTS, GATEWAY, Instance
from .target import Targets
from .troubles import wrong

LIMIT: Final = 30.0
"""Seconds on the clock that each of the two answers gets."""

SHOWN: Final = 15
"""Lines of what a system has printed that are shown."""


async def look(targets: Targets, system: str = GATEWAY, *, limit: float = LIMIT) -> Look:
    """Ask a gateway once plain and once streamed, as far as it claims to stream.

    Of another system only its readiness is seen. Each answer gets `limit` seconds. To be awaited on
    the clock's loop.
    """
    seen, token = Look(), targets.token()
    try:
        async with aclosing(Session(targets, system, DEFAULT_VARIANT, token)) as session:
            seen = await _seen(targets, system, session, token, limit)
    except NotJudgedError as error:
        return Look(failure=str(error))
    except EndedError as error:
        return replace(seen, ended=error.ending)
    return seen


async def _seen(targets: Targets, system: str, session: Session, token: str, limit: float) -> Look:
    instance = await session.instance()
    said = f"Sluicegate has a first look, {token}"
    if instance.control is not None:
        plan = {"answers": [{"text": said}]}
        await session.file(dict.fromkeys(AGENTS[system], plan))
    sights: list[Sight] = []
    for mode in _modes(targets, system):
        asking = partial(ask, request=_request(targets, system, token, mode), leave=limit)
        exchange = await session.exchange(asking, is_marked=False)
        sights.append(Sight(mode, exchange, said))
        if exchange.ending != "complete":
            break
    found = _look(targets, system, instance, tuple(sights))
    is_broken = any(sight.is_broken for sight in sights)
    return await _with_reason(found, instance) if is_broken else found


async def _with_reason(look: Look, instance: Instance) -> Look:
    """Add what may tell why there was no answer."""
    printed = instance.output()[-SHOWN:]
    return replace(look, listens=await listens(look.url), printed=tuple(printed))


def _modes(targets: Targets, system: str) -> tuple[Mode, ...]:
    # What a provider or a proxy wants to be shown, only their features know.
    if system != GATEWAY:
        return ()
    claim = targets.claims(system).of("streaming").claim
    return ("plain",) if claim is False else ("plain", "streamed")


def _request(targets: Targets, system: str, token: str, mode: Mode) -> Request:
    options = {"stream": True} if mode == "streamed" else {}
    headers = targets.headers(system, DEFAULT_VARIANT)
    return plain_request(mark(token), headers, targets.models(system), **options)


def _look(targets: Targets, system: str, instance: Instance, sights: tuple[Sight, ...]) -> Look:
    headers = targets.headers(system, DEFAULT_VARIANT)
    return Look(
        url=instance.url,
        model=targets.models(system).get(Chat().model, Chat().model),
        sights=sights,
        agents=instance.agents,
        is_witnessed=instance.control is not None,
        has_key=any(name.lower() == "authorization" for name, _ in headers),
    )


def trouble(look: Look) -> str:
    """Return what is wrong with a system's set-up, and what to do; "" where nothing seems to be."""
    found = (wrong(look, sight) for sight in look.sights)
    return look.failure or next(filter(None, found), "")
