import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.provider.journal import Journal
from sluicegate.provider.parameters import PARAMETERS
from sluicegate.provider.selection import HEADER
from sluicegate.provider.transport import FaultyServer
from sluicegate.runtime.clock import SimulatedClock

from .wire_client import CHAT, MESSAGES, Seen, ask, body, post, serving


# One provider for all examples: they are independent of each other.
@dataclass(frozen=True, slots=True)
class Stage:
    clock: SimulatedClock
    server: FaultyServer
    journal: Journal

    def ask(self, request: bytes) -> Seen:
        seen = self.clock.run(ask(self.clock, self.server, request))
        assert all(entry.outcome != "failed" for entry in self.journal.entries)
        self.journal.clear()
        return seen


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with SimulatedClock() as clock:
        journal = Journal()
        serve = serving(clock, journal=journal)
        yield Stage(clock, clock.run(serve.__aenter__()), journal)
        clock.run(serve.__aexit__(None, None, None))


MINIMUM = json.loads(body())

paths = st.sampled_from([CHAT, MESSAGES])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each),
    max_leaves=6,
)
MEMBERS = ("model", "messages", "max_tokens", "stream", "stream_options", "tools", "system")
bodies = st.one_of(
    st.binary(max_size=200),
    anything.map(lambda document: json.dumps(document).encode()),
    st.dictionaries(st.sampled_from(MEMBERS), anything).map(
        lambda given: json.dumps(MINIMUM | given).encode()
    ),
)


@given(path=paths, content=bodies)
def test_any_body_is_answered_or_refused(stage: Stage, path: str, content: bytes) -> None:
    seen = stage.ask(post(path, content=content))
    assert (seen.status in (200, 400), seen.ending) == (True, "complete")


HOSTILE = {
    "nested arrays": (b"[" * 100_000, 400),
    "nested objects": (b'{"a":' * 50_000, 400),
    "a number of 5000 digits": (b'{"model":%s}' % (b"1" * 5000), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + body(), 400),
    "UTF-16": (body().decode().encode("utf-16"), 400),
    "NUL": (b"\x00", 400),
    "a lone surrogate": (body(model="\ud800"), 200),
    "a lone surrogate in a text": (body(model="gpt-4?text=\ud800"), 200),
    "a lone surrogate in a name": (body(model="gpt-4?fai\ud800l=1"), 400),
    "a lone surrogate in a token": (body("[sluicegate:\ud800]"), 200),
    "a model that ends in a question mark": (body(model="gpt-4?"), 200),
    "a number beyond all": (body(model='gpt-4?tool_calls=f{"a":1e999}'), 400),
    "arguments nested deeply": (
        body(model="gpt-4?tool_calls=f" + '{"a":' * 900 + "1" + "}" * 900),
        400,
    ),
    "a model that is parameters alone": (body(model="?fail=418"), 418),
}


@pytest.mark.parametrize(("path", "status"), [(CHAT, 400), (MESSAGES, 200)])
def test_stream_options_are_no_matter_of_messages(stage: Stage, path: str, status: int) -> None:
    assert stage.ask(post(path, content=body(stream_options=[None]))).status == status


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize(("content", "status"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_answered_or_refused(
    stage: Stage, path: str, content: bytes, status: int
) -> None:
    seen = stage.ask(post(path, content=content))
    assert (seen.status, seen.ending) == (status, "complete")
    json.loads(seen.data)


PIECES = [
    *PARAMETERS,
    "=",
    "=",
    "&",
    "&",
    "%",
    "?",
    ";",
    "+",
    "%ff",
    "%00",
    "1",
    "429",
    "true",
    "[",
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "".join(pieces).encode())
visible = st.binary(max_size=40).map(lambda data: bytes(each for each in data if 32 < each < 127))
octets = st.binary(max_size=40).map(lambda data: bytes(each for each in data if each > 127))


@given(paths, visible | texts, octets | visible | texts)
def test_any_query_and_header_are_answered_or_refused(
    stage: Stage, path: str, query: bytes, header: bytes
) -> None:
    request = post(f"{path}?QUERY", headers={HEADER: "VALUE"})
    seen = stage.ask(request.replace(b"QUERY", query).replace(b"VALUE", header))
    assert seen.status not in (None, 500)
