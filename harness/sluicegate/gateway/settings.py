"""What a gateway is told: its agents, which models go where, and its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from sluicegate.upstream.limits import Limits
from sluicegate.upstream.masking import Mask

from .breaker import Numbers
from .routing import ROUTES, Route

AgentFormat = Literal["openai"]
"""The wire formats of agents; what they send is passed on as it is."""

FallbackFormat = Literal["json", "sse"]
"""How a stream's client gets the answer to a plain attempt: as one document, or as a stream."""

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body that a gateway takes unless told otherwise."""

PLAIN_LIMIT: Final = 15.0
"""Seconds that a plain attempt may take unless told otherwise."""

_LIMITS: Final = Limits()
_NUMBERS: Final = Numbers()


@dataclass(frozen=True, slots=True)
class Model:
    """A model, as clients see it listed; costs are in dollars per 1000 tokens."""

    id: str
    description: str = ""
    max_tokens: int = 0
    input_cost_per_1k: float = 0.0
    output_cost_per_1k: float = 0.0
    owned_by: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent: where it is, the key that it is shown, and the agent to ask if it fails.

    Without `health_url` it counts as healthy.
    """

    name: str
    base_url: str
    key: str = field(default="", repr=False)
    models: tuple[Model, ...] = ()
    health_url: str | None = None
    fallback: str | None = None
    format: AgentFormat = "openai"


@dataclass(frozen=True, slots=True)
class Settings:
    """A gateway: `primary` is the agent of the models that no route fits.

    `limits` are those of a streamed attempt, `plain_limit` is that of a plain one, in seconds.
    Clients must show one of `keys`, if there are any. `largest_body` is in bytes.
    """

    agents: tuple[Agent, ...]
    primary: str
    routes: tuple[Route, ...] = ROUTES
    fallback_enabled: bool = True
    fallback_format: FallbackFormat = "json"
    limits: Limits = _LIMITS
    plain_limit: float = PLAIN_LIMIT
    breaker: Numbers = _NUMBERS
    keys: tuple[str, ...] = field(default=(), repr=False)
    host: str = "127.0.0.1"
    port: int = 8081
    largest_body: int = LARGEST_BODY

    @property
    def fallbacks(self) -> Mapping[str, str]:
        """The fallbacks that may be used, by the names of their agents."""
        if not self.fallback_enabled:
            return {}
        return {agent.name: agent.fallback for agent in self.agents if agent.fallback}

    @property
    def mask(self) -> Mask:
        """What hides the keys and the addresses of this gateway in words for a client."""
        keys = (*self.keys, *(agent.key for agent in self.agents))
        urls = (urlsplit(agent.base_url) for agent in self.agents)
        return Mask((*keys, *(part for url in urls for part in (url.netloc, url.hostname or ""))))
