"""The provider's faults: before the answer, in its middle, at its end, and in its bytes."""

from sluicegate.gherkin import given
from sluicegate.scenario.world import World


@given("the provider answers {status}")
def _(world: World, status: int) -> None:
    world.plan.say(fail=status)


@given("the provider answers {status} {count}, then succeeds")
def _(world: World, status: int, count: int) -> None:
    world.plan.begin(count, fail=status)


@given("the provider answers {status} with {document}")
def _(world: World, status: int, body: str) -> None:
    world.plan.reply(status, body)


@given("the provider's errors say {text}")
def _(world: World, message: str) -> None:
    world.plan.say(error_message=message)


@given("the provider answers in turn")
def _(world: World, datatable: list[list[str]]) -> None:
    world.plan.answer(datatable)


@given("the provider answers {status} in {number} of 100 requests, from the seed {number}")
def _(world: World, status: int, percent: int, seed: int) -> None:
    world.plan.say(fail=status, fail_rate=percent / 100, seed=seed)


@given("the provider is silent for {duration} and then times out")
def _(world: World, seconds: float) -> None:
    world.plan.say(fail="timeout", silence=seconds)


@given("the provider never answers")
def _(world: World) -> None:
    world.plan.say(fail="hang")


@given("the provider resets the connection before it answers")
def _(world: World) -> None:
    world.plan.say(fail="reset")


@given("the provider closes the connection before it answers")
def _(world: World) -> None:
    world.plan.say(fail="close")


@given("the provider falls silent after the headers")
def _(world: World) -> None:
    world.plan.say(fail="silence")


@given("the provider {break} before its first chunk")
def _(world: World, mode: str) -> None:
    world.plan.fail_after(0, mode)


@given("the provider {break} after chunk {number}")
def _(world: World, mode: str, chunks: int) -> None:
    world.plan.fail_after(chunks, mode)


@given("the provider {break} after chunk {number} {count}, then succeeds")
def _(world: World, mode: str, chunks: int, times: int) -> None:
    world.plan.fail_first(times, chunks, mode)


@given("the provider falls silent for {duration} after chunk {number}")
def _(world: World, seconds: float, chunks: int) -> None:
    world.plan.fail_after(chunks, "silence", silence=seconds)


@given("the provider ends its stream {ending}")
def _(world: World, ending: str) -> None:
    world.plan.say(end=ending)


@given("the provider's Content-Length is {length}")
def _(world: World, length: str) -> None:
    world.plan.say(content_length=length)


@given("the provider's Content-Type is {text}")
def _(world: World, kind: str) -> None:
    world.plan.say(content_type=kind)


@given("the provider sends no Content-Type")
def _(world: World) -> None:
    world.plan.say(content_type="none")


@given("the provider's lines end with {line_end}")
def _(world: World, line_end: str) -> None:
    world.plan.say(line_end=line_end)


@given("the provider writes no space after colons")
def _(world: World) -> None:
    world.plan.say(space=False)


@given("the provider's stream begins with a byte order mark")
def _(world: World) -> None:
    world.plan.say(bom=True)


@given("the provider sends a comment before each event")
def _(world: World) -> None:
    world.plan.say(comments=True)


@given("the provider keeps the connection alive every {duration}")
def _(world: World, seconds: float) -> None:
    world.plan.say(keep_alive=seconds)


@given("the provider pads each chunk with {size}")
def _(world: World, size: int) -> None:
    world.plan.say(padding=size)


@given("the provider's answer is compressed with gzip")
def _(world: World) -> None:
    world.plan.say(encoding="gzip")


@given("the provider's stream is sent {cut}")
def _(world: World, cut: str) -> None:
    world.plan.say(cut=cut)


@given("the provider has the quirk {quirk}")
def _(world: World, quirk: str) -> None:
    world.plan.say(quirks=quirk)
