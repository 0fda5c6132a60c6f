Feature: No attempt is made twice
  A request that fails everywhere makes a known number of attempts, and no more.

  Background:
    Given the client talks to the gateway

  @req:RETRY-001 @core
  Rule: A request that fails everywhere makes as many attempts as are stated, and no more

    Scenario: Plain
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agents were asked as often as a plain request is tried (2 times)

    @needs:streaming
    Scenario: Streamed
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a stream
      Then the status is the final-error status (500)
      And the agents were asked as often as a streamed request is tried (3 times)

    Scenario Outline: Plain, where each agent <fails>
      Given the agent "ccrouter" <fails>
      And the agent "droid" <fails>
      When the client asks for a plain answer
      Then the agents were asked as often as a plain request is tried (2 times)

      Examples:
        | fails                                   |
        | answers 429                             |
        | answers 503                             |
        | resets the connection before it answers |
        | closes the connection before it answers |

  @req:FALLBACK-009 @core @needs:fallback
  Rule: One agent is tried and then the other, and the client gets the error of one of them

    Scenario: Two failures
      Given the agent "ccrouter" answers 503
      And the agent "droid" answers 500
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the request went to the agent "ccrouter", then to the agent "droid"

    @needs:streaming @needs:stream_to_plain
    Scenario: Streamed, then plain
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a stream
      Then the status is the final-error status (500)
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |
        | droid    | plain    |

  @req:FALLBACK-009 @core @needs:fallback @needs:logs
  Rule: Both attempts are logged

    Scenario: Two attempts
      Given the agent "ccrouter" answers 503
      And the agent "droid" answers 500
      When the client asks for a plain answer
      Then a line of the log has these values
        | path       | value    |
        | $.agent    | ccrouter |
        | $.mode     | plain    |
        | $.outcome  | failed   |
        | $.reason   | status   |
        | $.status   | 503      |
      And a line of the log has these values
        | path       | value    |
        | $.agent    | droid    |
        | $.mode     | plain    |
        | $.outcome  | failed   |
