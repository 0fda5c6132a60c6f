"""The agent: a client of the proxy, what it asks, and the message that it gets."""

from sluicegate.gherkin import given, then, when
from sluicegate.scenario.checks import calls, message
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.world import World


@given("the client talks to the proxy")
def _(world: World) -> None:
    world.talk_to("proxy")


@given("the client asks the upstream {text}")
def _(world: World, name: str) -> None:
    world.agent.upstream = name


@given("the client's token is {text}")
def _(world: World, token: str) -> None:
    world.show(token)


@given("the system prompt is {text}")
def _(world: World, prompt: str) -> None:
    world.agent.system_prompt = prompt


@given("the conversation is")
def _(world: World, docstring: str) -> None:
    world.agent.converse(docstring)


@given("the tools are")
def _(world: World, docstring: str) -> None:
    world.agent.offer(docstring)


@given("the option {text} is {value}")
def _(world: World, name: str, value: object) -> None:
    world.agent.opt(name, value)


@given("the client's configuration is")
def _(world: World, docstring: str) -> None:
    world.library.configuration = docstring


@given("the client's environment has {text} as {text}")
def _(world: World, name: str, value: str) -> None:
    world.library.environment[name] = value


@when("the client asks for a stream and cancels it after {duration}")
def _(world: World, seconds: float) -> None:
    world.ask_and_cancel(seconds)


@then("the client warns of {text}")
def _(world: World, text: str) -> None:
    message.is_warned_of(world.exchange, world.library.warned, text)


@then("the client returns the message of the last event")
def _(world: World) -> None:
    message.is_returned(world.exchange, world.library.returned)


@then("the events are")
def _(world: World, docstring: str) -> None:
    message.events_are(world.exchange, docstring)


@then("every event is one line of data and a blank line")
def _(world: World) -> None:
    message.is_one_line_each(world.exchange)


@then("the stream begins with start and ends with one done")
def _(world: World) -> None:
    message.ends_with(world.exchange, "done")


@then("the stream begins with start and ends with one error")
def _(world: World) -> None:
    message.ends_with(world.exchange, "error")


@then("every event carries the message so far")
def _(world: World) -> None:
    message.grows(world.exchange)


@then("every call of a tool is whole")
def _(world: World) -> None:
    message.calls_are_whole(world.exchange)


@then("every call of a tool has the id that {provider} gave it")
def _(world: World, who: str) -> None:
    calls.ids_are_given(world.exchange, who=who)


@then("the last event says how the message ended")
def _(world: World) -> None:
    message.says_how_it_ended(world.exchange)


@then("the usage is complete")
def _(world: World) -> None:
    message.counts_are_whole(world.exchange)


@then("the message has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    message.message_has(world.exchange, datatable)


@then("{json_path} of the message is {value}")
def _(world: World, path: str, value: object) -> None:
    message.message_is(world.exchange, path, value)


@then("{json_path} of the message is missing")
def _(world: World, path: str) -> None:
    message.message_is(world.exchange, path, MISSING)


@then("{json_path} of the message mentions {text}")
def _(world: World, path: str, text: str) -> None:
    message.message_mentions(world.exchange, path, text)
