"""The client: what it is, and what it asks."""

from sluicegate.gherkin import given, when
from sluicegate.scenario.world import World


@given("the client is {client}")
def _(world: World, kind: str) -> None:
    world.be(kind)


@given("the client's model is {model}")
def _(world: World, model: str) -> None:
    world.asking.model = model


@given("the client speaks {dialect}")
def _(world: World, dialect: str) -> None:
    world.speak(dialect)


@given("the client shows no key")
def _(world: World) -> None:
    world.show_no_key()


@given("the client sends the header {text} as {text}")
def _(world: World, name: str, value: str) -> None:
    world.bear(name, value)


@given("the client has asked for a plain answer before")
@when("the client asks for a plain answer")
def _(world: World) -> None:
    world.ask()


@given("the client has asked for a plain answer {count} before")
def _(world: World, count: int) -> None:
    world.ask_often(count, stream=False)


@when("the client asks for a plain answer with the parameters {text}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters)


@when("the client asks for a plain answer with a prompt of {size}")
def _(world: World, size: int) -> None:
    world.say(size)
    world.ask()


@given("the client has asked for a stream before")
@when("the client asks for a stream")
def _(world: World) -> None:
    world.ask(stream=True)


@given("the client has asked for a stream {count} before")
def _(world: World, count: int) -> None:
    world.ask_often(count, stream=True)


@given("the client has asked for a stream {count} before, all at once")
def _(world: World, count: int) -> None:
    world.ask_at_once(count)


@given("the client has waited {duration}")
def _(world: World, seconds: float) -> None:
    world.wait(seconds)


@when("the client waits {duration} and asks for a stream")
def _(world: World, seconds: float) -> None:
    world.wait(seconds)
    world.ask(stream=True)


@when("the client asks for a stream with a prompt of {size}")
def _(world: World, size: int) -> None:
    world.say(size)
    world.ask(stream=True)


@when("the client asks for a stream with the parameters {text}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters, stream=True)


@when("the client asks for a plain answer and goes away after {duration}")
def _(world: World, seconds: float) -> None:
    world.ask(leave=seconds)


@when("the client asks for a stream and goes away after {duration}")
def _(world: World, seconds: float) -> None:
    world.ask(leave=seconds, stream=True)


@given("the client has asked for a plain answer and gone away after {duration} before")
def _(world: World, seconds: float) -> None:
    world.ask(leave=seconds)


@given("the client has asked for a stream and gone away after {duration} {count} before")
def _(world: World, seconds: float, count: int) -> None:
    world.ask_often(count, stream=True, leave=seconds)


@given("another client has begun to ask for a plain answer")
def _(world: World) -> None:
    world.begin()


@when("{number} clients ask for a stream at once")
def _(world: World, count: int) -> None:
    world.ask_at_once(count)


@when("the client asks for a stream with usage")
def _(world: World) -> None:
    world.ask(stream=True, stream_options={"include_usage": True})


@when("the client asks for a stream with usage and the parameters {text}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters, stream=True, stream_options={"include_usage": True})


@when("the client sends {text}")
def _(world: World, request: str) -> None:
    world.send(request)


@when("the client sends {text} with the body")
def _(world: World, request: str, docstring: str) -> None:
    world.send(request, docstring)
