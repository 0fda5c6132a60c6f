Feature: Agents that take too long
  Nobody waits for ever: each limit ends an attempt, and takes the request back from the agent.

  Background:
    Given the client talks to the gateway

  @req:TIMEOUT-001 @core @slow @needs:timeouts
  Rule: A stream past its limits is closed gracefully, and the agent's request is cancelled

    Scenario: 20 seconds of silence in mid-stream
      Given the agent "ccrouter" is a slow stream agent that falls silent after 2 chunks
      When the client asks for a stream
      Then the stream says "Hello", " from"
      And the stream does not claim to be complete
      And the last event is an error
      And the answer ends cleanly
      And the answer ends after 20.1 seconds
      And the agent "ccrouter"'s journal says that the client went away after 20.1 seconds

    Scenario: A connection that is kept alive, and says nothing
      Given the agent "ccrouter" falls silent after chunk 2
      And the agent "ccrouter" keeps the connection alive every 3 seconds
      When the client asks for a stream
      Then the last event is an error
      And the answer ends after 20.1 seconds

    Scenario: 60 seconds for the whole of it
      Given the agent "ccrouter" is a timed stream agent with 15 seconds between words
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock"
      And the stream does not claim to be complete
      And the last event is an error
      And the answer ends after 60 seconds
      And the agent "ccrouter"'s journal says that the client went away after 60 seconds

  @req:TIMEOUT-001 @core @needs:timeouts
  Rule: The limits are configured

    Scenario: 3 seconds for the whole of it
      Given the gateway's variant is "short-limits"
      And the agent "ccrouter" is a timed stream agent with 1 second between words
      When the client asks for a stream
      Then the stream does not claim to be complete
      And the last event is an error
      And the answer ends after 3 seconds
      And the agent "ccrouter"'s journal says that the client went away after 3 seconds

  @req:TIMEOUT-002 @core @slow @needs:timeouts @needs:stream_to_plain
  Rule: Before the answer has begun, a timeout leads to the plain attempt

    Scenario: No first content within 20 seconds
      Given the agent "ccrouter" falls silent before its first chunk
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the answer begins after 20 seconds
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |

    Scenario: A role is no content
      Given the agent "ccrouter" answers in turn
        | answer                                                            |
        | delay=5000&quirks=role_alone&fail_chunk=1&fail_chunk_mode=silence |
        |                                                                   |
      When the client asks for a stream
      Then the answer begins after 20 seconds

    Scenario: A thought is
      Given the agent "ccrouter" reasons "Let", " me", " see."
      And the agent "ccrouter" waits 5 seconds before its first chunk
      And the agent "ccrouter" falls silent after chunk 1
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the answer begins after 25 seconds

  @req:TIMEOUT-003 @core @slow @needs:timeouts
  Rule: A plain attempt has 15 seconds

    Scenario: The agent never answers, and its fallback does
      Given the agent "ccrouter" never answers
      When the client asks for a plain answer
      Then the status is 200
      And the answer begins after 15 seconds
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |
        | droid    | plain |

    Scenario: After the streamed attempt, whose limit is longer
      Given the agent "ccrouter" never answers
      When the client asks for a stream
      Then the status is 200
      And the answer begins after 35 seconds

  @req:TIMEOUT-004 @core @slow @needs:timeouts @needs:logs
  Rule: A timeout is logged with its limit, the agent, and what was delivered

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
      And $.error.type of the body is "timeout_error"
      And the answer begins after 30 seconds

    Scenario: Streamed
      Given the agent "ccrouter" never answers
      And the agent "droid" never answers
      When the client asks for a stream
      Then the status is the timeout status (504)
      And $.error.type of the body is "timeout_error"
      And the answer begins after 50 seconds
      And every request to an agent has ended
