import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.wire.sse import RETRY_MAX, Decoder, Event

# Pieces that meet each other's edges: line ends, names, colons, spaces, and split characters.
TOKENS = [
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b":", b" ", b": ", b"\0"),
    *(b"data", b"event", b"id", b"retry", b"data:", b"data: a", b"id: 1", b"id", b"retry: 10"),
    *(b"\xef\xbb\xbf", b"\xef", b"\xbb\xbf", b"\xe2\x80\xa8", b"\xe2\x80", b"\xf0\x9f", b"\xff"),
    *(
        b"\xc2\x85",
        b"\xc2\xb2",
        b"\x0b",
        b"\x0c",
        b"7",
        b"x",
        b"event: e",
        b"999999999999999999999",
    ),
]
STREAM = st.lists(st.sampled_from(TOKENS) | st.binary(max_size=3), max_size=60).map(b"".join)

many = settings(max_examples=400)

Outcome = tuple[list[Event], str, int | None]


def decode(*pieces: bytes) -> Outcome:
    decoder = Decoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.flush(), decoder.last_event_id, decoder.retry


def value_of(line: str, name: str) -> str | None:
    field = re.fullmatch(rf"{name}(?:: ?(.*))?", line, re.DOTALL)
    return (field[1] or "") if field else None


def values_of(block: list[str], name: str) -> list[str]:
    return [value for line in block if (value := value_of(line, name)) is not None]


# The oracle: a whole stream decoded at once, block by block, sharing no code with the decoder.
def model(stream: bytes) -> Outcome:
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = re.split(r"\r\n|\r|\n", text)[:-1]
    blanks = [-1, *(at for at, line in enumerate(lines) if line == "")]
    events: list[Event] = []
    last_id = ""
    for before, blank in pairwise(blanks):
        block = lines[before + 1 : blank]
        last_id = [last_id, *(value for value in values_of(block, "id") if "\0" not in value)][-1]
        name = ["", *values_of(block, "event")][-1] or "message"
        if data := values_of(block, "data"):
            events.append(Event(event=name, data="\n".join(data), id=last_id))
    retries = [value for value in values_of(lines, "retry") if re.fullmatch("[0-9]+", value)]
    retry = min(int(retries[-1]), RETRY_MAX) if retries else None
    return events, last_id, retry


@many
@given(STREAM)
def test_a_stream_decodes_as_the_model_of_the_specification(stream: bytes) -> None:
    assert decode(stream) == model(stream)


@many
@given(STREAM, st.data())
def test_a_stream_decodes_alike_wherever_it_is_cut(stream: bytes, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=20).map(sorted))
    pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
    assert decode(*pieces) == decode(stream)


@many
@given(STREAM)
def test_a_stream_decodes_alike_byte_by_byte(stream: bytes) -> None:
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == decode(stream)


@many
@given(STREAM, STREAM)
def test_later_bytes_change_no_earlier_event(stream: bytes, later: bytes) -> None:
    events, _, _ = decode(stream)
    assert decode(stream + later)[0][: len(events)] == events


@many
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    assert decode(*pieces) == model(b"".join(pieces))
