"""The client: what it is, and what it asks."""

from sluicegate.gherkin import given, when
from sluicegate.scenario.exchange import Request
from sluicegate.scenario.world import World


@given("the client is {string}")
def _(world: World, kind: str) -> None:
    world.be(kind)


@given("the client asks for the model {string}")
def _(world: World, model: str) -> None:
    world.chat.model = model


@given("a client has asked for a plain answer before")
@when("a client asks for a plain answer")
def _(world: World) -> None:
    world.ask()


@when("a client asks for a plain answer with the parameters {string}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters)


@when("a client asks for a plain answer with a prompt of {size}")
def _(world: World, size: int) -> None:
    world.say(size)
    world.ask()


@given("a client has asked for a stream before")
@when("a client asks for a stream")
def _(world: World) -> None:
    world.ask(stream=True)


@when("a client asks for a stream with the parameters {string}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters, stream=True)


@when("a client asks for a stream with usage")
def _(world: World) -> None:
    world.ask(stream=True, stream_options={"include_usage": True})


@when("a client asks for a stream with usage and the parameters {string}")
def _(world: World, parameters: str) -> None:
    world.ask(parameters, stream=True, stream_options={"include_usage": True})


@when("a client posts to {string} the body")
def _(world: World, path: str, docstring: str) -> None:
    world.post(path, docstring.encode())


@when("a client sends {string} to {string}")
def _(world: World, method: str, path: str) -> None:
    world.send(Request(method, path))
