Feature: Agents that take too long
  Nobody waits for ever: each limit ends an attempt, and takes the request back from the agent.

  Background:
    Given the client talks to the gateway

  @req:TIMEOUT-001 @core @slow @needs:streaming @needs:timeouts @needs:stream_gap_timeout
  Rule: A stream that falls silent is closed, and the agent's request is cancelled

    Scenario: Silence in mid-stream
      Given the agent "ccrouter" is a slow stream agent that falls silent after 2 chunks
      And the agent "ccrouter" is a timed stream agent with 500 ms between words
      When the client asks for a stream
      Then the stream says "Hello", " from"
      And the stream does not claim to be complete
      And the answer ends after 500 ms plus the gap limit (20 seconds)
      And the agent "ccrouter"'s journal says that the client went away after 500 ms plus the gap limit (20 seconds)

    @needs:repair
    Scenario: A connection that is kept alive, and says nothing
      Given the agent "ccrouter" falls silent after chunk 2
      And the agent "ccrouter" keeps the connection alive every 3 seconds
      When the client asks for a stream
      Then the stream does not claim to be complete
      And the answer ends after 100 ms plus the gap limit (20 seconds)

  @req:TIMEOUT-006 @core @slow @needs:streaming @needs:timeouts @needs:whole_stream_timeout
  Rule: A stream that takes too long as a whole is closed, and the agent's request is cancelled

    Scenario: The limit of the whole stream
      Given the agent "ccrouter" says " word" 40 times with half the gap limit (10 seconds) between words
      When the client asks for a stream and goes away after 5 seconds plus the whole-stream limit (60 seconds)
      Then the stream does not claim to be complete
      And the answer ends after the whole-stream limit (60 seconds)
      And the agent "ccrouter"'s journal says that the client went away after the whole-stream limit (60 seconds)

  @req:TIMEOUT-001 @core @slow @needs:streaming @needs:timeouts @needs:stream_gap_timeout @needs:error_event
  Rule: The client of a stream that falls silent is told so

    Scenario: Told of silence in mid-stream
      Given the agent "ccrouter" is a slow stream agent that falls silent after 2 chunks
      When the client asks for a stream
      Then the last event is an error
      And the answer ends cleanly

  @req:TIMEOUT-006 @core @slow @needs:streaming @needs:timeouts @needs:whole_stream_timeout @needs:error_event
  Rule: The client of a stream that takes too long as a whole is told so

    Scenario: Told of the limit of the whole stream
      Given the agent "ccrouter" says " word" 40 times with half the gap limit (10 seconds) between words
      When the client asks for a stream and goes away after 5 seconds plus the whole-stream limit (60 seconds)
      Then the last event is an error
      And the answer ends cleanly

  @req:TIMEOUT-006 @core @needs:streaming @needs:timeouts @needs:whole_stream_timeout
  Rule: The limit of the whole stream is configured

    Scenario: 3 seconds for the whole of it
      Given the gateway's variant is "short-limits"
      And the agent "ccrouter" is a timed stream agent with 1 second between words
      When the client asks for a stream
      Then the stream does not claim to be complete
      And the answer ends after 3 seconds
      And the agent "ccrouter"'s journal says that the client went away after 3 seconds

  @req:TIMEOUT-002 @core @slow @needs:streaming @needs:timeouts @needs:stream_to_plain
  Rule: Before the answer has begun, a timeout leads to the plain attempt

    Scenario: No first content within the limit
      Given the agent "ccrouter" falls silent before its first chunk
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the answer begins after the first-content limit (20 seconds)
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |

    Scenario: A role is no content
      Given the agent "ccrouter" answers in turn
        | answer                                                            |
        | delay=1000&quirks=role_alone&fail_chunk=1&fail_chunk_mode=silence |
        |                                                                   |
      When the client asks for a stream
      Then the answer begins after the first-content limit (20 seconds)

    @needs:stream_gap_timeout
    Scenario: A thought is
      Given the agent "ccrouter" reasons "Let", " me", " see."
      And the agent "ccrouter" waits 1 second before its first chunk
      And the agent "ccrouter" falls silent after chunk 1
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the answer begins after 1 second plus the gap limit (20 seconds)

  @req:TIMEOUT-003 @core @slow @needs:timeouts
  Rule: A plain attempt has a limit of its own

    Scenario: The agent never answers
      Given the agent "ccrouter" waits 2 seconds plus the plain limit (15 seconds) before it answers
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then the answer does not claim success
      And the answer begins after the plain limit (15 seconds)
      And the agent "ccrouter"'s journal says that the client went away after the plain limit (15 seconds)

    @needs:fallback
    Scenario: The agent never answers, and its fallback does
      Given the agent "ccrouter" never answers
      When the client asks for a plain answer
      Then the status is 200
      And the answer begins after the plain limit (15 seconds)
      And the request went to the agent "ccrouter", then to the agent "droid"

    @needs:streaming @needs:fallback @needs:stream_to_plain
    Scenario: After the streamed attempt, whose limit is longer
      Given the agent "ccrouter" never answers
      When the client asks for a stream
      Then the status is 200
      And the answer begins after the first-content limit (20 seconds) plus the plain limit (15 seconds)

  @req:TIMEOUT-004 @core @slow @needs:streaming @needs:timeouts @needs:logs
  Rule: A timeout is logged with its limit, the agent, and what was delivered

    @needs:stream_gap_timeout
    Scenario: In mid-stream
      Given the agent "ccrouter" falls silent after chunk 2
      When the client asks for a stream
      Then a line of the log has these values
        | path       | value    |
        | $.agent    | ccrouter |
        | $.mode     | streamed |
        | $.limit    | gap      |
        | $.chunks   | 2        |

    Scenario: Before the first content
      Given the agent "ccrouter" falls silent before its first chunk
      When the client asks for a stream
      Then a line of the log has these values
        | path       | value         |
        | $.agent    | ccrouter      |
        | $.limit    | first content |
        | $.chunks   | 0             |

  @req:TIMEOUT-005 @core @slow @needs:timeouts
  Rule: When all attempts take too long the client gets the timeout status, and never hangs

    Scenario: Plain
      Given the agent "ccrouter" never answers
      And the agent "droid" never answers
      When the client asks for a plain answer
      Then the status is the timeout status (504)
      And the body follows the schema "openai/error"
      And the answer has ended before 1 second plus the limits of all plain attempts (30 seconds)

    @needs:streaming
    Scenario: Streamed
      Given the agent "ccrouter" never answers
      And the agent "droid" never answers
      When the client asks for a stream
      Then the status is the timeout status (504)
      And the body follows the schema "openai/error"
      And the answer has ended before 1 second plus the limits of all streamed attempts (60 seconds)
      And every request to an agent has ended

  @req:TIMEOUT-005 @extended @slow @needs:timeouts
  Rule: The type of the error says that it took too long

    Scenario: Plain, by its type
      Given the agent "ccrouter" never answers
      And the agent "droid" never answers
      When the client asks for a plain answer
      Then $.error.type of the body is "timeout_error"
