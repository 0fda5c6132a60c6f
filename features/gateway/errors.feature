Feature: Errors
  A client always gets an error that it can read, with a status that means what it says.

  Background:
    Given the client talks to the gateway

  @req:ERROR-002 @core
  Rule: An error of the client's keeps its status

    Scenario Outline: <status>
      Given the agent "ccrouter" answers <status>
      And the agent "droid" answers <status>
      When the client asks for a plain answer
      Then the status is <status>
      And the body follows the schema "openai/error"

      Examples:
        | status |
        | 400    |
        | 401    |
        | 403    |
        | 404    |

    @needs:streaming
    Scenario Outline: <status>, in answer to a streaming request
      Given the agent "ccrouter" answers <status>
      And the agent "droid" answers <status>
      When the client asks for a stream
      Then the status is <status>
      And the body follows the schema "openai/error"

      Examples:
        | status |
        | 400    |
        | 404    |

    Scenario: 429 stays 429, with its Retry-After
      Given the agent "ccrouter" answers 429
      And the agent "ccrouter" asks to retry after 3 seconds
      And the agent "droid" answers 429
      And the agent "droid" asks to retry after 3 seconds
      When the client asks for a plain answer
      Then the status is 429
      And the header "Retry-After" is "3"
      And the body follows the schema "openai/error"

    Scenario: 429 keeps what it tells of the rate limit
      Given the agent "ccrouter" answers 429
      And the agent "ccrouter" tells what is left of its rate limit
      And the agent "droid" answers 429
      And the agent "droid" tells what is left of its rate limit
      When the client asks for a plain answer
      Then the status is 429
      And the header "x-ratelimit-limit-requests" is "60"

  @req:FALLBACK-010 @core @needs:fallback
  Rule: An error of the client's stops at once, and keeps its words

    Scenario Outline: <status>, plain
      Given the agent "ccrouter" answers <status>
      And the agent "ccrouter"'s errors say "The model is not for you."
      When the client asks for a plain answer
      Then the status is <status>
      And $.error.message of the body mentions "The model is not for you."
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |

      Examples:
        | status |
        | 400    |
        | 401    |
        | 403    |
        | 404    |
        | 422    |

    @needs:streaming
    Scenario Outline: <status>, streamed
      Given the agent "ccrouter" answers <status>
      And the agent "ccrouter"'s errors say "The model is not for you."
      When the client asks for a stream
      Then the status is <status>
      And $.error.message of the body mentions "The model is not for you."
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

      Examples:
        | status |
        | 400    |
        | 404    |

  @req:FALLBACK-010 @core @needs:fallback
  Rule: Every other failure moves on

    Scenario Outline: The agent "ccrouter" <fails>
      Given the agent "ccrouter" <fails>
      When the client asks for a plain answer
      Then the status is 200
      And the request went to the agent "ccrouter", then to the agent "droid"

      Examples:
        | fails                            |
        | answers 408                      |
        | answers 409                      |
        | answers 429                      |
        | answers 502                      |
        | answers 529                      |
        | answers 200 with truncated JSON  |
        | answers 200 with an empty body   |

  @req:FALLBACK-011 @core @needs:fallback
  Rule: Where both agents fail, the error of one of them decides the answer

    Scenario: 429 stays 429, with its Retry-After, whatever the other agent said
      Given the agent whose error does not count ("ccrouter") answers 500
      And the agent whose error counts ("droid") answers 429
      And the agent whose error counts ("droid") asks to retry after 7 seconds
      When the client asks for a plain answer
      Then the status is 429
      And the header "Retry-After" is "7"
      And the body follows the schema "openai/error"

    Scenario Outline: <last> becomes the final-error status
      Given the agent whose error does not count ("ccrouter") answers 429
      And the agent whose error counts ("droid") answers <last>
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the body follows the schema "openai/error"
      And the answer has no header "Retry-After"

      Examples:
        | last |
        | 500  |
        | 503  |
        | 529  |

  @req:FALLBACK-011 @extended @needs:fallback
  Rule: The type of an error says who failed

    Scenario: Both agents fail
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then $.error.type of the body is "orchestration_error"

  @req:ERROR-002 @extended
  Rule: The agent's name of a request is kept

    Scenario: A request that was refused
      Given the agent "ccrouter" answers 404
      And the agent "ccrouter" calls the request "req-7"
      And the agent "droid" answers 404
      And the agent "droid" calls the request "req-7"
      When the client asks for a plain answer
      Then the header "X-Request-Id" is "req-7"

  @req:FALLBACK-012 @core @needs:streaming @needs:fallback
  Rule: Once the answer has begun there is no fallback and no replay

    Scenario Outline: The agent <breaks> after the first chunk
      Given the agent "ccrouter" <breaks> after chunk 1
      When the client asks for a stream
      Then the stream says "Hello"
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

      Examples:
        | breaks                |
        | resets the connection |
        | sends an error event  |
        | ends the stream       |

  @req:ERROR-001 @core
  Rule: Every error is JSON in the OpenAI shape

    Scenario Outline: <line>
      When the client sends "<line>" with the body
        """
        {"model": "gpt-4"}
        """
      Then the status tells of a mistake in the request
      And the header "Content-Type" mentions "application/json"
      And the body follows the schema "openai/error"

      Examples:
        | line                      |
        | POST /v1/chat/completions |
        | PUT /v1/chat/completions  |
        | POST /v1/nonsense         |

    Scenario: The error that both agents lead to
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then the header "Content-Type" mentions "application/json"
      And the body follows the schema "openai/error"

    Scenario: Both agents are out of reach
      Given the agent "ccrouter" resets the connection before it answers
      And the agent "droid" resets the connection before it answers
      When the client asks for a plain answer
      Then the header "Content-Type" mentions "application/json"
      And the body follows the schema "openai/error"

    @req:REPAIR-001 @needs:repair
    Scenario: The provider's own code, which is a number, becomes a text
      Given the agent "ccrouter" answers 404 with an error object with a numeric code
      And the agent "droid" answers 404 with an error object with a numeric code
      When the client asks for a plain answer
      Then the status is 404
      And the body follows the schema "openai/error"

  @req:SECRET-001 @core
  Rule: No key, no address and no stack trace reaches the client

    Scenario Outline: The agents <answer>
      Given the agent "ccrouter" <answer>
      And the agent "ccrouter"'s errors say "Incorrect API key provided: sk-ccrouter-0123456789 at http://10.0.0.7:9101/v1"
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then nothing that the client received contains "sk-ccrouter"
      And nothing that the client received contains "10.0.0.7"
      And nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "Traceback"

      Examples:
        | answer                             |
        | answers 401                        |
        | answers 500                        |
        | answers 200 with an error object   |

    @needs:streaming
    Scenario: An error event
      Given the agent "ccrouter" sends an error event after chunk 2
      And the agent "ccrouter"'s errors say "Incorrect API key provided: sk-ccrouter-0123456789 at http://10.0.0.7:9101/v1"
      When the client asks for a stream
      Then nothing that the client received contains "sk-ccrouter"
      And nothing that the client received contains "10.0.0.7"
      And nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "Traceback"

    Scenario: A connection that is refused
      Given the agent "ccrouter" resets the connection before it answers
      And the agent "droid" resets the connection before it answers
      When the client asks for a plain answer
      Then nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "Traceback"

    Scenario: The address of an agent, in its own words
      Given the agent "ccrouter" answers 404
      And the agent "ccrouter"'s errors say "Nothing is at http://127.0.0.1/v1."
      And the agent "droid" answers 404
      And the agent "droid"'s errors say "Nothing is at http://127.0.0.1/v1."
      When the client asks for a plain answer
      Then nothing that the client received contains "127.0.0.1"
      And the status is 404

    Scenario: An answer that is no error
      When the client asks for a plain answer
      Then the status is 200
      And nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "sk-ccrouter"

    @needs:streaming
    Scenario: A stream
      When the client asks for a stream
      Then the status is 200
      And nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "sk-ccrouter"

  @req:SECRET-001 @extended
  Rule: Keys stay where they belong, and who answers is the gateway's own matter

    Scenario: The key of a client stays with the gateway
      Given the client sends the header "Authorization" as "Bearer sk-of-the-client"
      When the client asks for a plain answer
      Then the agent "ccrouter" was never shown "sk-of-the-client"
      And the agent "ccrouter" was shown the key "sk-ccrouter-0123456789"

    Scenario: The names of the agents
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then nothing that the client received contains "ccrouter"
      And nothing that the client received contains "droid"

    Scenario: A plain answer that has the key of the agent
      Given the agent "ccrouter" says "It is sk-ccrouter-0123456789."
      When the client asks for a plain answer
      Then the status is 200
      And nothing that the client received contains "sk-ccrouter-0123456789"

    @needs:streaming
    Scenario: A stream that has the key of the agent
      Given the agent "ccrouter" says "It is sk-ccrouter-0123456789."
      When the client asks for a stream
      Then the status is 200
      And nothing that the client received contains "sk-ccrouter-0123456789"
