import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from sluicegate.gateway.breaker import Breaker, Numbers, Outcome, Permit, Refused, State

OUTCOMES: list[Outcome] = ["success", "failure", "neither"]


def permit(breaker: Breaker, now: float = 0.0) -> Permit:
    admitted = breaker.admit(now)
    assert isinstance(admitted, Permit)
    return admitted


def ask(breaker: Breaker, outcome: Outcome, times: int = 1, now: float = 0.0) -> None:
    for _ in range(times):
        breaker.settle(permit(breaker, now), outcome, now)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    ask(breaker, "failure", times=5, now=now)
    return breaker


def test_five_failures_in_a_row_open_the_circuit() -> None:
    breaker = Breaker()
    ask(breaker, "failure", times=4)
    assert breaker.state(0.0) == "closed"
    ask(breaker, "failure")
    assert breaker.state(0.0) == "open"


def test_a_success_resets_the_count_of_failures() -> None:
    breaker = Breaker()
    for _ in range(3):
        ask(breaker, "failure", times=4)
        ask(breaker, "success")
    assert breaker.state(0.0) == "closed"


def test_what_is_neither_does_not_reset_the_count_of_failures() -> None:
    breaker = Breaker()
    ask(breaker, "failure", times=4)
    ask(breaker, "neither")
    ask(breaker, "failure")
    assert breaker.state(0.0) == "open"


@pytest.mark.parametrize(
    ("passed", "left"), [(0.0, 30), (0.1, 30), (1.0, 29), (28.5, 2), (29.0, 1), (29.999, 1)]
)
def test_an_open_circuit_refuses_with_the_seconds_that_remain(passed: float, left: int) -> None:
    # From here on, 30 s are a little more than that in floating point.
    began = 2.2
    assert opened(began).admit(began + passed) == Refused(left)


def test_after_the_open_time_one_probe_goes_through_at_a_time() -> None:
    breaker = opened()
    probe = permit(breaker, 30.0)
    assert probe.state == "half-open"
    assert breaker.admit(30.0) == Refused(1)
    assert breaker.admit(99.0) == Refused(1)
    breaker.settle(probe, "success", 99.0)
    assert permit(breaker, 99.0)


def test_two_successful_probes_close_the_circuit() -> None:
    breaker = opened()
    ask(breaker, "success", now=30.0)
    assert breaker.state(30.0) == "half-open"
    ask(breaker, "success", now=30.0)
    assert breaker.state(30.0) == "closed"


def test_a_failed_probe_opens_the_circuit_for_the_whole_open_time() -> None:
    breaker = opened()
    ask(breaker, "success", now=31.0)
    ask(breaker, "failure", now=32.0)
    assert breaker.admit(32.0) == Refused(30)
    assert breaker.admit(61.9) == Refused(1)
    ask(breaker, "success", now=62.0)
    assert breaker.state(62.0) == "half-open"


def test_a_probe_that_is_neither_gives_its_place_back() -> None:
    breaker = opened()
    ask(breaker, "neither", times=3, now=30.0)
    assert breaker.state(30.0) == "half-open"
    ask(breaker, "success", times=2, now=30.0)
    assert breaker.state(30.0) == "closed"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_began_before_the_circuit_opened_counts_for_nothing(outcome: Outcome) -> None:
    breaker = Breaker()
    late = permit(breaker)
    ask(breaker, "failure", times=5)
    probe = permit(breaker, 30.0)
    breaker.settle(late, outcome, 30.0)
    assert breaker.state(30.0) == "half-open"
    assert breaker.admit(30.0) == Refused(1), "the late one took the probe's place"
    breaker.settle(probe, "success", 30.0)
    ask(breaker, "success", now=30.0)
    assert breaker.state(30.0) == "closed"


def test_the_results_of_a_closed_circuit_do_not_count_in_the_next_closed_one() -> None:
    breaker = Breaker()
    late = [permit(breaker) for _ in range(5)]
    ask(breaker, "failure", times=5)
    ask(breaker, "success", times=2, now=30.0)
    for each in late:
        breaker.settle(each, "failure", 30.0)
    assert breaker.state(30.0) == "closed"


def test_only_the_first_outcome_of_a_permit_counts() -> None:
    breaker = Breaker()
    one = permit(breaker)
    for _ in range(9):
        breaker.settle(one, "failure", 0.0)
    assert breaker.state(0.0) == "closed"


def test_a_permit_of_another_circuit_counts_for_nothing() -> None:
    breaker = Breaker(Numbers(failures=1))
    permit(breaker)
    breaker.settle(permit(Breaker()), "failure", 0.0)
    assert breaker.state(0.0) == "closed"


def test_the_numbers_can_be_others() -> None:
    breaker = Breaker(Numbers(failures=1, open_seconds=0.5, successes=1))
    ask(breaker, "failure")
    assert breaker.admit(0.49) == Refused(1)
    ask(breaker, "success", now=0.5)
    assert breaker.state(0.5) == "closed"


# What a circuit is, told anew from everything that ever happened to it: each era is the letters of
# the outcomes of its own requests.
class History:
    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.asked: list[int] = []  # the era of each request
        self.told: list[tuple[float, int, Outcome]] = []

    def eras(self, now: float) -> list[tuple[State, str, set[int]]]:
        eras: list[tuple[State, str, set[int]]] = [("closed", "", set())]
        until, settled = 0.0, set[int]()
        for time, number, outcome in [*self.told, (now, -1, "neither")]:
            if eras[-1][0] == "open" and time >= until:
                eras.append(("half-open", "", set()))
            if number < 0 or number in settled:
                continue
            settled.add(number)
            state, letters, ended = eras[-1]
            if self.asked[number] != len(eras) - 1:
                continue
            letters += outcome[0].replace("n", "")
            eras[-1] = state, letters, ended | {number}
            follower = self._follower(state, letters)
            if follower is not None:
                until = time + self.numbers.open_seconds
                eras.append((follower, "", set()))
        return eras

    def _follower(self, state: State, letters: str) -> State | None:
        if state == "closed":
            return "open" if letters.endswith("f" * self.numbers.failures) else None
        if "f" in letters:
            return "open"
        return "closed" if letters == "s" * self.numbers.successes else None

    def is_refused(self, now: float) -> bool:
        eras = self.eras(now)
        state, _, ended = eras[-1]
        running = {n for n, era in enumerate(self.asked) if era == len(eras) - 1} - ended
        return state == "open" or (state == "half-open" and bool(running))


class Circuit(RuleBasedStateMachine):
    permits: Bundle[tuple[int, Permit]] = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        numbers = Numbers(failures=3, open_seconds=4.0, successes=2)
        self.breaker, self.history = Breaker(numbers), History(numbers)
        self.now = 0.0

    @rule(seconds=st.sampled_from([0.25, 1.0, 4.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=permits)
    def admit(self) -> tuple[int, Permit]:
        admitted = self.breaker.admit(self.now)
        assert isinstance(admitted, Refused) == self.history.is_refused(self.now)
        if isinstance(admitted, Refused):
            assert 1 <= admitted.retry_after <= 4
            return -1, Permit("open")
        self.history.asked.append(len(self.history.eras(self.now)) - 1)
        return len(self.history.asked) - 1, admitted

    @rule(which=permits, outcome=st.sampled_from(OUTCOMES))
    def settle(self, which: tuple[int, Permit], outcome: Outcome) -> None:
        number, admitted = which
        self.breaker.settle(admitted, outcome, self.now)
        if number >= 0:
            self.history.told.append((self.now, number, outcome))

    @rule(outcome=st.sampled_from(OUTCOMES))
    def ask(self, outcome: Outcome) -> None:
        self.settle(self.admit(), outcome)

    @invariant()
    def the_state_is_that_of_the_history(self) -> None:
        assert self.breaker.state(self.now) == self.history.eras(self.now)[-1][0]


TestCircuit = Circuit.TestCase
TestCircuit.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, derandomize=True
)
