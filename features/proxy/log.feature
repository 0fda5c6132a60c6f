Feature: The log
  Whoever runs a proxy can see what it did, and nothing that was said.

  Background:
    Given the client talks to the proxy

  @req:PROXY-026 @core
  Rule: Each request is logged in one line, without secrets and without the prompt

    Scenario: A complete answer
      Given the proxy's variant is "logs"
      And the client's token is "correct-horse-battery"
      And the system prompt is "A secret of the prompt"
      And the provider says "A secret of the answer"
      When the client asks for a stream
      Then the log has 1 line about requests
      And the last line of the log has these values
        | path             | value             |
        | $.upstream       | anthropic         |
        | $.model          | claude-sonnet-4-5 |
        | $.client         | 127.0.0.1         |
        | $.outcome        | done              |
        | $.status         | 200               |
        | $.tokens.input   | 10                |
        | $.tokens.output  | 15                |
        | $.cost           | 0.000255          |
      And the log names the request that the header "X-Request-Id" does
      And the log does not mention "A secret of"
      And the log does not mention "correct-horse-battery"
      And the log does not mention "sk-ant-upstream"

    Scenario: How long it took
      Given the proxy's variant is "logs"
      And the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the last line of the log says that it took 600 ms

    Scenario Outline: <what>
      Given the proxy's variant is "logs"
      And the client's token is "<token>"
      And the provider <does>
      When the client asks for a stream
      Then the log has 1 line about requests
      And the last line of the log has these values
        | path      | value     |
        | $.outcome | <outcome> |
        | $.status  | <status>  |

      Examples:
        | what                     | token                 | does                                 | outcome | status |
        | An upstream that fails   | correct-horse-battery | answers 500                          | error   | 200    |
        | A stream that breaks off | correct-horse-battery | resets the connection after chunk 3  | error   | 200    |
        | A wrong token            | wrong                 | says "Hello"                         | refused | 401    |

    Scenario: A client that goes away
      Given the proxy's variant is "logs"
      And the client's token is "correct-horse-battery"
      When the client asks for a stream and goes away after 250 ms
      Then the last line of the log has these values
        | path       | value   |
        | $.outcome  | aborted |
