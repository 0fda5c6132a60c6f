"""The provider: which of its variants a scenario is about."""

from sluicegate.gherkin import given
from sluicegate.scenario.world import World


@given("the provider's variant is {variant}")
def _(world: World, variant: str) -> None:
    world.choose(variant)
