"""The proxy: how it is configured, what it logs, and what it has counted."""

from sluicegate.gherkin import given, then, when
from sluicegate.scenario.checks import log
from sluicegate.scenario.world import World


@given("the proxy's variant is {proxy_variant}")
def _(world: World, variant: str) -> None:
    world.choose("proxy", variant)


@given("the client has asked for the totals before")
@when("the client asks for the totals")
def _(world: World) -> None:
    world.send("GET /costs")


@then("the log has {number} line(s) about requests")
def _(world: World, count: int) -> None:
    log.has_lines(world.exchange, world.log, count)


@then("the last line of the log has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    log.last_has(world.exchange, world.log, datatable)


@then("the last line of the log says that it took {duration}")
def _(world: World, seconds: float) -> None:
    log.last_took(world.exchange, world.log, seconds, world.clock)


@then("the log does not mention {text}")
def _(world: World, text: str) -> None:
    log.does_not_mention(world.exchange, world.log, text)
