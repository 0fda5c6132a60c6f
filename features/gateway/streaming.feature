Feature: A stream that succeeds
  The gateway passes an agent's stream on as it comes: nothing is held back, nothing is added, nothing lost.

  Background:
    Given the client talks to the gateway

  @req:STREAM-001 @core @needs:streaming
  Rule: A streamed answer says in its headers that it is one

    Scenario: The kind of the answer
      When the client asks for a stream
      Then the status is 200
      And the answer is an event stream

    Scenario Outline: The header <name>
      When the client asks for a stream
      Then the header "<name>" mentions "<value>"

      Examples:
        | name              | value    |
        | Cache-Control     | no-cache |
        | Transfer-Encoding | chunked  |

  @req:STREAM-001 @extended @needs:streaming
  Rule: A streamed answer says that its connection stays open

    Scenario: The connection
      When the client asks for a stream
      Then the header "Connection" is "keep-alive"

  @req:HONESTY-002 @core
  Rule: What is left of the rate limit is passed on

    Scenario: Of a plain answer
      Given the agent "ccrouter" tells what is left of its rate limit
      When the client asks for a plain answer
      Then the header "x-ratelimit-remaining-requests" is "59"

    @needs:streaming
    Scenario: Of a stream
      Given the agent "ccrouter" tells what is left of its rate limit
      When the client asks for a stream
      Then the header "x-ratelimit-remaining-requests" is "59"

  @req:HONESTY-002 @extended
  Rule: The agent's name of a request is passed on

    Scenario: In its header
      Given the agent "ccrouter" calls the request "req-7"
      When the client asks for a plain answer
      Then the header "X-Request-Id" is "req-7"

  @req:STREAM-002 @core @needs:streaming
  Rule: Chunks arrive in the agent's order, and say what the agent said

    Scenario: Six words
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the client's events are those that the agent "ccrouter" sent

    Scenario: Words of every kind
      Given the agent "ccrouter" says "Grüße", " aus", " 漢字", " 🎉"
      When the client asks for a stream
      Then the stream says "Grüße", " aus", " 漢字", " 🎉"

  @req:STREAM-003 @core @needs:streaming
  Rule: There is exactly one [DONE], and it comes last

    Scenario: A complete stream
      When the client asks for a stream
      Then the stream ends with one [DONE]
      And the answer ends cleanly

  @req:STREAM-004 @core @needs:streaming
  Rule: No chunk waits for another one

    Scenario: Words 100 ms apart
      When the client asks for a stream
      Then the first chunk with text arrives after 0 ms
      And the chunks with text arrive 100 ms apart
      And the answer ends after 600 ms

    Scenario Outline: A timed stream agent with <pace> between words
      Given the agent "ccrouter" is a timed stream agent with <pace> between words
      When the client asks for a stream
      Then the chunks with text arrive <pace> apart
      And the answer ends after <whole>

      Examples:
        | pace   | whole       |
        | 10 ms  | 60 ms       |
        | 500 ms | 3 seconds   |

    @needs:cancellation
    Scenario: An answer that begins with a call of a tool
      Given the agent "ccrouter" calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      And the agent "ccrouter" is a timed stream agent with 500 ms between words
      When the client asks for a stream and goes away after 750 ms
      Then $.choices[0].delta.tool_calls[0].function.name of one chunk is "read"

    Scenario: An answer of nothing
      Given the agent "ccrouter" says ""
      When the client asks for a stream
      Then the role "assistant" comes once, in the first chunk
      And the finish_reason "stop" comes once, in the last chunk
      And the stream ends with one [DONE]
