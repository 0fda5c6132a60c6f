Feature: From one agent to another
  Each model has its agent, and an agent can have another one that stands in for it.

  Background:
    Given the client talks to the gateway

  @req:FALLBACK-005 @core @needs:fallback
  Rule: Where ccrouter fails, droid answers, asked with the same parameters

    Scenario Outline: The agent "ccrouter" <fails>
      Given the agent "ccrouter" <fails>
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "temperature": 0.3, "max_tokens": 50,
         "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]}
        """
      Then the status is 200
      And $.choices[0].message.content of the body is "Hello! I'm a mock LLM response. How can I help you today?"
      And the request went to the agent "ccrouter", then to the agent "droid"
      And $.temperature of the agent "droid"'s request is 0.3
      And $.max_tokens of the agent "droid"'s request is 50
      And $.messages of the agent "droid"'s request is this JSON
        """
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
        """

      Examples:
        | fails                                   |
        | answers 500                             |
        | answers 503                             |
        | answers 429                             |
        | resets the connection before it answers |
        | closes the connection before it answers |
        | answers 200 with malformed JSON         |
        | answers 200 with an HTML page           |
        | answers 200 with an error object        |

    @needs:streaming
    Scenario: A stream whose agent fails in every way
      Given the agent "ccrouter" is a counting fail agent
      When the client asks for a stream
      Then the status is 200
      And the request went to the agent "ccrouter", then to the agent "droid"

  @req:FALLBACK-005 @extended @needs:fallback
  Rule: droid is asked for the same model, and with members that the gateway does not know

    Scenario: Members beyond the format
      Given the agent "ccrouter" answers 500
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "user": "u-1", "x_unknown": {"a": [1]}, "messages": [{"role": "user", "content": "Hello"}]}
        """
      Then $.model of the agent "droid"'s request is "gpt-4"
      And $.user of the agent "droid"'s request is "u-1"
      And $.x_unknown.a[0] of the agent "droid"'s request is 1

  @req:FALLBACK-006 @core @needs:fallback @needs:routing
  Rule: An agent that fails and has no fallback is an error

    Scenario: The agent "droid"
      Given the agent "droid" is a counting fail agent
      And the client's model is "claude-sonnet-4-5"
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the body follows the schema "openai/error"
      And the agent "ccrouter" was asked 0 times

  @req:FALLBACK-007 @core @needs:routing
  Rule: The model chooses the agent

    Scenario Outline: <model>
      Given the client's model is "<model>"
      When the client asks for a plain answer
      Then the agents were asked in this order
        | agent   | mode  |
        | <agent> | plain |

      Examples:
        | model             | agent    |
        | gpt-4             | ccrouter |
        | gpt-4o-mini       | ccrouter |
        | gemini-2.5-pro    | ccrouter |
        | claude-sonnet-4-5 | droid    |
        | claude-3-haiku    | droid    |
        | mistral-large     | ccrouter |

  @req:FALLBACK-007 @extended @needs:routing
  Rule: Capital letters count, and of two routes the first one that fits

    Scenario: A model in capital letters
      Given the client's model is "Claude-3-haiku"
      When the client asks for a plain answer
      Then the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |

    Scenario Outline: The first route that fits: <model>
      Given the gateway's variant is "routes"
      And the client's model is "<model>"
      When the client asks for a plain answer
      Then the agents were asked in this order
        | agent   | mode  |
        | <agent> | plain |

      Examples:
        | model       | agent    |
        | gpt-4o-mini | droid    |
        | gpt-4       | ccrouter |

  @req:FALLBACK-008 @core @needs:fallback @needs:health
  Rule: The health of an agent is known before a request goes there

    Background:
      Given the gateway's variant is "health"

    Scenario: Both are healthy
      When the client asks for a plain answer
      Then the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |

    Scenario: Neither is asked again how it is within ten seconds
      Given the client has asked for a plain answer 4 times before
      When the client asks for a plain answer
      Then the agent "ccrouter" was asked how it is once
      And the agent "ccrouter" was asked 5 times

    @slow
    Scenario: Both are asked again how they are after ten seconds
      Given the client has asked for a plain answer before
      And the client has waited 10 seconds
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the agent "ccrouter" was asked how it is twice
      And the agent "ccrouter" was asked 3 times

    Scenario: The agent "ccrouter" is not
      Given the agent "ccrouter" is unhealthy
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is 200
      And the agents were asked in this order
        | agent | mode  |
        | droid | plain |

    Scenario: The fallback of an unhealthy agent has no fallback itself
      Given the agent "ccrouter" is unhealthy
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the agents were asked in this order
        | agent | mode  |
        | droid | plain |

    Scenario: Neither is
      Given the agent "ccrouter" is unhealthy
      And the agent "droid" is unhealthy
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is 503
      And $.error.code of the body is "no_healthy_agent"
      And no agent was asked
