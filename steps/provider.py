"""The provider: what it answers, at which pace, how it fails, and what its journal shows."""

from sluicegate.gherkin import given, then
from sluicegate.scenario.checks import provider, secrecy
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.world import World


@given("the provider's variant is {variant}")
def _(world: World, variant: str) -> None:
    world.choose("provider", variant)


@then("the provider was asked {count}")
def _(world: World, count: int) -> None:
    provider.was_asked(world.exchanges, count)


@then("{json_path} of the provider's request is {value}")
def _(world: World, path: str, value: object) -> None:
    provider.request_is(world.exchange, path, value)


@then("{json_path} of the provider's request is missing")
def _(world: World, path: str) -> None:
    provider.request_is(world.exchange, path, MISSING)


@then("{json_path} of the provider's request is this JSON")
def _(world: World, path: str, docstring: str) -> None:
    provider.request_is_json(world.exchange, path, docstring)


@then("the provider's request follows the schema {schema}")
def _(world: World, schema: str) -> None:
    provider.request_follows(world.exchange, schema)


@then("the provider was shown the key {text}")
def _(world: World, key: str) -> None:
    secrecy.was_shown(world.exchange, key)


@then("the provider was never shown {text}")
def _(world: World, text: str) -> None:
    secrecy.was_never_shown(world.exchanges, text)


@then("the provider's journal has the header {text} as {text}")
def _(world: World, name: str, value: str) -> None:
    provider.request_has_header(world.exchange, name, value)


@then("the provider's journal has a token")
def _(world: World) -> None:
    provider.bears_token(world.exchange)


@then("the provider's journal says that {outcome}")
def _(world: World, outcome: str) -> None:
    provider.ended(world.exchange, outcome)


@then("the provider's journal says that {outcome} after {duration}")
def _(world: World, outcome: str, seconds: float) -> None:
    provider.ended_after(world.exchange, outcome, seconds, world.clock)


@then("the provider's journal has {number} write(s)")
def _(world: World, count: int) -> None:
    provider.wrote(world.exchange, count)


@then("the client read the body in the pieces that the provider wrote")
def _(world: World) -> None:
    provider.reads_are_writes(world.exchange, world.clock)
