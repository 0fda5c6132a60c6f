import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FEATURE = """
Feature: A provider
  Scenario: Plain
    When the client asks for a plain answer
    Then the status is 200

  Scenario: Unhealthy
    Given the provider's variant is "unhealthy"
    When the client sends "GET /health"
    Then the status is 503
"""


@contextmanager
def provider(*options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "sluicegate", "provider", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline().decode())
        assert found
        try:
            yield found.group()
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".feature", plain=FEATURE)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def test_systems_are_embedded_and_simulated_unless_told_otherwise(run: pytest.Pytester) -> None:
    run.runpytest_subprocess("plain.feature").assert_outcomes(passed=2)


def test_an_embedded_system_can_be_judged_on_the_wall_clock(run: pytest.Pytester) -> None:
    run.runpytest_subprocess("plain.feature", "--clock=wall").assert_outcomes(passed=2)


def test_a_profile_names_systems_in_other_processes(run: pytest.Pytester) -> None:
    with provider() as well, provider("--unhealthy") as ill:
        text = f'[provider]\nurl = "{well}"\n[provider.variants]\nunhealthy = "{ill}"\n'
        run.makefile(".toml", profile=text)
        result = run.runpytest_subprocess("plain.feature", "--profile", "profile.toml")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(f"sluicegate: judging the provider at {well}, on the wall clock")


def test_a_variant_that_the_profile_lacks_is_skipped_and_says_so(run: pytest.Pytester) -> None:
    with provider() as well:
        run.makefile(".toml", profile=f'[provider]\nurl = "{well}"\n')
        result = run.runpytest_subprocess("plain.feature", "--profile=profile.toml", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        'SKIPPED [[]1[]] plain.feature:6: not claimed: the profile names no variant "unhealthy"*'
    )


def test_a_profile_is_not_judged_by_our_own_command(run: pytest.Pytester) -> None:
    run.makefile(
        ".feature",
        plain="""
        Feature: The command
          Scenario: Help
            When a person runs "sluicegate --help"
            Then the command succeeds
        """,
    )
    run.makefile(".toml", profile='[provider]\nurl = "http://127.0.0.1:1"\n')
    run.runpytest_subprocess("plain.feature").assert_outcomes(passed=1)
    result = run.runpytest_subprocess("plain.feature", "--profile=profile.toml", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        "SKIPPED*plain.feature:2: not claimed: the system that the profile*"
    )


def test_every_scenario_begins_at_the_same_instant(run: pytest.Pytester) -> None:
    run.makefile(
        ".feature",
        plain="""
        Feature: Dates
          Scenario: One
            When the client asks for a plain answer with the parameters "delay=5000"
            Then $.created of the body is 1735689600
          Scenario: Another
            When the client asks for a plain answer
            Then $.created of the body is 1735689600
        """,
    )
    run.runpytest_subprocess("plain.feature").assert_outcomes(passed=2)


def test_a_system_that_is_not_there_is_told_in_words(run: pytest.Pytester) -> None:
    text = '[provider]\nurl = "http://127.0.0.1:1"\nready.within_seconds = 0.2\n'
    run.makefile(".toml", profile=text)
    result = run.runpytest_subprocess("plain.feature", "--profile=profile.toml")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines("the provider is not ready: GET http://127.0.0.1:1/health failed*")
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--profile=none.toml"], "ERROR: the profile none.toml: cannot be read: No such file*"),
        (["--profile=bad.toml"], "ERROR: the profile bad.toml: is not as it must be:"),
        (
            ["--profile=odd.toml"],
            'ERROR: the profile odd.toml: the provider has no variant "ill"; there are "default",*',
        ),
        (["--profile=good.toml", "--clock=simulated"], "ERROR: --clock simulated needs embedded*"),
        (["--clock=sundial"], "*invalid choice: 'sundial'*"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_runs(
    run: pytest.Pytester, options: list[str], message: str
) -> None:
    good = '[provider]\nurl = "http://127.0.0.1:1"\n'
    odd = good + '[provider.variants]\nill = "http://127.0.0.1:2"\n'
    run.makefile(".toml", bad="[provider]", good=good, odd=odd)
    result = run.runpytest_subprocess("plain.feature", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(message)
    result.stderr.no_fnmatch_line("*Traceback*")


def test_a_users_own_fixture_replaces_the_world(run: pytest.Pytester) -> None:
    run.makeconftest("""
        import pytest

        @pytest.fixture
        def world():
            pytest.skip("my own world")
    """)
    result = run.runpytest_subprocess("plain.feature", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines("*my own world*")
