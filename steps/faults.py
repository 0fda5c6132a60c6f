"""The provider's faults: before the answer, in its middle, at its end, and in its bytes."""

from sluicegate.gherkin import given
from sluicegate.scenario.world import World


@given("{provider} answers {status}")
def _(world: World, who: str, status: int) -> None:
    world.planning(who).say(fail=status)


@given("{provider} answers {status} {count}, then succeeds")
def _(world: World, who: str, status: int, count: int) -> None:
    world.planning(who).begin(count, fail=status)


@given("{provider} first answers {status} {count}")
@given("{provider} then answers {status} {count}")
def _(world: World, who: str, status: int, count: int) -> None:
    world.planning(who).begin(count, fail=status)


@given("{provider} first answers after {duration} {count}")
@given("{provider} then answers after {duration} {count}")
def _(world: World, who: str, seconds: float, count: int) -> None:
    world.planning(who).begin(count, delay=seconds)


@given("{provider} first answers {status} after {duration} {count}")
def _(world: World, who: str, status: int, seconds: float, count: int) -> None:
    world.planning(who).begin(count, delay=seconds, fail=status)


@given("{provider} then succeeds {count}")
def _(world: World, who: str, count: int) -> None:
    world.planning(who).begin(count, fail="none")


@given("{provider} answers {status} with {document}")
def _(world: World, who: str, status: int, body: str) -> None:
    world.planning(who).reply(status, body)


@given("{provider}'s errors say {text}")
def _(world: World, who: str, message: str) -> None:
    world.planning(who).say(error_message=message)


@given("{provider} answers in turn")
def _(world: World, who: str, datatable: list[list[str]]) -> None:
    world.planning(who).answer(datatable)


@given("{provider} answers {status} in {number} of 100 requests, from the seed {number}")
def _(world: World, who: str, status: int, percent: int, seed: int) -> None:
    world.planning(who).say(fail=status, fail_rate=percent / 100, seed=seed)


@given("{provider} is silent for {duration} and then times out")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(fail="timeout", silence=seconds)


@given("{provider} never answers")
def _(world: World, who: str) -> None:
    world.planning(who).say(fail="hang")


@given("{provider} resets the connection before it answers")
def _(world: World, who: str) -> None:
    world.planning(who).say(fail="reset")


@given("{provider} closes the connection before it answers")
def _(world: World, who: str) -> None:
    world.planning(who).say(fail="close")


@given("{provider} falls silent after the headers")
def _(world: World, who: str) -> None:
    world.planning(who).say(fail="silence")


@given("{provider} {break} before its first chunk")
def _(world: World, who: str, mode: str) -> None:
    world.planning(who).fail_after(0, mode)


@given("{provider} {break} after chunk {number}")
def _(world: World, who: str, mode: str, chunks: int) -> None:
    world.planning(who).fail_after(chunks, mode)


@given("{provider} {break} after chunk {number} {count}, then succeeds")
def _(world: World, who: str, mode: str, chunks: int, times: int) -> None:
    world.planning(who).fail_first(times, chunks, mode)


@given("{provider} falls silent for {duration} after chunk {number}")
def _(world: World, who: str, seconds: float, chunks: int) -> None:
    world.planning(who).fail_after(chunks, "silence", silence=seconds)


@given("{provider} ends its stream {ending}")
def _(world: World, who: str, ending: str) -> None:
    world.planning(who).say(end=ending)


@given("{provider}'s Content-Length is {length}")
def _(world: World, who: str, length: str) -> None:
    world.planning(who).say(content_length=length)


@given("{provider}'s Content-Type is {text}")
def _(world: World, who: str, kind: str) -> None:
    world.planning(who).say(content_type=kind)


@given("{provider} sends no Content-Type")
def _(world: World, who: str) -> None:
    world.planning(who).say(content_type="none")


@given("{provider}'s lines end with {line_end}")
def _(world: World, who: str, line_end: str) -> None:
    world.planning(who).say(line_end=line_end)


@given("{provider} writes no space after colons")
def _(world: World, who: str) -> None:
    world.planning(who).say(space=False)


@given("{provider}'s stream begins with a byte order mark")
def _(world: World, who: str) -> None:
    world.planning(who).say(bom=True)


@given("{provider} sends a comment before each event")
def _(world: World, who: str) -> None:
    world.planning(who).say(comments=True)


@given("{provider} keeps the connection alive every {duration}")
def _(world: World, who: str, seconds: float) -> None:
    world.planning(who).say(keep_alive=seconds)


@given("{provider} pads each chunk with {size}")
def _(world: World, who: str, size: int) -> None:
    world.planning(who).say(padding=size)


@given("{provider}'s answer is compressed with gzip")
def _(world: World, who: str) -> None:
    world.planning(who).say(encoding="gzip")


@given("{provider}'s stream is sent {cut}")
def _(world: World, who: str, cut: str) -> None:
    world.planning(who).say(cut=cut)


@given("{provider} has the quirk {quirk}")
def _(world: World, who: str, quirk: str) -> None:
    world.planning(who).say(quirks=quirk)
