Feature: No attempt is made twice
  A request that fails everywhere makes a known number of attempts, and no more.

  Background:
    Given the client talks to the gateway

  @req:FALLBACK-009 @req:RETRY-001 @core @needs:fallback
  Rule: Each agent is tried once, and the client gets the last error

    Scenario: Plain, two attempts
      Given the agent "ccrouter" answers 503
      And the agent "droid" answers 500
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |
        | droid    | plain |

    Scenario: Streamed, three attempts
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

    Scenario: Plain
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
