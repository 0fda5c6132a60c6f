Feature: The OpenAI format
  Whatever the provider sends, a client that was written for OpenAI can read it.

  @req:PROVIDER-013 @core
  Rule: Every body and every chunk follows the OpenAI schemas

    Scenario: A plain answer
      When the client asks for a plain answer
      Then the body follows the schema "openai/chat.completion"

    Scenario Outline: A stream with the parameters "<parameters>"
      When the client asks for a stream with the parameters "<parameters>"
      Then every chunk follows the strict schema "openai/chat.completion.chunk"

      Examples:
        | parameters   |
        | stream=true  |
        | delay=100    |
        | fail_chunk=0 |

    Scenario: The chunks before a broken one
      When the client asks for a stream with the parameters "fail_chunk=4"
      Then every chunk before the broken event follows the strict schema "openai/chat.completion.chunk"
      And the stream says "Hello", " from", " streaming"

    Scenario Outline: The error for "<parameters>"
      When the client asks for a plain answer with the parameters "<parameters>"
      Then the body follows the schema "openai/error"

      Examples:
        | parameters |
        | fail=400   |
        | fail=429   |
        | fail=500   |
        | fail=maybe |
        | delay=-1   |

      @slow
      Examples: After a long silence
        | parameters   |
        | fail=timeout |

    Scenario: The list of models
      When the client sends "GET /v1/models"
      Then the body follows the schema "openai/models"
