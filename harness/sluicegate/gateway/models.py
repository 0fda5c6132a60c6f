"""The models of all agents, as `GET /v1/models` lists them."""

from typing import Any

from .settings import Agent, Model, Settings


def listed(settings: Settings, created: int) -> dict[str, Any]:
    """Return the list, each model once, as its first agent has it; `created` in Unix seconds."""
    found: dict[str, dict[str, Any]] = {}
    for agent in settings.agents:
        for model in agent.models:
            found.setdefault(model.id, _entry(model, agent, created))
    return {"object": "list", "data": list(found.values())}


def _entry(model: Model, agent: Agent, created: int) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": created,
        "owned_by": model.owned_by or agent.name,
        "description": model.description,
        "max_tokens": model.max_tokens,
        "input_cost_per_1k": model.input_cost_per_1k,
        "output_cost_per_1k": model.output_cost_per_1k,
    }
