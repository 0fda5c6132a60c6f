"""What a reader of features sees of a failure, to the letter."""

import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden_failures.txt")
FEATURE = '''
Feature: Failures

  Background:
    Given the client has asked for a plain answer before

  Scenario: A stream begins late
    When the client asks for a stream with usage and the parameters "delay=1500"
    Then the answer begins after 2 seconds

  Scenario Outline: An error <what>
    When the client sends "POST /v1/chat/completions?api_key=hush" with the body
      """
      {"model": "gpt-4", "messages": <messages>}
      """
    Then the status is 400
    And the error has these values
      | message     | type                  | param    | code |
      | <complaint> | invalid_request_error | messages | null |

    Examples:
      | what      | messages | complaint |
      | is polite | []       | too few   |

  @req:PROVIDER-008 @core
  Rule: A stream says that it is complete

    Scenario: A stream breaks
      When the client asks for a stream with the parameters "fail_chunk=3"
      Then the status is 200
      And the stream ends with one [DONE]

    Scenario: The provider is the witness
      Given the provider resets the connection after chunk 1
      When the client asks for a stream
      Then the provider's journal says that the answer was finished

    Scenario: A message breaks
      Given the client speaks "Anthropic"
      And the provider sends an error event after chunk 1
      When the client asks for a stream
      Then the stream ends with one message_stop
'''

PROXY = """
Feature: A proxy's failures

  @req:PROXY-005 @core
  Rule: The last event says how the message ended

    Scenario: A message that is not whole
      Given the client talks to the proxy
      And the provider resets the connection after chunk 2
      When the client asks for a stream
      Then the stream begins with start and ends with one done

    Scenario: A line of the log
      Given the client talks to the proxy
      And the proxy's variant is "logs"
      And the client's token is "wrong-horse"
      When the client asks for a stream
      Then the last line of the log has these values
        | path      | value |
        | $.status  | 401   |
        | $.outcome | done  |

    Scenario: Nobody's upstream
      Given the client asks the upstream "openai"
      When the client asks for a stream
      Then the status is 200
"""


@pytest.fixture
def shown(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makefile(".feature", failing=FEATURE, proxy=PROXY)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    result = pytester.runpytest_subprocess("failing.feature", "proxy.feature")
    result.assert_outcomes(failed=8)
    return result.stdout.str()


def test_failures_explain_themselves(shown: str) -> None:
    _, _, failures = shown.partition(" FAILURES ")
    text = re.sub(r"(?m)^_+ .* _+$", "-" * 100, failures.partition("\n")[2].partition("\n====")[0])
    assert text == GOLDEN.read_text(encoding="utf-8").rstrip("\n")
    summary = "FAILED failing.feature::A stream breaks - expected one [DONE], as the last e"
    assert summary in shown
