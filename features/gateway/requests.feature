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
      Then the status is 400
      And the body follows the schema "openai/error"
      And $.error.param of the body is <param>
      And no agent was asked

      Examples:
        | what                      | body                                                                  | param      |
        | Nothing                   |                                                                       | null       |
        | Half an object            | {"model": "gpt-4",                                                    | null       |
        | A list                    | []                                                                    | null       |
        | No model                  | {"messages": [{"role": "user", "content": "Hi"}]}                     | "model"    |
        | No messages               | {"model": "gpt-4"}                                                    | "messages" |
        | Messages that are a text  | {"model": "gpt-4", "messages": "Hi"}                                  | "messages" |
        | A model that is a number  | {"model": 4, "messages": [{"role": "user", "content": "Hi"}]}         | "model"    |

    Scenario: A body of 17 MiB
      When the client asks for a plain answer with a prompt of 17 MiB
      Then the status is 413
      And the body follows the schema "openai/error"
      And no agent was asked
