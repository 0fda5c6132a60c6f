import pytest

from sluicegate.provider.agents import Agents, AgentSide, Noted
from sluicegate.provider.journal import Journal
from sluicegate.provider.plan import Plan
from sluicegate.provider.plans import Filed, Plans
from sluicegate.provider.refusal import RefusedError


class Cast:
    """Two agents, and an exchange of each that has ended."""

    def __init__(self) -> None:
        self.plans = Plans({"router": Plan(models=("one",))})
        self.journals = {"router": Journal(), "droid": Journal()}
        self.resets = 0
        self.agents = Agents(
            {name: AgentSide(journal, self.count) for name, journal in self.journals.items()},
            self.plans,
        )

    def count(self) -> None:
        self.resets += 1

    def ask(self, agent: str, started: float, token: str | None = None) -> None:
        journal = self.journals[agent]
        recording = journal.open(started, "POST", "/v1/chat/completions", "", ())
        if token is not None:
            recording.filed(token)
        journal.close(recording, started + 1, "finished")

    def noted(
        self, agent: str | None = None, token: str | None = None, since: int = 0
    ) -> list[str]:
        found = self.agents.entries(agent, token, since)
        return [f"{noted.agent} {noted.entry.number}" for noted in found]


@pytest.fixture
def cast() -> Cast:
    return Cast()


def test_plans_of_several_agents_are_filed_at_once(cast: Cast) -> None:
    documents = {"router": {"answers": [{"fail": 429}]}, "droid": {"answers": [{"fail": 500}]}}
    filed = cast.agents.file(documents, "t")
    assert [(each.agent, each.token, each.attempts) for each in filed] == [
        ("router", "t", 0),
        ("droid", "t", 0),
    ]
    assert cast.plans.answer("router", "t") == {"fail": 429}
    assert cast.plans.answer("droid", "t") == {"fail": 500}


def test_no_plan_is_filed_where_one_is_wrong(cast: Cast) -> None:
    documents = {"router": {"healthy": False}, "droid": {"answers": [{"fail": 42}]}}
    with pytest.raises(RefusedError) as caught:
        cast.agents.file(documents)
    assert caught.value.param == "plans.droid.answers[0].fail"
    assert cast.plans.plan("router").healthy


@pytest.mark.parametrize("member", [{"models": ["x"]}, {"healthy": True}])
def test_a_plan_of_a_token_that_says_what_no_token_asks_for_is_refused(
    cast: Cast, member: dict[str, object]
) -> None:
    (name,) = member
    with pytest.raises(RefusedError, match="does nothing with a token") as caught:
        cast.agents.file({"droid": member}, "t")
    assert caught.value.param == f"plans.droid.{name}"
    cast.agents.file({"droid": member})


def test_an_agent_that_is_none_is_refused(cast: Cast) -> None:
    with pytest.raises(
        RefusedError, match=r"did you mean 'droid'.*there are router, droid"
    ) as caught:
        cast.agents.file({"driod": {}})
    assert caught.value.param == "plans.driod"
    with pytest.raises(RefusedError) as caught:
        cast.agents.entries("x")
    assert caught.value.param == "agent"


def test_what_is_no_token_is_refused_everywhere(cast: Cast) -> None:
    for method in (
        lambda: cast.agents.file({"droid": {}}, "a b"),
        lambda: cast.agents.entries(token="a b"),  # noqa: S106 - a token of a plan
        lambda: cast.agents.reset("a b"),
    ):
        with pytest.raises(RefusedError, match="token: expected 1 to 64 letters") as caught:
            method()
        assert caught.value.param == "token"


def test_entries_come_in_the_order_of_the_requests(cast: Cast) -> None:
    for agent, started in (("droid", 1.0), ("router", 3.0), ("droid", 2.0)):
        cast.ask(agent, started)
    assert cast.noted() == ["droid 1", "droid 2", "router 1"]


def test_entries_can_be_asked_for_by_agent_token_and_number(cast: Cast) -> None:
    for agent, token in (("droid", "a"), ("droid", "b"), ("droid", "a"), ("router", "a")):
        cast.ask(agent, 1.0, token)
    assert cast.noted("droid") == ["droid 1", "droid 2", "droid 3"]
    assert cast.noted("droid", "a") == ["droid 1", "droid 3"]
    assert cast.noted("droid", "a", 1) == ["droid 3"]
    assert cast.noted(token="a") == ["router 1", "droid 1", "droid 3"]  # noqa: S106 - of a plan
    assert cast.noted(since=2) == ["droid 3"]
    assert cast.noted(token="c") == []  # noqa: S106 - a token of a plan


def test_an_entry_is_that_of_the_journal(cast: Cast) -> None:
    cast.ask("droid", 1.0, "t")
    (entry,) = cast.journals["droid"].entries
    assert cast.agents.entries() == (Noted("droid", entry),)


def test_a_reset_lets_everything_be_as_at_the_start(cast: Cast) -> None:
    start = Plan(models=("one",))
    cast.ask("droid", 1.0)
    cast.agents.file({"droid": {"answers": [{"fail": 429}]}}, "t")
    cast.agents.file({"router": {"healthy": False}})
    assert cast.agents.reset() == cast.agents.filed() == (Filed("router", None, start, 0),)
    assert cast.noted() == []
    assert cast.resets == 2


def test_a_reset_of_a_token_leaves_the_journals_alone(cast: Cast) -> None:
    cast.ask("droid", 1.0, "t")
    cast.agents.file({"droid": {"answers": [{"fail": 429}]}}, "t")
    cast.agents.reset("t")
    assert [filed.token for filed in cast.agents.filed()] == [None]
    assert (cast.noted(), cast.resets) == (["droid 1"], 0)
