Feature: Requests that are not understood
  A mistake in a request is told at once, with the field that it is in, and the upstream sees nothing.

  Background:
    Given the client talks to the proxy

  @req:PROXY-019 @core
  Rule: What is wrong with a request is told with 400 and its field

    Scenario Outline: <what>
      When the client sends "POST /stream" with the body
        """
        <body>
        """
      Then the status is 400
      And the body follows the schema "proxy/error"
      And $.error.param of the body is <field>
      And the provider was asked 0 times

      Examples: No JSON, or no object
        | what              | body                 | field |
        | Nothing           |                      | null  |
        | Half an object    | {"model": "m",       | null  |
        | A list            | []                   | null  |
        | A number that is none | {"model": NaN}   | null  |

      Examples: Fields that are missing
        | what              | body                                         | field             |
        | No model          | {"context": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}} | "model" |
        | No context        | {"model": "m"}                               | "context"          |
        | No messages       | {"model": "m", "context": {}}                | "context.messages" |

      Examples: Fields of the wrong type
        | what              | body                                         | field             |
        | A model           | {"model": 5, "context": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}} | "model" |
        | Messages          | {"model": "m", "context": {"messages": "Hi"}} | "context.messages" |
        | Options           | {"model": "m", "context": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}, "options": {"max_tokens": "many"}} | "options.max_tokens" |
        | A level           | {"model": "m", "context": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}, "options": {"thinking_level": "much"}} | "options.thinking_level" |

      Examples: Fields that are misspelt, as nothing would come of them
        | what              | body                                         | field             |
        | An option         | {"model": "m", "context": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}, "options": {"max_token": 5}} | "options.max_token" |
        | A system prompt   | {"model": "m", "context": {"systemPrompt": "Be terse.", "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}} | "context.systemPrompt" |

      Examples: Roles and blocks that nobody knows
        | what              | body                                         | field             |
        | A role            | {"model": "m", "context": {"messages": [{"role": "system", "content": []}]}} | "context.messages[0].role" |
        | A type of block   | {"model": "m", "context": {"messages": [{"role": "user", "content": [{"type": "sound"}]}]}} | "context.messages[0].content[0].type" |

    Scenario: The client library
      Given the client is "client library"
      And the option "temperature" is -1
      When the client asks for a stream
      Then the client reports "RequestError"
      And the client reports "options.temperature"
      And the provider was asked 0 times

  @req:PROXY-019 @core
  Rule: A body that is too large is refused with 413

    Scenario: 17 MiB
      When the client asks for a stream with a prompt of 17 MiB
      Then the status is 413
      And the body follows the schema "proxy/error"
      And the provider was asked 0 times

    Scenario: 1 MiB is not too large
      When the client asks for a stream with a prompt of 1 MiB
      Then the status is 200
      And the provider was asked once

  @req:PROXY-019 @core
  Rule: A wrong method is refused with 405, and another path with 404

    Scenario Outline: <method> /stream
      When the client sends "<method> /stream"
      Then the status is 405
      And the header "Allow" mentions "POST"
      And the body follows the schema "proxy/error"

      Examples:
        | method |
        | GET    |
        | PUT    |
        | DELETE |

    Scenario Outline: <path>
      When the client sends "POST <path>" with the body
        """
        {}
        """
      Then the status is 404
      And the body follows the schema "proxy/error"

      Examples:
        | path                 |
        | /                    |
        | /streams             |
        | /stream/             |
        | /stream/mistral      |
        | /v1/chat/completions |
