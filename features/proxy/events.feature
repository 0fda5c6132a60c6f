Feature: The events of a stream
  Every event is complete in itself: whoever reads only the last one has the whole message.

  Background:
    Given the client talks to the proxy

  @req:PROXY-002 @core
  Rule: Every event is one data line that follows the schema of events

    Scenario Outline: Text, thinking and a call of a tool, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider reasons "Let", " me", " see."
      And the provider says "One moment."
      And the provider calls the tool "read" with
        """
        {"path": "notes.txt"}
        """
      When the client asks for a stream
      Then every event is one line of data and a blank line
      And every chunk follows the strict schema "assistant/event"

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario Outline: A text with line ends, blanks alone and characters of every kind, from "<upstream>"
      Given the client asks the upstream "<upstream>"
      And the provider says these texts
        """
        ["Zeile eins:\n", "\n", "    ", "\tñandú", " 漢字", " 🎉👩‍👩‍👧", "\r\n", " \"quoted\" \\n", "\u0001", " "]
        """
      When the client asks for a stream
      Then the stream says these texts
        """
        ["Zeile eins:\n", "\n", "    ", "\tñandú", " 漢字", " 🎉👩‍👩‍👧", "\r\n", " \"quoted\" \\n", "\u0001", " "]
        """
      And every event is one line of data and a blank line
      And every event carries the message so far
      And every chunk follows the strict schema "assistant/event"

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario Outline: One piece of 300 characters, and 60 pieces, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider says "<piece> " <times> with 5 ms between words
      When the client asks for a stream
      Then the stream says "<piece> " <times>
      And every event carries the message so far

      Examples:
        | upstream  | times     | piece |
        | anthropic | 60 times  | word |
        | openai    | 60 times  | word |
        | anthropic | twice     | This piece has three hundred characters, as a provider sends them when its model is fast or its network is slow: everything that was said since the last one comes at once. Nobody may cut it, and nobody may split it: it is one piece of text, it is whole, and so it is passed on. Here comes its end: ... |
        | openai    | twice     | This piece has three hundred characters, as a provider sends them when its model is fast or its network is slow: everything that was said since the last one comes at once. Nobody may cut it, and nobody may split it: it is one piece of text, it is whole, and so it is passed on. Here comes its end: ... |

  @req:PROXY-003 @core
  Rule: A stream begins with start and ends with exactly one done or error, and has no [DONE]

    Scenario Outline: A complete answer of the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And $.error_message of the message is missing
      And the stream has no [DONE]
      And the answer ends cleanly

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario Outline: An answer of the upstream <upstream> that breaks off
      Given the client asks the upstream "<upstream>"
      And the provider resets the connection after chunk 3
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And the stream has no [DONE]
      And the answer ends cleanly

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario: The start comes before the upstream has answered
      Given the provider waits 5 seconds before it answers
      When the client asks for a stream and goes away after 3 seconds
      Then the events are
        """
        data: {"type":"start","partial":{"role":"assistant","model":"claude-sonnet-4-5","provider":"anthropic"}}
        """

  @req:PROXY-004 @core
  Rule: Every event carries the message so far, which only grows

    Scenario Outline: Text, thinking and two calls, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider reasons "Hm", "..."
      And the provider says "I", " look", " twice."
      And the provider calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      And the provider calls the tool "read" with
        """
        {"path": "b.txt"}
        """
      When the client asks for a stream
      Then every event carries the message so far
      And every call of a tool has the id that the provider gave it
      And the message has these values
        | path                       | value        |
        | $.role                     | assistant    |
        | $.provider                 | <upstream>   |
        | $.model                    | claude-sonnet-4-5 |
        | $.content[0].thinking      | Hm...        |
        | $.content[1].text          | I look twice. |
        | $.content[2].arguments.path | a.txt       |
        | $.content[3].arguments.path | b.txt       |

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario: The pieces are passed on as they come
      Given the provider says "a", "b", "c" with 250 ms between words
      When the client asks for a stream
      Then the stream says "a", "b", "c"
      And the chunks with text arrive 250 ms apart

    Scenario: The time of a message is that of its request
      When the client asks for a stream
      Then $.partial.timestamp of every chunk is the same
      And $.partial.timestamp of every chunk is the time of the request in Unix milliseconds
      And every event carries the message so far

  @req:PROXY-005 @core
  Rule: A call of a tool has its id and name from the start, and its arguments at the end

    Scenario Outline: Arguments in many pieces, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider calls the tool "bash" with
        """
        {"command": "grep -r 'needle' . | head", "timeout": 20, "env": {"LANG": "C"}}
        """
      When the client asks for a stream
      Then every call of a tool is whole
      And the message has these values
        | path                              | value                       |
        | $.content[0].type                 | tool_call                   |
        | $.content[0].name                 | bash                        |
        | $.content[0].arguments.command    | grep -r 'needle' . \| head  |
        | $.content[0].arguments.timeout    | 20                          |
        | $.content[0].arguments.env.LANG   | C                           |
        | $.stop_reason                     | tool_use                    |

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario Outline: Arguments that are no JSON, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider calls the tool "bash" with
        """
        {"command": "ls"}
        """
      And the provider has the quirk "tool_arguments_broken"
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.error_message of the message mentions "arguments of the tool"
      And $.content[0].name of the message is "bash"

      Examples:
        | upstream  |
        | anthropic |
        | openai    |
