Feature: A plain answer
  Without any fault the provider answers at once, with one complete chat.completion.

  @req:PROVIDER-002 @core
  Rule: A plain request gets one complete chat.completion

    Scenario: The documented answer
      When the client asks for a plain answer
      Then the status is 200
      And the header "Content-Type" is "application/json"
      And the body has these values
        | path                         | value                                                     |
        | $.object                     | chat.completion                                           |
        | $.model                      | gpt-4                                                     |
        | $.choices[0].index           | 0                                                         |
        | $.choices[0].message.role    | assistant                                                 |
        | $.choices[0].message.content | Hello! I'm a mock LLM response. How can I help you today? |
        | $.choices[0].finish_reason   | stop                                                      |
        | $.usage.prompt_tokens        | 10                                                        |
        | $.usage.completion_tokens    | 15                                                        |
        | $.usage.total_tokens         | 25                                                        |
      And $.choices of the body has 1 entry
      And $.id of the body begins with "mock-"

    Scenario: The answer comes at once and is complete
      When the client asks for a plain answer
      Then the answer begins after 0 ms
      And the answer ends after 0 ms
      And the answer ends cleanly

    Scenario: The time of creation is the time of the request
      When the client asks for a plain answer
      Then $.created of the body is the time of the request in Unix seconds

    Scenario Outline: The model is the one that was asked for, here <model>
      Given the client's model is "<model>"
      When the client asks for a plain answer
      Then $.model of the body is "<model>"

      Examples:
        | model                 |
        | gpt-4                 |
        | claude-sonnet-4-5     |
        | any/model:name@latest |
        | 模型                  |

    Scenario: Every answer has an id of its own
      Given the client has asked for a plain answer before
      When the client asks for a plain answer
      Then $.id of the body differs from the answer before
