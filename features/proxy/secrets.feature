Feature: Keys stay on the server
  No client ever sees the key of an upstream, whatever the upstream says; no upstream ever sees the token
  of a client.

  Background:
    Given the client talks to the proxy
    And the proxy's variant is "tokens"

  @req:PROXY-015 @core
  Rule: The key of an upstream appears in nothing that a client receives

    Scenario: A complete answer
      Given the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the provider was shown the key "sk-ant-upstream-0123456789"
      And nothing that the client received contains "sk-ant-upstream-0123456789"

    Scenario Outline: An error of "<upstream>" that quotes the key, as it <answers>
      Given the client asks the upstream "<upstream>"
      And the client's token is "<token>"
      And the provider <answers>
      And the provider's errors say "Incorrect API key provided: <key>."
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.error_message of the message mentions "Incorrect API key provided"
      And nothing that the client received contains "<key>"

      Examples:
        | upstream  | token                  | key                        | answers                            |
        | anthropic | correct-horse-battery  | sk-ant-upstream-0123456789 | answers 401                        |
        | anthropic | correct-horse-battery  | sk-ant-upstream-0123456789 | answers 200 with an error object   |
        | anthropic | correct-horse-battery  | sk-ant-upstream-0123456789 | sends an error event after chunk 3 |
        | openai    | staple-of-another-kind | sk-upstream-0123456789     | answers 401                        |
        | openai    | staple-of-another-kind | sk-upstream-0123456789     | answers 200 with an error object   |
        | openai    | staple-of-another-kind | sk-upstream-0123456789     | sends an error event after chunk 3 |

    Scenario Outline: A model that says the key, in pieces: <pieces>
      Given the client's token is "correct-horse-battery"
      And the provider says <pieces>
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every event carries the message so far
      And nothing that the client received contains "sk-ant-upstream-0123456789"
      And nothing that the client received contains "upstream-0123456789"

      Examples:
        | pieces                                             |
        | "My key is sk-ant-upstream-0123456789."            |
        | "My key is sk-ant-", "upstream-0123456789", "."    |
        | "s", "k", "-ant-upstream-012345678", "9"           |

    Scenario: A model that reasons about the key
      Given the client's token is "correct-horse-battery"
      And the provider reasons "It is sk-ant-upstream", "-0123456789, I think."
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And nothing that the client received contains "upstream-0123456789"

    Scenario Outline: A model that passes the key to the tool "<tool>" as "<key>"
      Given the client's token is "correct-horse-battery"
      And the provider calls the tool "<tool>" with
        """
        {"command": "curl -H 'x-api-key: <key>' example.com"}
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every call of a tool is whole
      And nothing that the client received contains "upstream-0123456789"
      And nothing that the client received contains "u0073k-ant-upstream"

      Examples: Plain, with escapes of JSON, and as the name of the tool
        | tool                       | key                             |
        | bash                       | sk-ant-upstream-0123456789      |
        | bash                       | \\u0073k-ant-upstream-0123456789 |
        | sk-ant-upstream-0123456789 | none                            |

    Scenario Outline: An error of "<upstream>" that tells where it is, as it <answers>
      Given the client asks the upstream "<upstream>"
      And the client's token is "<token>"
      And the provider <answers>
      And the provider's errors say "Refused by http://10.1.2.3:8443/v1 at llm-7.internal:9000."
      When the client asks for a stream
      Then $.error_message of the message mentions "Refused by"
      And nothing that the client received contains "10.1.2.3"
      And nothing that the client received contains "8443"
      And nothing that the client received contains "llm-7"

      Examples:
        | upstream  | token                  | answers                            |
        | anthropic | correct-horse-battery  | answers 500                        |
        | anthropic | correct-horse-battery  | sends an error event after chunk 3 |
        | openai    | staple-of-another-kind | answers 500                        |
        | openai    | staple-of-another-kind | sends an error event after chunk 3 |

  @req:PROXY-015 @core
  Rule: A client's token never reaches the upstream

    Scenario Outline: Shown to the proxy, and the upstream "<upstream>" is asked
      Given the client asks the upstream "<upstream>"
      And the client's token is "<token>"
      When the client asks for a stream
      Then the provider was asked once
      And the provider was never shown "<token>"
      And the provider was shown the key "<key>"

      Examples:
        | upstream  | token                  | key                        |
        | anthropic | correct-horse-battery  | sk-ant-upstream-0123456789 |
        | openai    | staple-of-another-kind | sk-upstream-0123456789     |

    Scenario: Other headers of the client's stay with the proxy
      Given the client's token is "correct-horse-battery"
      And the client sends the header "X-Api-Key" as "sk-of-the-client"
      And the client sends the header "Cookie" as "session=of-the-client"
      When the client asks for a stream
      Then the provider was asked once
      And the provider was never shown "sk-of-the-client"
      And the provider was never shown "of-the-client"
