"""What the provider says, and when."""

from sluicegate.gherkin import given
from sluicegate.scenario.checks.values import listed
from sluicegate.scenario.world import World


@given("{provider} says {texts}")
def _(world: World, who: str, texts: tuple[str, ...]) -> None:
    world.planning(who).say(text=texts)


@given("{provider} says these texts")
def _(world: World, who: str, docstring: str) -> None:
    world.planning(who).say(text=listed(docstring))


@given("{provider} says {text} {count} with {duration} between words")
def _(world: World, who: str, text: str, count: int, seconds: float) -> None:
    world.planning(who).say(text=(text,) * count, pace=seconds)


@given("{provider} says {texts} with {duration} between words")
def _(world: World, who: str, texts: tuple[str, ...], seconds: float) -> None:
    world.planning(who).say(text=texts, pace=seconds)


@given("{provider} says a text of {size}")
def _(world: World, who: str, size: int) -> None:
    world.planning(who).say(text=("x" * size,))


@given("{provider} reasons {texts}")
def _(world: World, who: str, texts: tuple[str, ...]) -> None:
    world.planning(who).say(reasoning=texts)


@given("{provider} calls the tool {text} with")
def _(world: World, who: str, name: str, docstring: str) -> None:
    world.planning(who).call(name, docstring)


@given("{provider}'s finish_reason is {text}")
def _(world: World, who: str, reason: str) -> None:
    world.planning(who).say(finish_reason=reason)


@given("{provider} counts {number} tokens of prompt and {number} tokens of answer")
def _(world: World, who: str, prompt: int, completion: int) -> None:
    world.planning(who).say(prompt_tokens=prompt, completion_tokens=completion)


@given("{provider} counts {number} cached tokens")
def _(world: World, who: str, count: int) -> None:
    world.planning(who).say(cached_tokens=count)


@given("{provider} counts {number} tokens written to a cache")
def _(world: World, who: str, count: int) -> None:
    world.planning(who).say(cache_write_tokens=count)


@given("{provider} counts {number} tokens in all")
def _(world: World, who: str, count: int) -> None:
    world.planning(who).say(total_tokens=count)


@given("{provider} waits {duration} before it answers")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(delay=seconds)


@given("{provider} waits {duration} before its first chunk")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(first_token=seconds)


@given("{provider}'s pace varies by up to {duration}, from the seed {number}")
def _(world: World, who: str, seconds: float, seed: int) -> None:
    world.planning(who).say(jitter=seconds, seed=seed)


@given("{provider} streams whatever it is asked for")
def _(world: World, who: str) -> None:
    world.planning(who).say(stream=True)


@given("{provider} does not stream whatever it is asked for")
def _(world: World, who: str) -> None:
    world.planning(who).say(stream=False)


@given("{provider} asks to retry after {duration}")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(retry_after=seconds)


@given("{provider} asks to retry after {duration}, as a date")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(retry_after_date=seconds)


@given("{provider} tells what is left of its rate limit")
def _(world: World, who: str) -> None:
    world.planning(who).say(rate_limit=True)


@given("{provider} calls the request {text}")
def _(world: World, who: str, name: str) -> None:
    world.planning(who).say(request_id=name)
