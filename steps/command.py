"""The command line, as a person uses it."""

from sluicegate.gherkin import given, then, when
from sluicegate.scenario.world import World


@given("another program listens on {text}")
def _(world: World, address: str) -> None:
    world.command.hold(address)


@when("a person runs {text}")
def _(world: World, line: str) -> None:
    world.command.run(line)


@then("the command succeeds")
def _(world: World) -> None:
    world.command.ends(well=True)


@then("the command fails")
def _(world: World) -> None:
    world.command.ends(well=False)


@then("the command prints {text}")
def _(world: World, text: str) -> None:
    world.command.prints(text)
