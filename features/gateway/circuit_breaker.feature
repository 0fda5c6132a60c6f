Feature: The circuit breaker
  An agent that fails again and again is left in peace for a while, and then tried with one request.

  Background:
    Given the client talks to the gateway

  @req:BREAKER-001 @core @needs:breaker
  Rule: A number of failed requests in a row open the circuit

    Scenario: One less does not
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer once less than opens the circuit (4 times) before
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And an agent was asked

    Scenario: So many do
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And no agent was asked

    @needs:fallback
    Scenario: A request that the fallback answered is a success
      Given the agent "ccrouter" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then the status is 200
      And the request went to the agent "ccrouter", then to the agent "droid"

  @req:BREAKER-002 @core @needs:breaker
  Rule: While the circuit is open, requests are refused at once, and no agent is asked

    Scenario: Plain
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the body follows the schema "openai/error"
      And the answer has ended before 1 second
      And no agent was asked

    @needs:streaming
    Scenario: Streamed
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a stream
      Then the status is the circuit-open status (503)
      And the body follows the schema "openai/error"
      And the answer has ended before 1 second
      And no agent was asked

    Scenario: The code of the refusal
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then $.error.code of the body is "circuit_open"

    Scenario: When to come back
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then the header "Retry-After" says the open time (30 seconds)

    @slow
    Scenario: The seconds that are left
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited half the open time (15 seconds)
      When the client asks for a plain answer
      Then the header "Retry-After" says half the open time (15 seconds)

    @needs:fallback @needs:routing
    Scenario: The circuit of another agent is closed
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" answers 500 as often as opens the circuit (5 times), then succeeds
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client's model is "claude-sonnet-4-5"
      When the client asks for a plain answer
      Then the status is 200
      And the agents were asked in this order
        | agent | mode  |
        | droid | plain |

  @req:BREAKER-003 @core @needs:streaming @needs:breaker @needs:half_open
  Rule: After an open time that is configured, too, one request is let through to try

    Scenario: Others are refused meanwhile, after 5 seconds
      Given the gateway's variant is "quick-circuit"
      And the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited 5 seconds
      When 5 clients ask for a stream at once
      Then the statuses are 200 once and the circuit-open status (503) 4 times

  @req:BREAKER-003 @core @slow @needs:streaming @needs:breaker @needs:half_open
  Rule: After the open time one request is let through to try

    Scenario: It is let through
      Given the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client waits the open time (30 seconds) and asks for a stream
      Then the stream ends with one [DONE]
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

    Scenario: Not before
      Given the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client waits half the open time (15 seconds) and asks for a stream
      Then the status is the circuit-open status (503)
      And no agent was asked

    Scenario: Others are refused meanwhile
      Given the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      When 5 clients ask for a stream at once
      Then the statuses are 200 once and the circuit-open status (503) 4 times
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

    Scenario: Who is refused meanwhile is to come back soon
      Given the agent "ccrouter" first answers 500 as often as opens the circuit (5 times)
      And the agent "ccrouter" then answers after 5 seconds once
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      And another client has begun to ask for a plain answer
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the header "Retry-After" says 1 second

  @req:BREAKER-004 @core @slow @needs:breaker @needs:half_open
  Rule: A number of successes close the circuit, a failure opens it again

    @needs:streaming
    Scenario: One success less does not
      Given the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      And the client has asked for a plain answer once less than closes the circuit (1 time) before
      When 5 clients ask for a stream at once
      Then the statuses are 200 once and the circuit-open status (503) 4 times

    @needs:streaming
    Scenario: So many successes
      Given the agent "ccrouter" answers 500 as often as opens the circuit (5 times), then succeeds
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      And the client has asked for a plain answer as often as closes the circuit (2 times) before
      When 5 clients ask for a stream at once
      Then the statuses are 200 5 times

    Scenario: A failure
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)
      And the header "Retry-After" says the open time (30 seconds)
      And no agent was asked

  @req:BREAKER-005 @core @needs:breaker
  Rule: A success makes the count begin anew

    Scenario: Failures, a success, failures
      Given the agent "ccrouter" first answers 500 once less than opens the circuit (4 times)
      And the agent "ccrouter" then succeeds once
      And the agent "ccrouter" then answers 500 as often as opens the circuit (5 times)
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer once less than opens the circuit (4 times) before
      And the client has asked for a plain answer before
      And the client has asked for a plain answer once less than opens the circuit (4 times) before
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And an agent was asked

  @req:BREAKER-006 @core @needs:streaming @needs:breaker @needs:breaker_streaming
  Rule: Streams and plain answers count alike, and so do all failures

    Scenario Outline: The agent <fails>, again and again
      Given the agent "ccrouter" <fails>
      And the agent "droid" is a counting fail agent
      And the client has asked for a stream as often as opens the circuit (5 times) before
      When the client asks for a stream
      Then the status is the circuit-open status (503)
      And no agent was asked

      Examples:
        | fails                                   |
        | answers 429                             |
        | answers 500                             |
        | answers 503                             |
        | resets the connection before it answers |
        | resets the connection after chunk 3     |
        | sends an error event after chunk 3      |
        | drops the connection after chunk 1      |

    @slow @needs:timeouts
    Scenario: The agent never answers, again and again
      Given the agent "ccrouter" never answers
      And the agent "droid" is a counting fail agent
      And the client has asked for a stream as often as opens the circuit (5 times) before, all at once
      When the client asks for a stream
      Then the status is the circuit-open status (503)
      And no agent was asked

  @req:BREAKER-007 @core @needs:breaker
  Rule: A client that goes away, and an error of the client's, count as neither

    Scenario Outline: The agent answers <status>, again and again
      Given the agent "ccrouter" answers <status>
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then an agent was asked

      Examples:
        | status |
        | 400    |
        | 401    |
        | 404    |
        | 422    |

    Scenario: A request that was wrong does not begin a new count
      Given the agent "ccrouter" first answers 500 once less than opens the circuit (4 times)
      And the agent "ccrouter" then answers 404 once
      And the agent "ccrouter" then answers 500 once
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer once less than opens the circuit (4 times) before
      And the client has asked for a plain answer 2 times before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    @needs:streaming
    Scenario: Clients that go away
      Given the agent "ccrouter" waits 5 seconds before it answers
      And the client has asked for a stream and gone away after 1 second as often as opens the circuit (5 times) before
      When the client asks for a plain answer
      Then the status is 200

    @needs:fallback
    Scenario: A failure does not begin a new count after clients that went away
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" first answers 500 once less than opens the circuit (4 times)
      And the agent "droid" then answers after 5 seconds once
      And the agent "droid" then answers 500 once
      And the client has asked for a plain answer once less than opens the circuit (4 times) before
      And the client has asked for a plain answer and gone away after 1 second before
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    @slow @needs:half_open
    Scenario: A probe whose client goes away gives its place back
      Given the agent "ccrouter" first answers 500 as often as opens the circuit (5 times)
      And the agent "ccrouter" then answers after 5 seconds once
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited the open time (30 seconds)
      And the client has asked for a plain answer and gone away after 1 second before
      When the client asks for a plain answer
      Then the status is 200

  @req:BREAKER-008 @core @slow @needs:breaker @needs:half_open
  Rule: What a request that began in an earlier state comes to counts for nothing

    Scenario: A success that comes while the circuit is open leaves it open
      Given the agent "ccrouter" first answers after 10 seconds once
      And the agent "ccrouter" then answers 500 as often as opens the circuit (5 times)
      And the agent "droid" is a counting fail agent
      And another client has begun to ask for a plain answer
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited half the open time (15 seconds)
      When the client asks for a plain answer
      Then the status is the circuit-open status (503)

    Scenario: A failure that comes while the circuit is half-open leaves it so
      Given the gateway's variant is "quick-circuit"
      And the agent "ccrouter" first answers 500 after 8 seconds once
      And the agent "ccrouter" then answers 500 as often as opens the circuit (5 times)
      And the agent "droid" is a counting fail agent
      And another client has begun to ask for a plain answer
      And the client has asked for a plain answer as often as opens the circuit (5 times) before
      And the client has waited 5 seconds
      And the client has asked for a plain answer before
      And the client has waited 4 seconds
      When the client asks for a plain answer
      Then the status is 200
