"""The stream: its events and chunks, what they say, and their pace."""

from sluicegate.gherkin import then
from sluicegate.scenario.checks import ending, framing, stream, timing
from sluicegate.scenario.checks.values import MISSING, listed
from sluicegate.scenario.world import World


@then("the stream says {texts}")
def _(world: World, texts: tuple[str, ...]) -> None:
    stream.says(world.exchange, texts)


@then("the stream says these texts")
def _(world: World, docstring: str) -> None:
    stream.says(world.exchange, listed(docstring))


@then("the stream says {text} {count}")
def _(world: World, text: str, count: int) -> None:
    stream.says(world.exchange, (text,) * count)


@then("the stream ends with one [DONE]")
def _(world: World) -> None:
    ending.ends_with_done(world.exchange)


@then("the stream has no [DONE]")
def _(world: World) -> None:
    ending.has_no_done(world.exchange)


@then("the stream does not claim to be complete")
def _(world: World) -> None:
    ending.claims_nothing(world.exchange)


@then("the stream ends with one message_stop")
def _(world: World) -> None:
    ending.ends_with_stop(world.exchange)


@then("the kinds of events are {texts}")
def _(world: World, names: tuple[str, ...]) -> None:
    stream.names_are(world.exchange, names)


@then("{json_path} of one chunk is {value}")
def _(world: World, path: str, value: object) -> None:
    stream.some_is(world.exchange, path, value)


@then("{json_path} of one chunk is missing")
def _(world: World, path: str) -> None:
    stream.some_is(world.exchange, path, MISSING)


@then("{json_path} of all chunks, joined, is {text}")
def _(world: World, path: str, text: str) -> None:
    stream.joined_is(world.exchange, path, text)


@then("the stream has {number} event(s)")
def _(world: World, count: int) -> None:
    stream.has_events(world.exchange, count)


@then("the last event is an error")
def _(world: World) -> None:
    ending.last_is_error(world.exchange)


@then("the last event is {text}")
def _(world: World, data: str) -> None:
    ending.last_event_is(world.exchange, data)


@then("every event but the last is larger than {size}")
def _(world: World, size: int) -> None:
    framing.each_is_larger(world.exchange, size)


@then("the lines of the stream end with {line_end}")
def _(world: World, line_end: str) -> None:
    framing.has_line_ends(world.exchange, line_end)


@then("the stream has {number} comment(s)")
def _(world: World, count: int) -> None:
    framing.has_comments(world.exchange, count)


@then("the stream begins with a byte order mark")
def _(world: World) -> None:
    framing.begins_with_mark(world.exchange)


@then("the first chunk with text arrives after {duration}")
def _(world: World, seconds: float) -> None:
    timing.first_text_after(world.exchange, seconds, world.clock)


@then("the chunks with text arrive {duration} apart")
def _(world: World, seconds: float) -> None:
    timing.texts_apart(world.exchange, seconds, world.clock)


@then("every chunk follows the schema {schema}")
def _(world: World, schema: str) -> None:
    stream.is_valid(world.exchange, schema)


@then("every chunk follows the strict schema {schema}")
def _(world: World, schema: str) -> None:
    stream.is_valid(world.exchange, schema, "strict")


@then("every chunk before the broken event follows the strict schema {schema}")
def _(world: World, schema: str) -> None:
    stream.is_valid(world.exchange, schema, "strict", breaks=True)


@then("the role {text} comes once, in the first chunk")
def _(world: World, role: str) -> None:
    stream.has_role_first(world.exchange, role)


@then("the finish_reason {text} comes once, in the last chunk")
def _(world: World, reason: str) -> None:
    ending.has_finish_reason(world.exchange, reason)


@then("the finish_reason {text} comes once, in the last chunk but one")
def _(world: World, reason: str) -> None:
    ending.has_finish_reason(world.exchange, reason, place=-2)


@then("the stream has no finish_reason")
def _(world: World) -> None:
    ending.has_no_finish_reason(world.exchange)


@then("the first chunk has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    stream.first_values_are(world.exchange, datatable)


@then("the last chunk has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    stream.last_values_are(world.exchange, datatable)


@then("{json_path} of every chunk is {value}")
def _(world: World, path: str, value: object) -> None:
    stream.each_is(world.exchange, path, value)


@then("{json_path} of every chunk but the last is {value}")
def _(world: World, path: str, value: object) -> None:
    stream.each_is(world.exchange, path, value, but_last=True)


@then("{json_path} of every chunk but the last is missing")
def _(world: World, path: str) -> None:
    stream.each_is(world.exchange, path, MISSING, but_last=True)


@then("{json_path} of every chunk has {number} entry/entries")
def _(world: World, path: str, count: int) -> None:
    stream.each_has_entries(world.exchange, path, count)


@then("{json_path} of every chunk is the time of the request in Unix seconds")
def _(world: World, path: str) -> None:
    timing.each_created_at_request(world.exchange, path, world.clock)


@then("{json_path} of every chunk is the time of the request in Unix milliseconds")
def _(world: World, path: str) -> None:
    timing.each_created_at_request(world.exchange, path, world.clock, "milliseconds")


@then("{json_path} of every chunk begins with {text}")
def _(world: World, path: str, beginning: str) -> None:
    stream.each_begins(world.exchange, path, beginning)


@then("{json_path} of every chunk is the same")
def _(world: World, path: str) -> None:
    stream.is_constant(world.exchange, path)


@then("{json_path} of every chunk is missing")
def _(world: World, path: str) -> None:
    stream.each_is(world.exchange, path, MISSING)
