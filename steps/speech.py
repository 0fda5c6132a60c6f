"""What the provider says, and when."""

from sluicegate.gherkin import given
from sluicegate.scenario.world import World


@given("the provider says {texts}")
def _(world: World, texts: tuple[str, ...]) -> None:
    world.plan.say(text=texts)


@given("the provider says {texts} with {duration} between words")
def _(world: World, texts: tuple[str, ...], seconds: float) -> None:
    world.plan.say(text=texts, pace=seconds)


@given("the provider reasons {texts}")
def _(world: World, texts: tuple[str, ...]) -> None:
    world.plan.say(reasoning=texts)


@given("the provider calls the tool {text} with")
def _(world: World, name: str, docstring: str) -> None:
    world.plan.call(name, docstring)


@given("the provider's finish_reason is {text}")
def _(world: World, reason: str) -> None:
    world.plan.say(finish_reason=reason)


@given("the provider counts {number} tokens of prompt and {number} tokens of answer")
def _(world: World, prompt: int, completion: int) -> None:
    world.plan.say(prompt_tokens=prompt, completion_tokens=completion)


@given("the provider counts {number} cached tokens")
def _(world: World, count: int) -> None:
    world.plan.say(cached_tokens=count)


@given("the provider counts {number} tokens in all")
def _(world: World, count: int) -> None:
    world.plan.say(total_tokens=count)


@given("the provider waits {duration} before it answers")
def _(world: World, seconds: float) -> None:
    world.plan.say(delay=seconds)


@given("the provider waits {duration} before its first chunk")
def _(world: World, seconds: float) -> None:
    world.plan.say(first_token=seconds)


@given("the provider's pace varies by up to {duration}, from the seed {number}")
def _(world: World, seconds: float, seed: int) -> None:
    world.plan.say(jitter=seconds, seed=seed)


@given("the provider streams whatever it is asked for")
def _(world: World) -> None:
    world.plan.say(stream=True)


@given("the provider does not stream whatever it is asked for")
def _(world: World) -> None:
    world.plan.say(stream=False)


@given("the provider asks to retry after {duration}")
def _(world: World, seconds: float) -> None:
    world.plan.say(retry_after=seconds)


@given("the provider asks to retry after {duration}, as a date")
def _(world: World, seconds: float) -> None:
    world.plan.say(retry_after_date=seconds)


@given("the provider tells what is left of its rate limit")
def _(world: World) -> None:
    world.plan.say(rate_limit=True)


@given("the provider calls the request {text}")
def _(world: World, name: str) -> None:
    world.plan.say(request_id=name)
