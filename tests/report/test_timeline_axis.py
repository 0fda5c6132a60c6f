import itertools

import pytest

from sluicegate.report.axis import axis, duration

PACED = [n / 10 for n in range(7)]


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, "0 ms"),
        (-0.0, "0 ms"),
        (0.0004, "0.4 ms"),
        (0.001, "1 ms"),
        (0.0101, "10 ms"),
        (0.1, "100 ms"),
        (1.0, "1 s"),
        (1.25, "1.25 s"),
        (30.0, "30 s"),
        (100.0, "100 s"),
    ],
)
def test_a_time_is_written_as_people_say_it(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_time_runs_evenly_from_left_to_right() -> None:
    scale = axis(PACED)
    assert [scale.x(at) for at in (0, 0.3, 0.6)] == [0, 50, 100]
    assert not scale.cuts


def test_what_lies_outside_of_an_axis_goes_to_its_nearest_end() -> None:
    assert axis(PACED).x(-0.01) == 0
    assert axis(PACED).x(99) == 100


@pytest.mark.parametrize("times", [[], [0.0], [0.0, 0.0]])
def test_an_axis_of_one_instant_has_a_length_all_the_same(times: list[float]) -> None:
    assert axis(times).x(0) == 0
    assert [tick.label for tick in axis(times).ticks] == ["0 ms"]


@pytest.mark.parametrize(
    ("times", "cut"),
    [
        ([*PACED, 30.6], ["30 s"]),
        ([30.0, *(30 + at for at in PACED)], ["30 s"]),
        ([*PACED, 5.6, 5.7, 35.7], ["5 s", "30 s"]),
        ([*PACED, 2.6, 32.6], ["30 s"]),
        ([*PACED, 1.5], []),
        ([0.0005, 30.0], []),
        ([5.0, 10.0, 15.0], []),
        ([0.001, 15.0, 15.001, 30.0], []),
        ([0.001, 2.001, 4.001, 34.001], ["30 s"]),
    ],
)
def test_a_silence_is_cut_that_would_press_the_rest_into_a_point(
    times: list[float], cut: list[str]
) -> None:
    assert [span.label for span in axis(times).cuts] == cut


def test_what_is_beside_a_cut_has_the_room() -> None:
    scale = axis([*PACED, 30.6, 30.7])
    assert [round(span.width) for span in scale.spans] == [74, 14, 12]
    assert scale.x(0.6) < scale.x(15) < scale.x(30.6) < scale.x(30.7) == 100


@pytest.mark.parametrize("silences", [1, 3, 4, 12, 60])
def test_cuts_never_take_more_than_half_of_the_room(silences: int) -> None:
    times = [n * 30 + at for n in range(silences + 1) for at in (0.0, 0.1)]
    scale = axis(times)
    assert len(scale.cuts) == silences
    assert sum(span.width for span in scale.cuts) <= 50 + 1e-9
    assert scale.x(times[-1]) == 100


def test_a_cut_without_room_for_its_length_does_not_say_it() -> None:
    times = [n * 30 + at for n in range(9) for at in (0.0, 0.1)]
    assert {span.label for span in axis(times).cuts} == {""}


@pytest.mark.parametrize(
    ("end", "labels"),
    [
        (0.0042, ["0.0 ms", "0.5 ms", "1.0 ms"]),
        (0.6, ["0 ms", "100 ms", "200 ms"]),
        (0.95, ["0 ms", "200 ms", "400 ms"]),
        (1.2, ["0.0 s", "0.2 s", "0.4 s"]),
        (9.0, ["0 s", "1 s", "2 s"]),
        (60.0, ["0 s", "10 s", "20 s"]),
        (600.0, ["0 s", "100 s", "200 s"]),
    ],
)
def test_ticks_are_round_and_have_a_unit(end: float, labels: list[str]) -> None:
    assert [tick.label for tick in axis([end]).ticks][:3] == labels


def test_ticks_before_and_after_a_cut_are_in_one_unit() -> None:
    labels = [tick.label for tick in axis([*PACED, *(30.6 + at for at in PACED)]).ticks]
    assert labels[:2] == ["0.0 s", "0.2 s"]
    assert labels[-2:] == ["31.0 s", "31.2 s"]


def test_an_axis_that_begins_or_ends_with_a_cut_says_when() -> None:
    assert [tick.label for tick in axis([30.0, 30.1]).ticks][:2] == ["0.00 s", "30.00 s"]
    assert [tick.label for tick in axis([0.1, 30.1]).ticks][-1] == "30.10 s"


@pytest.mark.parametrize("end", [0.0042, 0.3, 0.61, 1, 7, 59.9, 3600])
@pytest.mark.parametrize("more", [0.0, 40.0, 40.011])
def test_no_two_labels_lie_upon_one_another(end: float, more: float) -> None:
    ticks = axis([end, end / 2, end + more]).ticks
    assert all(other.x - one.x >= 5.5 for one, other in itertools.pairwise(ticks))
    assert 2 <= len(ticks) <= 11


def test_a_narrow_picture_leaves_out_every_second_label() -> None:
    assert [tick.is_second for tick in axis(PACED).ticks][:4] == [False, True, False, True]
