"""What `sluicegate gateway` would serve, in lines, and what is doubtful about it."""

from collections.abc import Iterator
from math import isinf

from sluicegate.gateway.configuration import KEYS, Configuration
from sluicegate.gateway.settings import Agent, Settings
from sluicegate.provider.guard import is_loopback


def agents(settings: Settings) -> Iterator[str]:
    """Say where each agent is."""
    for agent in settings.agents:
        fallback = settings.fallbacks.get(agent.name)
        then = f", then {fallback}" if fallback else ""
        yield f"{agent.name} is {agent.base_url}{then}"


def doubts(settings: Settings) -> Iterator[str]:
    """Tell what is not safe where other machines can reach the gateway."""
    if not (settings.keys or is_loopback(settings.host)):
        yield f"other machines may reach {settings.host}, and nobody is asked for a key: set {KEYS}"


def summary(configuration: Configuration) -> Iterator[str]:
    """Describe what would be served, in lines, with secrets masked."""
    settings = configuration.settings
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    yield f"listens on {'https' if configuration.certificate else 'http'}://{host}:{settings.port}"
    yield f"keys of clients: {len(settings.keys) or 'none'}"
    for agent in settings.agents:
        yield from _agent(agent)
    yield "models"
    for route in settings.routes:
        yield f"  {route.models} go to {route.agent}"
    yield f"  others go to {settings.primary}"
    enabled = "enabled" if settings.fallback_enabled else "disabled"
    yield f"fallbacks: {enabled}, {settings.fallback_format} for streams"
    yield f"limits: {', '.join(_limits(settings))}"
    numbers = settings.breaker
    yield (
        f"circuits: open after {numbers.failures} failures, for {numbers.open_seconds:g} s, "
        f"closed after {numbers.successes} successes"
    )
    yield f"requests: {'logged' if configuration.log_requests else 'not logged'}"


def _agent(agent: Agent) -> Iterator[str]:
    yield f"agent {agent.name}"
    yield f"  base URL: {agent.base_url}"
    yield f"  key: {'***' if agent.key else 'none'}"
    yield f"  health: {agent.health_url or 'not checked'}"
    yield f"  fallback: {agent.fallback or 'none'}"
    yield f"  models: {', '.join(model.id for model in agent.models) or 'none'}"


def _limits(settings: Settings) -> Iterator[str]:
    limits = settings.limits
    named = {
        "connect": limits.connect,
        "first content": limits.first_content,
        "gap": limits.gap,
        "whole stream": limits.whole,
        "plain": settings.plain_limit,
    }
    for name, seconds in named.items():
        yield f"{name} {'none' if isinf(seconds) else f'{seconds:g} s'}"
