Feature: A stream that breaks off
  An agent can die in the middle of an answer. The client keeps what it has been given, learns why, and can
  tell that the answer is incomplete.

  Background:
    Given the client talks to the gateway

  @req:PARTIAL-001 @req:PARTIAL-002 @core @needs:streaming
  Rule: The client keeps the chunks, and is never told that the answer is complete

    Scenario Outline: The agent <breaks> after chunk 3
      Given the agent "ccrouter" <breaks> after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete

      Examples:
        | breaks                  |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario Outline: After <chunks> chunks
      Given the agent "ccrouter" is a partial stream agent that fails after <chunks> chunks
      When the client asks for a stream
      Then the stream says <words>
      And the stream does not claim to be complete

      Examples:
        | chunks | words                                                 |
        | 1      | "Hello"                                               |
        | 2      | "Hello", " from"                                      |
        | 5      | "Hello", " from", " streaming", " mock", " provider"  |

    @slow @needs:timeouts @needs:stream_gap_timeout
    Scenario: The agent falls silent
      Given the agent "ccrouter" falls silent after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete

  @req:PARTIAL-003 @core @needs:streaming @needs:error_event
  Rule: One error event says why, and the answer ends

    Scenario Outline: The client is told that the agent <breaks>
      Given the agent "ccrouter" <breaks> after chunk 3
      When the client asks for a stream
      Then the last event is an error
      And the answer ends cleanly

      Examples:
        | breaks                  |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario: The client is told that the end is none
      Given the agent "ccrouter" ends its stream without a finish_reason
      When the client asks for a stream
      Then the last event is an error

    @slow @needs:timeouts @needs:stream_gap_timeout
    Scenario: The client is told that the agent fell silent
      Given the agent "ccrouter" falls silent after chunk 3
      When the client asks for a stream
      Then the last event is an error
      And the answer ends cleanly

  @req:PARTIAL-004 @core @needs:streaming @needs:logs
  Rule: The failure is logged with the request, the agent, the chunks and the reason

    Scenario: A reset after three chunks
      Given the agent "ccrouter" resets the connection after chunk 3
      When the client asks for a stream
      Then a line of the log has these values
        | path               | value    |
        | $.agent            | ccrouter |
        | $.mode             | streamed |
        | $.chunks           | 3        |
        | $.outcome          | broken   |
      And a line of the log has these values
        | path               | value    |
        | $.agent            | ccrouter |
        | $.outcome          | failed   |
        | $.reason           | broken   |

    @req:SECRET-001
    Scenario: Nothing that was said is logged
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "messages": [{"role": "user", "content": "A secret of mine"}]}
        """
      Then the status is 200
      And the log does not mention "A secret of"
      And the log does not mention "mock LLM response"
      And the log does not mention "sk-ccrouter"

  @req:PARTIAL-004 @extended @needs:streaming @needs:logs
  Rule: Each request has a name of its own, which the client is told, and each attempt its time

    Scenario: The name of a request
      When the client asks for a plain answer
      Then the log names the request that the header "X-Request-Id" does

    Scenario: The names of two requests
      Given the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the header "X-Request-Id" differs from the answer before

    @needs:fallback
    Scenario: How long each attempt took
      Given the agent "ccrouter" answers 500
      And the agent "ccrouter" waits 1 second before it answers
      And the agent "droid" waits 2 seconds before it answers
      When the client asks for a plain answer
      Then a line of the log says that the agent "ccrouter" took 1 second
      And a line of the log says that the agent "droid" took 2 seconds
