Feature: The circuit breaker
  An agent that fails again and again is left in peace for a while, and then tried with one request.

  Background:
    Given the client talks to the gateway

  @req:BREAKER-001 @core @needs:breaker
  Rule: Five failed requests in a row open the circuit

    Scenario: Four do not
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 4 times before
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agent "ccrouter" was asked 5 times

    Scenario: Five do
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the agent "ccrouter" was asked 5 times

    Scenario: A request that the fallback answered is a success
      Given the agent "ccrouter" is a counting fail agent
      And the client has asked for a plain answer 9 times before
      When the client asks for a plain answer
      Then the status is 200
      And the agent "droid" was asked 10 times

  @req:BREAKER-002 @core @needs:breaker
  Rule: While the circuit is open, requests are refused at once, and no agent is asked

    Scenario Outline: <how>
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      When the client <asks>
      Then the status is the circuit-open status (503)
      And the body follows the schema "openai/error"
      And $.error.code of the body is "circuit_open"
      And the header "Retry-After" is "30"
      And the answer has ended before 1 second
      And no agent was asked

      Examples:
        | how                | asks                    |
        | Plain              | asks for a plain answer |
        | Streamed           | asks for a stream       |

    @slow
    Scenario: The seconds that are left
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 12 seconds
      When the client asks for a plain answer
      Then the header "Retry-After" is "18"

    Scenario: The circuit of another agent is closed
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" answers 500 5 times, then succeeds
      And the client has asked for a plain answer 5 times before
      And the client's model is "claude-sonnet-4-5"
      When the client asks for a plain answer
      Then the status is 200
      And the agents were asked in this order
        | agent | mode  |
        | droid | plain |

  @req:BREAKER-003 @core @slow @needs:breaker @needs:half_open
  Rule: After 30 seconds one request is let through to try

    Scenario: It is let through
      Given the agent "ccrouter" answers 500 5 times, then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      When the client waits 30 seconds and asks for a stream
      Then the stream ends with one [DONE]
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

    Scenario: Others are refused meanwhile
      Given the agent "ccrouter" answers 500 5 times, then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 30 seconds
      When 5 clients ask for a stream at once
      Then the statuses are 200 once and 503 4 times
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

    Scenario: Who is refused meanwhile is to come back soon
      Given the agent "ccrouter" answers in turn
        | answer     |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | delay=5000 |
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 30 seconds
      And another client has begun to ask for a plain answer
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the header "Retry-After" is "1"

  @req:BREAKER-004 @core @slow @needs:breaker @needs:half_open
  Rule: Two successes close the circuit, a failure opens it again

    Scenario: Two successes
      Given the agent "ccrouter" answers 500 5 times, then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 30 seconds
      And the client has asked for a plain answer 2 times before
      When 5 clients ask for a stream at once
      Then the statuses are 200 5 times

    Scenario: A failure
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 30 seconds
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the header "Retry-After" is "30"
      And the agent "ccrouter" was asked 6 times

  @req:BREAKER-005 @core @needs:breaker
  Rule: A success makes the count begin anew

    Scenario: Four failures, a success, four failures
      Given the agent "ccrouter" answers in turn
        | answer   |
        | fail=500 |
        | fail=500 |
        | fail=500 |
        | fail=500 |
        |          |
        | fail=500 |
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 9 times before
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agent "ccrouter" was asked 10 times

  @req:BREAKER-006 @core @needs:breaker @needs:breaker_streaming
  Rule: Streams and plain answers count alike, and so do all failures

    Scenario Outline: Five times the agent <fails>
      Given the agent "ccrouter" <fails>
      And the agent "droid" is a counting fail agent
      And the client has asked for a stream 5 times before
      When the client asks for a stream
      Then the status is the circuit-open status (503)

      Examples:
        | fails                                   |
        | answers 429                             |
        | answers 500                             |
        | answers 503                             |
        | resets the connection before it answers |
        | resets the connection after chunk 3     |
        | sends an error event after chunk 3      |
        | drops the connection after chunk 1      |

    @slow
    Scenario: Five timeouts
      Given the agent "ccrouter" never answers
      And the agent "droid" is a counting fail agent
      And the client has asked for a stream 5 times before
      When the client asks for a stream
      Then the status is the circuit-open status (503)

  @req:BREAKER-007 @core @needs:breaker
  Rule: A client that goes away, and an error of the client's, count as neither

    Scenario Outline: Five times the agent answers <status>
      Given the agent "ccrouter" answers <status>
      And the client has asked for a plain answer 9 times before
      When the client asks for a plain answer
      Then the status is <status>
      And the agent "ccrouter" was asked 10 times

      Examples:
        | status |
        | 400    |
        | 401    |
        | 404    |
        | 422    |

    Scenario: A request that was wrong does not begin a new count
      Given the agent "ccrouter" answers in turn
        | answer   |
        | fail=500 |
        | fail=500 |
        | fail=500 |
        | fail=500 |
        | fail=404 |
        | fail=500 |
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 6 times before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    Scenario: Clients that go away
      Given the agent "ccrouter" waits 5 seconds before it answers
      And the client has asked for a stream and gone away after 1 second 6 times before
      When the client asks for a plain answer
      Then the status is 200

    Scenario: A failure does not begin a new count after clients that went away
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" answers in turn
        | answer     |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | delay=5000 |
        | fail=500   |
      And the client has asked for a plain answer 4 times before
      And the client has asked for a plain answer and gone away after 1 second before
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    @slow
    Scenario: A probe whose client goes away gives its place back
      Given the agent "ccrouter" answers in turn
        | answer     |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | fail=500   |
        | delay=5000 |
        |            |
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 5 times before
      And the client has waited 30 seconds
      And the client has asked for a plain answer and gone away after 1 second before
      When the client asks for a plain answer
      Then the status is 200

  @req:BREAKER-008 @core @slow @needs:breaker @needs:half_open
  Rule: What a request that began in an earlier state comes to counts for nothing

    Scenario: A success that comes while the circuit is open leaves it open
      Given the agent "ccrouter" answers in turn
        | answer      |
        | delay=10000 |
        | fail=500    |
      And the agent "droid" is a counting fail agent
      And another client has begun to ask for a plain answer
      And the client has asked for a plain answer 5 times before
      And the client has waited 8 seconds
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    Scenario: A failure that comes while the circuit is half-open leaves it so
      Given the gateway's variant is "quick-circuit"
      And the agent "ccrouter" answers in turn
        | answer              |
        | delay=8000&fail=500 |
        | fail=500            |
        | fail=500            |
        | fail=500            |
        | fail=500            |
        | fail=500            |
        |                     |
      And the agent "droid" is a counting fail agent
      And another client has begun to ask for a plain answer
      And the client has asked for a plain answer 5 times before
      And the client has waited 5 seconds
      And the client has asked for a plain answer before
      And the client has waited 4 seconds
      When the client asks for a plain answer
      Then the status is 200
