Feature: The bytes of a stream
  Networks and servers cut and frame a stream as they like. The client's events are the same.

  Background:
    Given the client talks to the gateway

  @req:FRAMING-001 @core @needs:streaming
  Rule: The events do not depend on how the agent's bytes were cut

    Scenario Outline: The agent's stream is sent <cut>
      Given the agent "ccrouter" says "Grüße", " aus", " 漢字"
      And the agent "ccrouter"'s stream is sent <cut>
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent
      And the stream says "Grüße", " aus", " 漢字"

      Examples:
        | cut                        |
        | byte by byte               |
        | in as few writes as possible |
        | cut inside of characters   |

    Scenario: Cut inside of CRLF
      Given the agent "ccrouter"'s lines end with CRLF
      And the agent "ccrouter"'s stream is sent cut inside of line ends
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

  @req:FRAMING-002 @core @needs:streaming
  Rule: LF, CRLF and CR give the same events

    Scenario Outline: <line_end>
      Given the agent "ccrouter"'s lines end with <line_end>
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

      Examples:
        | line_end |
        | LF       |
        | CRLF     |
        | CR       |

    @req:REPAIR-001 @needs:repair
    Scenario Outline: <line_end> becomes LF
      Given the agent "ccrouter"'s lines end with <line_end>
      When the client asks for a stream
      Then every event is one line of data and a blank line

      Examples:
        | line_end |
        | CRLF     |
        | CR       |

  @req:FRAMING-003 @core @needs:streaming
  Rule: Comments are understood, and never passed on as data

    Scenario: A comment before each event
      Given the agent "ccrouter" sends a comment before each event
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And every chunk follows the schema "openai/chat.completion.chunk"
      And the stream ends with one [DONE]

    Scenario: An agent that keeps the connection alive
      Given the agent "ccrouter" keeps the connection alive every 40 ms
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"

  @req:FRAMING-004 @core @needs:streaming
  Rule: A byte order mark, and data without a space, are understood

    Scenario: A byte order mark
      Given the agent "ccrouter"'s stream begins with a byte order mark
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

    Scenario: No space after the colon
      Given the agent "ccrouter" writes no space after colons
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

    Scenario: Compressed
      Given the agent "ccrouter"'s answer is compressed with gzip
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one [DONE]

  @req:FRAMING-005 @core @needs:streaming
  Rule: An event of more than 64 KiB arrives whole

    Scenario: A text of 100 KiB in one chunk
      Given the agent "ccrouter" says a text of 100 KiB
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent
