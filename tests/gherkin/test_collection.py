import sys
import xml.etree.ElementTree as ET

import pytest

from .project import PLAIN, Project

BOXES = """
    @req:PROVIDER-010 @core
    Feature: Boxes
      Background:
        Given a box with 3 apples

      Scenario: The last one [DONE] is "eaten"
        When someone eats 3 times
        Then 0 apples are left

      @extended
      Rule: Eating MUST make fewer
        Background:
          When someone eats once

        @slow
        Scenario Outline: Eating <often>
          When someone eats <often>
          Then <left> apples are left

          @needs:streaming
          Examples:
            | often | left |
            | once  | 1    |
            | twice | 0    |

          Examples: More
            | often | left |
            | once  | 1    |

        Scenario: A::B
          Then 2 apples are left
"""


def test_a_dropped_in_feature_runs_without_any_python(project: Project) -> None:
    project.write("features/deeper/another.feature", PLAIN)
    project.run("features").assert_outcomes(passed=2)


def test_node_ids_are_the_words_of_the_author(project: Project) -> None:
    project.write("features/plain.feature", BOXES)
    assert project.ids("features") == [
        'features/plain.feature::The last one (DONE) is "eaten"',
        "features/plain.feature::Eating <often>[once-1_0]",
        "features/plain.feature::Eating <often>[twice-0]",
        "features/plain.feature::Eating <often>[once-1_1]",
        "features/plain.feature::A:B",
    ]


def test_backgrounds_of_the_feature_and_of_its_rule_run(project: Project) -> None:
    project.write("features/plain.feature", BOXES)
    project.run("features").assert_outcomes(passed=5)


@pytest.mark.parametrize(
    ("cell", "id_"),
    [
        ("grün", "grün"),
        ("日本", "日本"),
        (r"a\\b", r"a\\b"),
        (r"a\nb", r"a\nb"),
        ("a::b/c[d]", "a::b/c[d]"),
        ("", ""),
    ],
)
def test_an_id_stays_readable_and_selects_its_row(project: Project, cell: str, id_: str) -> None:
    project.write(
        "features/plain.feature",
        f"""
        Feature: Boxes
          Scenario Outline: Eating <what>
            Given a box with <n> apples
            Then <n> apples are left

            Examples:
              | n | what   |
              | 3 | {cell} |
              | 4 | other  |
        """,
    )
    expected = f"features/plain.feature::Eating <what>[3-{id_.replace(chr(92) * 2, chr(92))}]"
    assert project.ids("features")[0] == expected
    project.run(expected).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["features"], 5),
        (["features/plain.feature"], 5),
        (['features/plain.feature::The last one (DONE) is "eaten"'], 1),
        (["features/plain.feature::Eating <often>"], 3),
        (["features/plain.feature::Eating <often>[twice-0]"], 1),
        (["features", "-m", "req:PROVIDER-010"], 5),
        (["features", "-m", "req:PROVIDER-010 and not extended"], 1),
        (["features", "-m", "slow and needs:streaming"], 2),
        (["features", "-m", "not slow"], 2),
        (["features", "-k", "PROVIDER-010"], 5),
        (["features", "-k", "streaming"], 2),
        (["features", "-k", "DONE or twice"], 2),
    ],
)
def test_scenarios_are_selected_by_path_name_tag_and_keyword(
    project: Project, arguments: list[str], count: int
) -> None:
    project.write("features/plain.feature", BOXES)
    assert len(project.ids(*arguments)) == count


def test_the_usual_tags_select_even_where_no_feature_uses_them(project: Project) -> None:
    expression = "not slow and not core and not extended"
    assert len(project.ids("features", "-m", expression)) == 1


def test_a_mistyped_tag_selects_nothing_silently_under_strict_markers(project: Project) -> None:
    result = project.run("features", "-m", "not slwo")
    assert result.ret == pytest.ExitCode.USAGE_ERROR or sys.modules["pytest"].version_tuple < (9, 2)


def test_the_last_failed_scenario_runs_again(project: Project) -> None:
    project.write("features/plain.feature", BOXES.replace("Then 0 apples", "Then 7 apples"))
    project.run("features").assert_outcomes(passed=4, failed=1)
    project.run("features", "--lf").assert_outcomes(failed=1)


def test_a_failed_row_with_brackets_in_its_id_runs_again(project: Project) -> None:
    project.write(
        "features/plain.feature",
        """
        Feature: Boxes
          Scenario Outline: Eating <what>
            Given a box with <n> apples
            Then 3 apples are left

            Examples:
              | n | what        |
              | 3 | data: [one] |
              | 4 | data: [é::] |
        """,
    )
    project.run("features").assert_outcomes(passed=1, failed=1)
    project.run("features", "--lf").assert_outcomes(failed=1)


def test_scenarios_are_spread_over_workers(project: Project) -> None:
    project.write("features/plain.feature", BOXES.replace("Then 0 apples", "Then 7 apples"))
    project.write(
        "conftest.py",
        f"""
        import sluicegate.steps
        sluicegate.steps.__path__[:] = [{str(project.vocabulary)!r}]
        """,
    )
    result = project.pytester.runpytest_subprocess("features", "-n", "2")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        ["*FAILED features/plain.feature::The last one * - expected 7 apples, got 0*"]
    )
    result.stdout.fnmatch_lines(["features/plain.feature:8: Then 7 apples are left"])


def test_a_scenario_is_placed_at_its_line(project: Project) -> None:
    items, _ = project.pytester.inline_genitems("features")
    path, line, name = items[0].reportinfo()
    assert (str(path), line, name) == (str(items[0].path), 1, "Eating an apple")
    assert items[0].location == ("features/plain.feature", 1, "Eating an apple")


def test_the_tree_of_a_collection_reads_as_features_and_scenarios(project: Project) -> None:
    result = project.run("features", "--collect-only")
    result.stdout.fnmatch_lines(["*<FeatureFile plain.feature>", "*<Scenario Eating an apple>"])


def test_junit_xml_names_the_scenario_and_its_error(project: Project) -> None:
    project.write("features/plain.feature", PLAIN.replace("Then 2", "Then 3"))
    project.run("features", "--junit-xml=junit.xml")
    case = ET.parse(project.pytester.path / "junit.xml").find(".//testcase")  # noqa: S314 - ours
    assert case is not None
    assert case.get("name") == "Eating an apple"
    assert case.get("classname") == "features.plain.feature"
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("expected 3 apples, got 2")


def test_a_feature_in_another_language_is_run(project: Project) -> None:
    project.write(
        "features/plain.feature",
        """
        # language: de
        Funktionalität: Kisten
          Szenario: Ein Apfel
            Angenommen a box with 3 apples
            Wenn someone eats once
            Dann 2 apples are left
        """,
    )
    project.run("features").assert_outcomes(passed=1)


def test_a_byte_order_mark_is_no_part_of_the_feature(project: Project) -> None:
    path = project.pytester.path / "features/plain.feature"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    project.run("features").assert_outcomes(passed=1)


def test_a_changed_feature_is_read_again(project: Project) -> None:
    project.run("features").assert_outcomes(passed=1)
    project.write("features/plain.feature", PLAIN.replace("Then 2", "Then 3"))
    project.run("features").assert_outcomes(failed=1)


def test_a_step_may_skip_and_may_be_expected_to_fail(project: Project) -> None:
    project.steps(
        "ends",
        """
        import pytest
        from sluicegate.gherkin import given

        @given("nothing to do")
        def _() -> None:
            pytest.skip("not claimed")

        @given("a known fault")
        def _() -> None:
            pytest.xfail("not mended yet")
        """,
    )
    project.write(
        "features/plain.feature",
        """
        Feature: Ends
          Scenario: Skipped
            Given nothing to do
            Then 1 apples are left
          Scenario: Expected
            Given a known fault
            Then 1 apples are left
        """,
    )
    project.steps(
        "box",
        """
        import pytest

        @pytest.fixture
        def box() -> list[int]:
            return []
        """,
    )
    result = project.run("features", "-rs")
    result.assert_outcomes(skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["SKIPPED*not claimed"])


@pytest.mark.parametrize("strict", [[], ["--strict-markers"]])
@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("req:PROVIDER-010 or req:PROVIDER-999", "no requirement PROVIDER-999 is known; did you *"),
        ("not (req:provider-010)", "no requirement provider-010 is known; did you mean PROVIDER-*"),
        ("req:PROXY-022", "the requirement PROXY-022 is planned, and has no scenario yet"),
    ],
)
def test_an_unknown_requirement_on_the_command_line_is_answered(
    project: Project, expression: str, answer: str, strict: list[str]
) -> None:
    result = project.run("features", "-m", expression, *strict)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: -m '{expression}': {answer}"])
