Feature: A fault that was mistyped
  A mistyped fault must not pass for a healthy provider: it is refused, and the refusal names the
  parameter and says what is accepted.

  @req:PROVIDER-014 @core
  Rule: A bad parameter gets 400, and the error names it

    Scenario Outline: "<parameters>"
      When the client asks for a plain answer with the parameters "<parameters>"
      Then the status is 400
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"
      And $.error.type of the body is "invalid_request_error"
      And $.error.param of the body is "<param>"
      And $.error.message of the body mentions "<accepted>"

      Examples:
        | parameters              | param      | accepted     |
        | delay=abc               | delay      | milliseconds |
        | delay=-1                | delay      | milliseconds |
        | delay=nan               | delay      | milliseconds |
        | delay=1e400             | delay      | milliseconds |
        | delay=                  | delay      | milliseconds |
        | fail=42                 | fail       | 400          |
        | fail=200                | fail       | 400          |
        | fail=600                | fail       | 599          |
        | fail=maybe              | fail       | timeout      |
        | fail=                   | fail       | timeout      |
        | fail_chunk=x            | fail_chunk | number       |
        | fail_chunk=-1           | fail_chunk | number       |
        | fail_chunk=1.5          | fail_chunk | number       |
        | stream=perhaps          | stream     | true         |
        | stream=                 | stream     | false        |
        | stream=true&fail=oops   | fail       | 400          |
        | delay=2000&fail_chunk=x | fail_chunk | number       |

    Scenario: A bad parameter is refused at once, whatever the delay
      When the client asks for a plain answer with the parameters "delay=2000&fail=maybe"
      Then the status is 400
      And the answer begins after 0 ms

    Scenario: A request for a stream is refused in the same way
      When the client asks for a stream with the parameters "fail_chunk=third"
      Then the status is 400
      And the header "Content-Type" is "application/json"
      And $.error.param of the body is "fail_chunk"
