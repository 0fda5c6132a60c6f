Feature: Upstreams that are compatible
  Many servers speak as OpenAI or Anthropic does, each with habits of its own. Agents see none of them.

  Background:
    Given the client talks to the proxy

  @req:PROXY-014 @core
  Rule: Any OpenAI-compatible base URL can be an upstream

    Scenario Outline: Two calls of tools, from a server with the habit "<quirk>"
      Given the client asks the upstream "<upstream>"
      And the provider has the quirk "<quirk>"
      And the provider calls the tool "read" with
        """
        {"path": "the first of two files"}
        """
      And the provider calls the tool "bash" with
        """
        {"command": "grep -r needle .", "timeout": 20}
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every call of a tool is whole
      And every call of a tool has the id that the provider gave it
      And the message has these values
        | path                           | value                  |
        | $.content[0].name              | read                   |
        | $.content[0].arguments.path    | the first of two files |
        | $.content[1].name              | bash                   |
        | $.content[1].arguments.command | grep -r needle .       |
        | $.content[1].arguments.timeout | 20                     |
        | $.stop_reason                  | tool_use               |

      Examples:
        | upstream  | quirk                |
        | openai    | tool_call_whole      |
        | openai    | tool_index_missing   |
        | openai    | tool_head_repeated   |
        | openai    | object_arguments     |
        | openai    | stop_after_tools     |
        | anthropic | tool_call_whole      |
        | anthropic | end_turn_after_tools |

    Scenario: Two calls whose pieces take turns, and the second one begins
      Given the client asks the upstream "openai"
      And the provider has the quirk "tool_indexes_swapped"
      And the provider calls the tool "read" with
        """
        {"path": "the first of two files"}
        """
      And the provider calls the tool "read" with
        """
        {"path": "the second of two files"}
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every call of a tool is whole
      And the message has these values
        | path                        | value                   |
        | $.content[0].arguments.path | the second of two files |
        | $.content[1].arguments.path | the first of two files  |

    Scenario Outline: Text and usage, from a server with the habit "<quirk>"
      Given the client asks the upstream "<upstream>"
      And the provider has the quirk "<quirk>"
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And every event carries the message so far
      And $.usage.input of the message is 10
      And $.usage.output of the message is 15

      Examples:
        | upstream  | quirk               |
        | openai    | usage_on_finish     |
        | openai    | usage_everywhere    |
        | openai    | role_missing        |
        | openai    | empty_finish_reason |
        | openai    | empty_choices_first |
        | openai    | no_choices          |
        | anthropic | pings               |
        | anthropic | unknown_event       |
        | anthropic | two_message_deltas  |
        | anthropic | output_tokens_only  |
        | anthropic | no_event_names      |
        | anthropic | done_marker         |

    Scenario Outline: A server at "<upstream>" that <does>
      Given the client asks the upstream "<upstream>"
      And the provider says "Grüße", ", 世界", " 🎉"
      And the provider <does>
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And $.content[0].text of the message is "Grüße, 世界 🎉"
      And $.usage.output of the message is 15

      Examples:
        | upstream  | does                                |
        | openai    | does not stream whatever it is asked for |
        | openai    | sends no Content-Type               |
        | openai    | writes no space after colons        |
        | anthropic | does not stream whatever it is asked for |
        | anthropic | sends a comment before each event   |

    Scenario Outline: A server at "<upstream>" whose <habit>
      Given the client asks the upstream "<upstream>"
      And the provider says "Grüße", ", 世界", " 🎉"
      And the provider's <habit>
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And the stream says "Grüße", ", 世界", " 🎉"

      Examples:
        | upstream  | habit                                 |
        | openai    | stream is sent byte by byte           |
        | openai    | lines end with CRLF                   |
        | openai    | answer is compressed with gzip        |
        | openai    | stream begins with a byte order mark  |
        | anthropic | stream is sent cut inside of characters |
        | anthropic | lines end with CR                     |
