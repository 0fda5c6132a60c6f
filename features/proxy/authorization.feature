Feature: Who may ask
  The proxy holds the keys of the upstreams. Clients show it a token of its own, and get no further
  without one.

  Background:
    Given the client talks to the proxy
    And the proxy's variant is "tokens"

  @req:PROXY-009 @core
  Rule: A request without the token is refused, and the upstream sees nothing

    Scenario: No token
      When the client asks for a stream
      Then the status is 401
      And the header "WWW-Authenticate" mentions "Bearer"
      And the body follows the schema "proxy/error"
      And $.error.message of the body mentions "Unauthorized"
      And the provider was asked 0 times

    Scenario: The token
      Given the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the status is 200
      And the stream begins with start and ends with one done
      And the provider was asked once

    Scenario: The client library
      Given the client is "client library"
      When the client asks for a stream
      Then the client reports "UnauthorizedError"
      And the provider was asked 0 times

  @req:PROXY-024 @core
  Rule: A wrong token, another scheme and an empty token get the same answer

    Scenario Outline: <what>
      Given the client has asked for a stream before
      And the client sends the header "Authorization" as "<header>"
      When the client asks for a stream
      Then the status is 401
      And the header "WWW-Authenticate" mentions "Bearer"
      And the body is the same as in the first answer
      And the provider was asked 0 times

      Examples:
        | what                      | header                          |
        | A wrong token             | Bearer wrong-horse-battery      |
        | A token that begins alike | Bearer correct-horse            |
        | A longer token            | Bearer correct-horse-battery1   |
        | Another case              | Bearer Correct-Horse-Battery    |
        | An empty token            | Bearer                          |
        | Another scheme            | Basic correct-horse-battery     |
        | No scheme                 | correct-horse-battery           |
        | The other path's token    | Bearer staple-of-another-kind   |

  @req:PROXY-009 @core
  Rule: So it is at every path that tells or costs anything

    Scenario Outline: <request> with the header "<header>"
      Given the proxy's variant is "<variant>"
      And the client sends the header "Authorization" as "<header>"
      When the client sends "<request>"
      Then the status is 401
      And the header "WWW-Authenticate" mentions "Bearer"
      And the body follows the schema "proxy/error"
      And the provider was asked 0 times

      Examples: No token, and another path's
        | variant | request                | header                        |
        | tokens  | POST /stream/anthropic |                               |
        | tokens  | POST /stream/anthropic | Bearer staple-of-another-kind |
        | tokens  | POST /stream/openai    |                               |
        | tokens  | POST /stream/openai    | Bearer correct-horse-battery  |
        | logs    | GET /costs             |                               |
        | logs    | GET /costs             | Bearer staple-of-another-kind |

    Scenario: The totals, with the token
      Given the proxy's variant is "logs"
      And the client's token is "correct-horse-battery"
      When the client asks for the totals
      Then the status is 200

  @req:PROXY-010 @core
  Rule: Several upstreams on one server, each with its own key and token

    Scenario: The default upstream
      Given the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then $.provider of the message is "anthropic"
      And the provider was shown the key "sk-ant-upstream-0123456789"

    Scenario: An upstream by its name, with the server's token
      Given the client asks the upstream "anthropic"
      And the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then $.provider of the message is "anthropic"
      And the provider was shown the key "sk-ant-upstream-0123456789"

    Scenario: An upstream by its name, with its own token
      Given the client asks the upstream "openai"
      And the client's token is "staple-of-another-kind"
      When the client asks for a stream
      Then $.provider of the message is "openai"
      And the provider was shown the key "sk-upstream-0123456789"

    Scenario: The server's token is not that of an upstream with its own
      Given the client asks the upstream "openai"
      And the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the status is 401
      And the provider was asked 0 times

    Scenario: An upstream that there is not
      Given the client asks the upstream "mistral"
      And the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the status is 404
      And the body follows the schema "proxy/error"
      And the provider was asked 0 times
