"""The provider: what it answers, at which pace, how it fails, and what its journal shows."""

from sluicegate.gherkin import given, then
from sluicegate.scenario.checks import provider, secrecy
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.world import World


@given("the provider's variant is {variant}")
def _(world: World, variant: str) -> None:
    world.choose("provider", variant)


@then("{provider} was asked {count}")
def _(world: World, who: str, count: int) -> None:
    provider.was_asked(world.exchanges, count, who=who)


@then("{json_path} of {provider}'s request is {value}")
def _(world: World, path: str, who: str, value: object) -> None:
    provider.request_is(world.exchange, path, value, who=who)


@then("{json_path} of {provider}'s request is missing")
def _(world: World, path: str, who: str) -> None:
    provider.request_is(world.exchange, path, MISSING, who=who)


@then("{json_path} of {provider}'s request is this JSON")
def _(world: World, path: str, who: str, docstring: str) -> None:
    provider.request_is_json(world.exchange, path, docstring, who=who)


@then("{provider}'s request follows the schema {schema}")
def _(world: World, who: str, schema: str) -> None:
    provider.request_follows(world.exchange, schema, who=who)


@then("{provider} was shown the key {text}")
def _(world: World, who: str, key: str) -> None:
    secrecy.was_shown(world.exchange, key, who=who)


@then("{provider} was never shown {text}")
def _(world: World, who: str, text: str) -> None:
    secrecy.was_never_shown(world.exchanges, text, who=who)


@then("{provider}'s journal has the header {text} as {text}")
def _(world: World, who: str, name: str, value: str) -> None:
    provider.request_has_header(world.exchange, name, value, who=who)


@then("{provider}'s journal has a token")
def _(world: World, who: str) -> None:
    provider.bears_token(world.exchange, who=who)


@then("{provider}'s journal says that {outcome}")
def _(world: World, who: str, outcome: str) -> None:
    provider.ended(world.exchange, outcome, who=who)


@then("{provider}'s journal says that {outcome} after {duration}")
def _(world: World, who: str, outcome: str, seconds: float) -> None:
    provider.ended_after(world.exchange, outcome, seconds, world.clock, who=who)


@then("{provider}'s journal has {number} write(s)")
def _(world: World, who: str, count: int) -> None:
    provider.wrote(world.exchange, count, who=who)


@then("the client read the body in the pieces that {provider} wrote")
def _(world: World, who: str) -> None:
    provider.reads_are_writes(world.exchange, world.clock, who=who)
