Feature: A stream that breaks off
  An agent can die in the middle of an answer. The client keeps what it has been given, learns why, and can
  tell that the answer is incomplete.

  Background:
    Given the client talks to the gateway

  @req:PARTIAL-001 @req:PARTIAL-002 @req:PARTIAL-003 @core @needs:streaming @needs:error_event
  Rule: The client keeps the chunks, is told why, and is never told that the answer is complete

    Scenario Outline: The agent <breaks> after chunk 3
      Given the agent "ccrouter" <breaks> after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete
      And the stream has no [DONE]
      And the last event is an error
      And the answer ends cleanly
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

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
      And the last event is an error

      Examples:
        | chunks | words                                                 |
        | 1      | "Hello"                                               |
        | 2      | "Hello", " from"                                      |
        | 5      | "Hello", " from", " streaming", " mock", " provider"  |

    @slow
    Scenario: The agent falls silent
      Given the agent "ccrouter" falls silent after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete
      And the last event is an error
      And the answer ends after 20.2 seconds

  @req:PARTIAL-004 @core @needs:logs
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
      And the log names the request that the header "X-Request-Id" does
