Feature: Without a fallback
  With AGENT_FALLBACK_ENABLED=false there is one attempt, and its failure is told at once.

  Background:
    Given the client talks to the gateway
    And the gateway's variant is "no-fallback"

  @req:FALLBACK-004 @core @needs:streaming @needs:fallback_switch
  Rule: A failing stream is an error at once, with the reason, after one attempt

    Scenario: A failing stream agent
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then the status is the final-error status (500)
      And the body follows the schema "openai/error"
      And the answer has ended before 1 second
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

    Scenario: A plain failure
      Given the agent "ccrouter" is a counting fail agent
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |

    Scenario: A stream that succeeds is as it was
      When the client asks for a stream
      Then the stream ends with one [DONE]
      And the client's events are those that the agent "ccrouter" sent

  @req:FALLBACK-004 @extended @needs:streaming @needs:fallback_switch
  Rule: The reason says what became of the agent

    Scenario: A connection that was reset
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then $.error.type of the body is "orchestration_error"
      And $.error.message of the body mentions "connection"
