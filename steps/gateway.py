"""The gateway: how it is configured, what its agents are, and whom it asked."""

from sluicegate.gherkin import given, then
from sluicegate.scenario.checks import agents, log, stream, timing
from sluicegate.scenario.world import World


@given("the client talks to the gateway")
def _(world: World) -> None:
    world.talk_to("gateway")


@given("the gateway's variant is {gateway_variant}")
def _(world: World, variant: str) -> None:
    world.choose("gateway", variant)


@given("{provider} is a streaming agent")
def _(world: World, who: str) -> None:
    world.planning(who).say(text=("Hello", " from", " ", who.split('"')[1]))


@given("{provider} is a failing stream agent")
def _(world: World, who: str) -> None:
    world.planning(who).fail_after(0, "reset")


@given("{provider} is a counting fail agent")
def _(world: World, who: str) -> None:
    world.planning(who).say(fail=500)


@given("{provider} is a partial stream agent that fails after {number} chunk(s)")
def _(world: World, who: str, chunks: int) -> None:
    world.planning(who).fail_after(chunks, "reset")


@given("{provider} is a slow stream agent that falls silent after {number} chunk(s)")
def _(world: World, who: str, chunks: int) -> None:
    world.planning(who).fail_after(chunks, "silence")


@given("{provider} is a timed stream agent with {duration} between words")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(pace=seconds)


@given("{provider} is unhealthy")
def _(world: World, who: str) -> None:
    world.planning(who).healthy = False


@then("the agents were asked in this order")
def _(world: World, datatable: list[list[str]]) -> None:
    agents.were_asked(world.exchange, datatable)


@then("the request went to {provider}, then to {provider}")
def _(world: World, first: str, second: str) -> None:
    agents.went_on(world.exchange, first, second)


@then("the agents were asked {count}")
def _(world: World, count: int) -> None:
    agents.were_asked_often(world.exchange, count)


@then("{provider} was asked how it is {count}")
def _(world: World, who: str, count: int) -> None:
    agents.was_probed(world.exchanges, count, who=who)


@then("an agent was asked")
def _(world: World) -> None:
    agents.was_reached(world.exchange)


@then("no agent was asked")
def _(world: World) -> None:
    agents.were_not_asked(world.exchange)


@then("every request to an agent has ended")
def _(world: World) -> None:
    agents.have_ended(world.exchanges)


@then("the client's events are those that {provider} sent")
def _(world: World, who: str) -> None:
    agents.streamed_on(world.exchange, who)


@then("the body is the one that {provider} sent")
def _(world: World, who: str) -> None:
    agents.answered_on(world.exchange, who)


@then("each client gets one of the answers {texts}")
def _(world: World, texts: tuple[str, ...]) -> None:
    agents.are_their_own(world.at_once, texts)


@then("every stream at once says {texts}")
def _(world: World, texts: tuple[str, ...]) -> None:
    agents.each(world.at_once, lambda exchange: stream.says(exchange, texts))


@then("every stream at once has ended before {duration}")
def _(world: World, seconds: float) -> None:
    agents.each(world.at_once, lambda exchange: timing.ended_before(exchange, seconds, world.clock))


@then("the statuses are {status} {count}")
def _(world: World, status: int, count: int) -> None:
    agents.all_have_statuses(world.at_once, [(status, count)])


@then("the statuses are {status} {count} and {status} {count}")
def _(world: World, one: int, times: int, other: int, times_more: int) -> None:
    agents.all_have_statuses(world.at_once, [(one, times), (other, times_more)])


@then("the log names the request that the header {text} does")
def _(world: World, header: str) -> None:
    log.names_request(world.exchange, world.log, header)


@then("a line of the log says that {provider} took {duration}")
def _(world: World, who: str, seconds: float) -> None:
    log.some_took(world.exchange, world.log, who, seconds, world.clock)


@then("a line of the log has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    log.some_has(world.exchange, world.log, datatable)
