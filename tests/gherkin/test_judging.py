import pytest

from .project import Project

STEPS = """
    from sluicegate.errors import ViolationError
    from sluicegate.gherkin import given, then

    @given("the client talks to the gateway")
    def _() -> None:
        pass

    @then("the box has a ribbon")
    def _() -> None:
        raise ViolationError("there is no ribbon")
"""
FEATURE = """
    Feature: Boxes
      Background:
        Given the client talks to the gateway

      @req:PARTIAL-003 @extended
      Rule: Boxes are pretty

        Scenario: A ribbon
          Then the box has a ribbon

        @needs:logs
        Scenario: A ribbon in the log
          Then the box has a ribbon

      @req:PARTIAL-003 @core
      Rule: Boxes are boxes

        Scenario: A box
          Then the box has a ribbon
"""
NO_RIBBONS = '{ claim = false, reason = "no ribbons" }'


@pytest.mark.parametrize(
    ("claim", "counts", "told"),
    [
        ("true", {"failed": 2, "skipped": 1}, "there is no ribbon"),
        (NO_RIBBONS, {"failed": 1, "skipped": 2}, "not claimed: extended: no ribbons"),
        ('"unknown"', {"failed": 1, "skipped": 1, "xfailed": 1}, "nobody knows of extended"),
    ],
)
def test_all_extended_scenarios_are_left_out_or_tried_by_one_claim(
    project: Project, claim: str, counts: dict[str, int], told: str
) -> None:
    project.steps("boxes", STEPS)
    project.write("features/plain.feature", FEATURE)
    project.write(
        "box.toml",
        f"""
        [gateway]
        url = "http://127.0.0.1:9"

        [gateway.capabilities]
        logs = {{ claim = false, reason = "none" }}
        extended = {claim}
        """,
    )
    result = project.run("features", "--profile", "box.toml", "-rA")
    result.assert_outcomes(**counts)
    result.stdout.fnmatch_lines([f"*{told}*"])
    result.stdout.fnmatch_lines(["SKIPPED*not claimed: logs: none"])
