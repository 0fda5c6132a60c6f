Feature: The client library
  An agent in Python needs no key of a provider: the library asks the proxy, streams the events, and returns
  the message.

  Background:
    Given the client talks to the proxy
    And the client is "client library"

  @req:PROXY-013 @core
  Rule: The library streams the events and returns the final message

    Scenario Outline: Text, thinking and a call of a tool, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider reasons "I need", " a list."
      And the provider says "One", " moment."
      And the provider calls the tool "bash" with
        """
        {"command": "ls"}
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every event carries the message so far
      And the client returns the message of the last event
      And the stream says "One", " moment."
      And the message has these values
        | path                           | value           |
        | $.content[0].thinking          | I need a list.  |
        | $.content[1].text              | One moment.     |
        | $.content[2].name              | bash            |
        | $.content[2].arguments.command | ls              |
        | $.stop_reason                  | tool_use        |

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario Outline: The result of a call in a second turn, to the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the conversation is
        """
        [
          {"role": "user", "content": [{"type": "text", "text": "What is here?"}]},
          {"role": "assistant", "content": [
            {"type": "tool_call", "id": "call_1", "name": "bash", "arguments": {"command": "ls"}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "bash",
           "content": [{"type": "text", "text": "notes.txt"}]}
        ]
        """
      And the provider says "A file."
      When the client asks for a stream
      Then $.content[0].text of the message is "A file."
      And $.messages[2].<place> of the provider's request is "notes.txt"

      Examples:
        | upstream  | place                      |
        | anthropic | content[0].content[0].text |
        | openai    | content                    |

    Scenario: An error of the upstream is a message, too
      Given the provider resets the connection after chunk 2
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.stop_reason of the message is "error"
      And $.content[0].text of the message is "Hello from"
      And the client returns the message of the last event

  @req:PROXY-013 @core
  Rule: The library takes the documented configuration

    Scenario: The configuration of the documentation
      Given the proxy's variant is "tokens"
      And the client's configuration is
        """
        provider: proxy
        base_url: ${PROXY_URL}
        api_key: ${PROXY_TOKEN}    # optional bearer token
        model: claude-sonnet-4-5   # forwarded to upstream
        max_tokens: 4096

        tools:
          preset: coding
        """
      And the client's environment has "PROXY_TOKEN" as "correct-horse-battery"
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And $.model of the provider's request is "claude-sonnet-4-5"
      And $.max_tokens of the provider's request is 4096
      And $.tools[0].name of the provider's request is "read"
      And $.tools[1].name of the provider's request is "bash"
      And $.tools[2].name of the provider's request is "edit"
      And $.tools[3].name of the provider's request is "write"
      And $.tools[4] of the provider's request is missing

    Scenario: Every option of the configuration, for an upstream that it names
      Given the client's configuration is
        """
        provider: proxy
        base_url: ${PROXY_URL}/stream/openai
        model: gpt-5
        system_prompt: You are ${ROLE}.
        max_tokens: 100
        temperature: 0
        thinking_level: low
        """
      And the client's environment has "ROLE" as "terse"
      When the client asks for a stream
      Then $.model of the provider's request is "gpt-5"
      And $.messages[0].content of the provider's request is "You are terse."
      And $.max_completion_tokens of the provider's request is 100
      And $.temperature of the provider's request is 0
      And $.reasoning_effort of the provider's request is "low"

    Scenario: How long to cache, from the configuration
      Given the client's configuration is
        """
        provider: proxy
        base_url: ${PROXY_URL}
        model: claude-sonnet-4-5
        system_prompt: You are terse.
        cache_retention: long
        """
      When the client asks for a stream
      Then $.system[0].cache_control.ttl of the provider's request is "1h"

    Scenario: A variable that is not set in api_key means no token, with a warning
      Given the client's configuration is
        """
        provider: proxy
        base_url: ${PROXY_URL}
        api_key: ${PROXY_TOKEN}
        model: claude-sonnet-4-5
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And the client warns of "PROXY_TOKEN"

    Scenario: A variable that is not set elsewhere is an error that names it
      Given the client's configuration is
        """
        provider: proxy
        base_url: ${PROXY_URL}
        model: ${AGENT_MODEL}
        """
      When the client asks for a stream
      Then the client reports "AGENT_MODEL"
      And the provider was asked 0 times

  @req:PROXY-020 @core
  Rule: A client that goes away cancels the upstream request at once

    Scenario Outline: The <client> in mid-stream, with the upstream <upstream>
      Given the client is "<client>"
      And the client asks the upstream "<upstream>"
      When the client asks for a stream and goes away after 250 ms
      Then the stream says "Hello", " from", " streaming"
      And the provider's journal says that the client went away after 250 ms

      Examples:
        | client         | upstream  |
        | raw            | anthropic |
        | raw            | openai    |
        | client library | anthropic |
        | client library | openai    |

    Scenario Outline: Before the upstream has answered, with the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider waits 5 seconds before it answers
      When the client asks for a stream and goes away after 2 seconds
      Then the provider's journal says that the client went away after 2 seconds

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-020 @core
  Rule: The library's cancel ends the message as aborted

    Scenario Outline: After 250 ms, with the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      When the client asks for a stream and cancels it after 250 ms
      Then the stream begins with start and ends with one error
      And the message has these values
        | path              | value                |
        | $.stop_reason     | aborted              |
        | $.content[0].text | Hello from streaming |
      And the last event says how the message ended
      And the client returns the message of the last event
      And the provider's journal says that the client went away after 250 ms

      Examples:
        | upstream  |
        | anthropic |
        | openai    |
