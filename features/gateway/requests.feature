Feature: Requests that are not understood
  A mistake in a request is told at once, and no agent sees it.

  Background:
    Given the client talks to the gateway

  @req:INPUT-001 @core
  Rule: What is wrong with a request is told in the error shape

    Scenario Outline: <what>
      When the client sends "POST /v1/chat/completions" with the body
        """
        <body>
        """
      Then the status tells of a mistake in the request
      And the body follows the schema "openai/error"
      And no agent was asked

      Examples:
        | what                      | body                                                                  |
        | Nothing                   |                                                                       |
        | Half an object            | {"model": "gpt-4",                                                    |
        | A list                    | []                                                                    |
        | No model                  | {"messages": [{"role": "user", "content": "Hi"}]}                     |
        | No messages               | {"model": "gpt-4"}                                                    |
        | Messages that are a text  | {"model": "gpt-4", "messages": "Hi"}                                  |
        | A number that is none     | {"model": "gpt-4", "temperature": NaN, "messages": [{"role": "user", "content": "Hi"}]} |
        | A model that is a number  | {"model": 4, "messages": [{"role": "user", "content": "Hi"}]}         |

    Scenario: A body of 17 MiB
      When the client asks for a plain answer with a prompt of 17 MiB
      Then the status tells of a mistake in the request
      And the body follows the schema "openai/error"
      And no agent was asked

  @req:INPUT-001 @extended
  Rule: The error names the member that is wrong

    Scenario Outline: <what>, by name
      When the client sends "POST /v1/chat/completions" with the body
        """
        <body>
        """
      Then the status is 400
      And $.error.param of the body is <param>

      Examples:
        | what                      | body                                                          | param      |
        | A list                    | []                                                            | null       |
        | No model                  | {"messages": [{"role": "user", "content": "Hi"}]}             | "model"    |
        | No messages               | {"model": "gpt-4"}                                            | "messages" |
        | Messages that are a text  | {"model": "gpt-4", "messages": "Hi"}                          | "messages" |
        | A model that is a number  | {"model": 4, "messages": [{"role": "user", "content": "Hi"}]} | "model"    |

    Scenario: A body that is too large, by its status
      When the client asks for a plain answer with a prompt of 17 MiB
      Then the status is 413

  @req:STREAM-002 @extended @needs:streaming
  Rule: An agent's stream is asked for in the client's own words

    Scenario: Parameters that the gateway does not know
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "stream": true, "user": "u-1", "x_unknown": {"a": [1]},
         "messages": [{"role": "user", "content": "Hello"}]}
        """
      Then the stream ends with one [DONE]
      And $.x_unknown.a[0] of the agent "ccrouter"'s request is 1
      And $.user of the agent "ccrouter"'s request is "u-1"

  @req:SECRET-001 @extended
  Rule: An agent is asked without the client's headers

    Scenario Outline: The header "<name>"
      Given the client sends the header "<name>" as "of-the-client"
      When the client asks for a plain answer
      Then the agent "ccrouter" was never shown "of-the-client"

      Examples:
        | name         |
        | X-Session-Id |
        | Cookie       |
