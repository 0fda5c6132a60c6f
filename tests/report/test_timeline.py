import itertools

import pytest

from sluicegate.report.timeline import Picture, overview, picture

from . import example
from .example import client, exchange, mark, provider

DRAWN = {name: [picture(each) for each in of] for name, of in example.PICTURES.items()}
EVERY = [one for drawn in DRAWN.values() for one in drawn]
CAPTIONS = {
    "Words 100 ms apart": """
        The agent "ccrouter" sent 7 chunks from 2 ms to 602 ms and the end mark at 602 ms;
        the client got 7 chunks together at 610 ms and the end mark at 610 ms.""",
    "The third attempt succeeds": """
        The agent "ccrouter" (1) sent status 500 at 4 ms;
        the agent "ccrouter" (2) sent status 200 at 20 ms,
        then the provider reset the connection at 150 ms;
        the agent "droid" sent 7 chunks from 200 ms to 800 ms and the end mark at 800 ms;
        the client got 7 chunks from 205 ms to 805 ms and the end mark at 805 ms.""",
    "The agent resets after chunk 3": """
        The agent "ccrouter" sent 3 chunks from 2 ms to 202 ms and 1 event without JSON at 300 ms,
        then the provider reset the connection at 301 ms;
        the client got 3 chunks from 5 ms to 205 ms and 1 event without JSON at 303 ms,
        then the transport broke: connection reset at 304 ms.""",
    "A request without a model": """
        No provider is known to have been asked; the client got status 400 at 3 ms.""",
    "No answer at all": """
        The agent "ccrouter" sent no answer, then the client went away at 15 s;
        the client got no answer, then the client gave up at 15 s.""",
}


def kinds(drawn: Picture, lane: int) -> list[str]:
    return [each.kind for each in drawn.lanes[lane].marks]


def test_the_client_has_the_first_lane_and_each_request_to_a_provider_one_below() -> None:
    lanes = picture(example.fallback()).lanes
    assert [lane.who for lane in lanes] == [
        "the client",
        'the agent "ccrouter" (1)',
        'the agent "ccrouter" (2)',
        'the agent "droid"',
    ]
    assert [lane.y for lane in lanes] == sorted({lane.y for lane in lanes})


def test_attempts_begin_one_after_the_other() -> None:
    drawn = picture(example.fallback())
    begins = [lane.begin for lane in drawn.lanes[1:]]
    assert begins == sorted(set(begins))
    assert [(each.x1, each.y2) for each in drawn.requests] == [
        (lane.begin, lane.y) for lane in drawn.lanes[1:]
    ]


def test_a_lane_says_what_was_asked_the_status_and_what_is_missing() -> None:
    sent = [mark(0.1, "head"), mark(0.2, "end")]
    drawn = picture(exchange(client(sent), provider(sent, asked="plain", hidden=9, status=404)))
    assert drawn.lanes[0].facts == ("200",)
    assert drawn.lanes[1].facts == ("asked: plain", "404", "9 more not shown")


def test_a_lane_waits_until_the_headers_come() -> None:
    lane = picture(example.buffered()).lanes[0]
    assert (lane.begin, lane.head, lane.end) == (0, 100, 100)


def test_a_lane_without_an_answer_waits_to_its_end() -> None:
    lane = picture(example.silent()).lanes[0]
    assert (lane.head, lane.end, lane.facts) == (99.99, 99.99, ("no answer",))


def test_the_same_chunk_on_both_sides_is_linked() -> None:
    drawn = picture(example.passing())
    provider_y, client_y = drawn.lanes[1].y, drawn.lanes[0].y
    assert len(drawn.links) == 7
    assert {(link.y1, link.y2) for link in drawn.links} == {(provider_y, client_y)}
    assert all(0 < link.x2 - link.x1 < 1 for link in drawn.links)


def test_buffering_is_seen_as_a_fan() -> None:
    drawn = picture(example.buffered())
    assert len({link.x1 for link in drawn.links}) == 7
    assert {link.x2 for link in drawn.links} == {100}
    assert [count.number for count in drawn.lanes[0].counts] == [7]
    assert drawn.lanes[1].counts == ()


def test_only_the_attempt_that_the_client_heard_is_linked() -> None:
    drawn = picture(example.fallback())
    assert {link.y1 for link in drawn.links} == {drawn.lanes[3].y}


def test_a_chunk_that_was_lost_or_comes_twice_leaves_the_others_linked() -> None:
    sent = example.words(0, count=5)
    got = [sent[0], sent[0], sent[1], sent[3], sent[4]]
    drawn = picture(exchange(client(got), provider(sent)))
    assert [link.x1 for link in drawn.links] == [0, 25, 75, 100]


def test_chunks_are_the_same_whatever_their_numbers_and_format() -> None:
    sent = [mark(0.1, "chunk", 'chunk 3  content_block_delta  "a \\" b"')]
    got = [mark(0.2, "chunk", 'chunk 1  role "assistant"  "a \\" b"')]
    assert len(picture(exchange(client(got), provider(sent))).links) == 1


def test_an_early_end_has_a_mark_of_its_own() -> None:
    drawn = picture(example.broken_off())
    assert kinds(drawn, 0)[-2:] == kinds(drawn, 1)[-2:] == ["broken", "early"]
    assert drawn.lanes[0].trouble == "the transport broke: connection reset"
    assert "early" not in kinds(picture(example.passing()), 1)


def test_marks_of_one_instant_lie_side_by_side() -> None:
    together = [mark(0.5, kind) for kind in ("head", "stray", "chunk", "chunk", "done", "end")]
    marks = picture(exchange(client(together))).lanes[0].marks
    assert {(each.kind, each.shift) for each in marks} == {
        ("head", -10),
        ("chunk", 0),
        ("stray", 10),
        ("done", 20),
        ("end", 30),
    }


def test_marks_that_almost_touch_lie_side_by_side_in_their_order() -> None:
    marks = picture(example.broken_off()).lanes[1].marks
    broken, early = marks[-2:]
    assert early.shift - broken.shift == 10
    assert early.x >= broken.x


def test_a_mark_says_when_and_what() -> None:
    marks = [mark(0.1, "body", '{"a": 1}', 8), mark(0.2, "body", "}", 1), mark(0.3, "end", "(x)")]
    assert [each.title for each in picture(exchange(client(marks))).lanes[0].marks] == [
        '100 ms: {"a": 1} (8 bytes)',
        "200 ms: } (1 byte)",
        "300 ms: (x)",
    ]


def test_counts_of_a_dense_stream_do_not_touch() -> None:
    places = [count.x for count in picture(example.dense()).lanes[1].counts]
    assert all(other - one >= 5 for one, other in itertools.pairwise(places))


def test_half_a_minute_of_silence_is_cut() -> None:
    drawn = picture(example.silence())
    assert [cut.label for cut in drawn.axis.cuts] == ["30.1 s"]
    assert drawn.lanes[0].top == 16


@pytest.mark.parametrize("drawn", EVERY)
def test_everything_lies_within_its_picture(drawn: Picture) -> None:
    places = [place for lane in drawn.lanes for place in (lane.begin, lane.head, lane.end)]
    places += [each.x for lane in drawn.lanes for each in lane.marks]
    places += [place for link in drawn.links for place in (link.x1, link.x2)]
    assert all(0 <= place <= 100 for place in places)
    assert all(0 < lane.y < drawn.height - 30 for lane in drawn.lanes)


@pytest.mark.parametrize("drawn", EVERY)
def test_the_labels_of_lanes_touch_no_line(drawn: Picture) -> None:
    taken = [(lane.top, lane.top + 20) for lane in drawn.lanes]
    taken += [(lane.y - 8, lane.y + 8) for lane in drawn.lanes]
    taken.append((drawn.height - 24, drawn.height))
    taken.sort()
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(taken))


@pytest.mark.parametrize("name", CAPTIONS)
def test_a_picture_is_told_in_a_sentence(name: str) -> None:
    assert DRAWN[name][0].caption == " ".join(CAPTIONS[name].split())


def test_several_exchanges_are_bars_on_one_axis() -> None:
    drawn = overview(example.clients())
    assert [bar.number for bar in drawn.bars] == list(range(1, 11))
    assert all(
        one.left < other.left for one, other in zip(drawn.bars, drawn.bars[1:], strict=False)
    )
    assert drawn.bars[4].left < drawn.bars[0].right
    assert drawn.bars[0].title == (
        "exchange 1: POST /v1/chat/completions, from 50 ms to 657 ms: the body is complete"
    )
    assert len(drawn.axis.cuts) == 1
