"""The answer as a whole: status, headers, the values of its body, and when it came."""

from sluicegate.gherkin import then
from sluicegate.scenario.checks import answer, secrecy, status, timing
from sluicegate.scenario.checks.values import MISSING
from sluicegate.scenario.world import World


@then("the status is {status}")
def _(world: World, wanted: int) -> None:
    status.has_status(world.exchange, wanted)


@then("the status tells of a mistake in the request")
def _(world: World) -> None:
    status.is_client_error(world.exchange)


@then("the answer does not claim success")
def _(world: World) -> None:
    status.is_no_success(world.exchange)


@then("the header {text} is {text}")
def _(world: World, name: str, value: str) -> None:
    answer.has_header(world.exchange, name, value)


@then("the header {text} says {told_duration}")
def _(world: World, name: str, seconds: float) -> None:
    answer.has_seconds(world.exchange, name, seconds, world.clock)


@then("the header {text} mentions {text}")
def _(world: World, name: str, text: str) -> None:
    answer.header_mentions(world.exchange, name, text)


@then("the header {text} differs from the answer before")
def _(world: World, name: str) -> None:
    answer.header_differs(world.exchange, world.exchange_before, name)


@then("the header {text} is the date {duration} after the request")
def _(world: World, name: str, seconds: float) -> None:
    timing.is_date_after(world.exchange, name, seconds, world.clock)


@then("the answer has no header {text}")
def _(world: World, name: str) -> None:
    answer.has_no_header(world.exchange, name)


@then("the answer is an event stream")
def _(world: World) -> None:
    answer.is_stream(world.exchange)


@then("the answer begins after {duration}")
def _(world: World, seconds: float) -> None:
    timing.begins_after(world.exchange, seconds, world.clock)


@then("the answer ends after {duration}")
def _(world: World, seconds: float) -> None:
    timing.ends_after(world.exchange, seconds, world.clock)


@then("the answer has ended before {duration}")
def _(world: World, seconds: float) -> None:
    timing.ended_before(world.exchange, seconds, world.clock)


@then("the answer ends cleanly")
def _(world: World) -> None:
    answer.ends_cleanly(world.exchange)


@then("the connection is reset")
def _(world: World) -> None:
    answer.breaks_off(world.exchange, "reset")


@then("the connection ends before the answer does")
def _(world: World) -> None:
    answer.breaks_off(world.exchange, "early end")


@then("no answer begins")
def _(world: World) -> None:
    answer.does_not_begin(world.exchange)


@then("the answer has not ended when the client goes away")
def _(world: World) -> None:
    answer.has_not_ended(world.exchange)


@then("the body follows the schema {schema}")
def _(world: World, schema: str) -> None:
    answer.is_valid(world.exchange, schema)


@then("the body has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    answer.values_are(world.exchange, datatable)


@then("the body ends with {text} and a blank line")
def _(world: World, text: str) -> None:
    answer.body_ends_with(world.exchange, text.encode() + b"\n\n")


@then("the body ends with {text}")
def _(world: World, text: str) -> None:
    answer.body_ends_with(world.exchange, text.encode())


@then("{json_path} of the body is missing")
def _(world: World, path: str) -> None:
    answer.value_is(world.exchange, path, MISSING)


@then("{json_path} of the body is {value}")
def _(world: World, path: str, value: object) -> None:
    answer.value_is(world.exchange, path, value)


@then("{json_path} of the body begins with {text}")
def _(world: World, path: str, beginning: str) -> None:
    answer.value_begins(world.exchange, path, beginning)


@then("{json_path} of the body mentions {text}")
def _(world: World, path: str, text: str) -> None:
    answer.value_mentions(world.exchange, path, text)


@then("{json_path} of the body has {number} entry/entries")
def _(world: World, path: str, count: int) -> None:
    answer.has_entries(world.exchange, path, count)


@then("{json_path} of the body has an entry with these values")
def _(world: World, path: str, datatable: list[list[str]]) -> None:
    answer.has_entry(world.exchange, path, datatable)


@then("{json_path} of the body differs from the answer before")
def _(world: World, path: str) -> None:
    answer.value_differs(world.exchange, world.exchange_before, path)


@then("{json_path} of the body is the time of the request in Unix seconds")
def _(world: World, path: str) -> None:
    timing.created_at_request(world.exchange, path, world.clock)


@then("{json_path} of the body has grown by {value} since the first answer")
def _(world: World, path: str, difference: object) -> None:
    answer.value_has_grown(world.exchange, world.exchanges[0], path, difference)


@then("the body is the same as in the first answer")
def _(world: World) -> None:
    answer.body_is_alike(world.exchange, world.exchanges[0])


@then("nothing that the client received contains {text}")
def _(world: World, text: str) -> None:
    secrecy.never_received(world.exchanges, text)


@then("the client reports {text}")
def _(world: World, text: str) -> None:
    answer.trouble_mentions(world.exchange, text)


@then("the error has these values")
def _(world: World, datatable: list[list[str]]) -> None:
    answer.error_is(world.exchange, datatable)
