Feature: Errors
  A client always gets an error that it can read, with a status that means what it says.

  Background:
    Given the client talks to the gateway

  @req:FALLBACK-010 @req:ERROR-002 @core @needs:fallback
  Rule: An error of the client's stops at once, and keeps its status and its words

    Scenario Outline: <status>, <how>
      Given the agent "ccrouter" answers <status>
      And the agent "ccrouter"'s errors say "The model is not for you."
      When the client asks for a <how>
      Then the status is <status>
      And the body follows the schema "openai/error"
      And $.error.message of the body mentions "The model is not for you."
      And the agents were asked in this order
        | agent    | mode   |
        | ccrouter | <mode> |

      Examples:
        | status | how          | mode     |
        | 400    | plain answer | plain    |
        | 401    | plain answer | plain    |
        | 403    | plain answer | plain    |
        | 404    | plain answer | plain    |
        | 422    | plain answer | plain    |
        | 400    | stream       | streamed |
        | 404    | stream       | streamed |

  @req:FALLBACK-010 @core @needs:fallback
  Rule: Every other failure moves on

    Scenario Outline: The agent "ccrouter" <fails>
      Given the agent "ccrouter" <fails>
      When the client asks for a plain answer
      Then the status is 200
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |
        | droid    | plain |

      Examples:
        | fails                            |
        | answers 408                      |
        | answers 409                      |
        | answers 429                      |
        | answers 502                      |
        | answers 529                      |
        | answers 200 with truncated JSON  |
        | answers 200 with an empty body   |

  @req:FALLBACK-011 @req:ERROR-002 @core @needs:fallback
  Rule: The last attempt decides the answer

    Scenario: 429 stays 429, with its Retry-After
      Given the agent "ccrouter" answers 500
      And the agent "droid" answers 429
      And the agent "droid" asks to retry after 7 seconds
      When the client asks for a plain answer
      Then the status is 429
      And the header "Retry-After" is "7"
      And the body follows the schema "openai/error"

    Scenario: 429 keeps what it tells of the rate limit
      Given the agent "ccrouter" answers 500
      And the agent "droid" answers 429
      And the agent "droid" tells what is left of its rate limit
      And the agent "droid" calls the request "req-7"
      When the client asks for a plain answer
      Then the status is 429
      And the header "x-ratelimit-limit-requests" is "60"
      And the header "X-Request-Id" is "req-7"

    Scenario Outline: <last> becomes the final-error status
      Given the agent "ccrouter" answers 429
      And the agent "droid" answers <last>
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And $.error.type of the body is "orchestration_error"
      And the answer has no header "Retry-After"

      Examples:
        | last |
        | 500  |
        | 503  |
        | 529  |

  @req:FALLBACK-012 @core @needs:fallback
  Rule: Once the answer has begun there is no fallback and no replay

    Scenario: A reset after the first chunk
      Given the agent "ccrouter" resets the connection after chunk 1
      When the client asks for a stream
      Then the stream says "Hello"
      And the last event is an error
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

  @req:ERROR-001 @core
  Rule: Every error is JSON in the OpenAI shape

    Scenario Outline: <line>
      When the client sends "<line>" with the body
        """
        {"model": "gpt-4"}
        """
      Then the status is <status>
      And the header "Content-Type" mentions "application/json"
      And the body follows the schema "openai/error"

      Examples:
        | line                      | status |
        | POST /v1/chat/completions | 400    |
        | PUT /v1/chat/completions  | 405    |
        | POST /v1/models           | 405    |
        | POST /v1/completions      | 404    |

    Scenario: The provider's own code, which is a number, becomes a text
      Given the agent "ccrouter" answers 404 with an error object with a numeric code
      When the client asks for a plain answer
      Then the status is 404
      And the body follows the schema "openai/error"

  @req:SECRET-001 @core
  Rule: No key, no address and no stack trace reaches the client

    Scenario Outline: The agents <answer>
      Given the agent "ccrouter" <answer>
      And the agent "ccrouter"'s errors say "Incorrect API key provided: sk-ccrouter-0123456789 at http://10.0.0.7:9101/v1"
      And the agent "droid" is a counting fail agent
      When the client asks for a stream
      Then nothing that the client received contains "sk-ccrouter"
      And nothing that the client received contains "10.0.0.7"
      And nothing that the client received contains "127.0.0.1"
      And nothing that the client received contains "Traceback"

      Examples:
        | answer                             |
        | answers 401                        |
        | answers 500                        |
        | answers 200 with an error object   |
        | sends an error event after chunk 2 |

    Scenario: A connection that is refused
      Given the agent "ccrouter" resets the connection before it answers
      And the agent "droid" resets the connection before it answers
      When the client asks for a plain answer
      Then nothing that the client received contains "127.0.0.1"

    Scenario: The key of a client stays with the gateway
      Given the client sends the header "Authorization" as "Bearer sk-of-the-client"
      When the client asks for a plain answer
      Then the agent "ccrouter" was never shown "sk-of-the-client"
      And the agent "ccrouter" was shown the key "sk-ccrouter-0123456789"

    Scenario: The address of an agent, in its own words
      Given the agent "ccrouter" answers 404
      And the agent "ccrouter"'s errors say "Nothing is at http://127.0.0.1/v1."
      When the client asks for a plain answer
      Then $.error.message of the body mentions "Nothing is at"
      And nothing that the client received contains "127.0.0.1"

    Scenario: The names of the agents
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      When the client asks for a stream
      Then nothing that the client received contains "ccrouter"
      And nothing that the client received contains "droid"

    Scenario Outline: An answer that has the key of the agent: <how>
      Given the agent "ccrouter" says "It is sk-ccrouter-0123456789."
      When the client asks for a <how>
      Then the status is 200
      And nothing that the client received contains "sk-ccrouter-0123456789"

      Examples:
        | how          |
        | plain answer |
        | stream       |
