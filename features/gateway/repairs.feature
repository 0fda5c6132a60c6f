Feature: Repairs
  Many servers speak the format almost right. The gateway understands them, and its clients get it right.

  Background:
    Given the client talks to the gateway

  @req:REPAIR-001 @core @needs:streaming @needs:repair
  Rule: What is almost right reaches the client in correct form

    Scenario Outline: The agent's stream ends <ending>
      Given the agent "ccrouter" ends its stream <ending>
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the finish_reason "stop" comes once, in the last chunk
      And the stream ends with one [DONE]

      Examples:
        | ending                     |
        | without [DONE]             |
        | with two [DONE]            |
        | with a chunk after [DONE]  |

    Scenario Outline: The quirk "<quirk>"
      Given the agent "ccrouter" has the quirk "<quirk>"
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the role "assistant" comes once, in the first chunk
      And the finish_reason "stop" comes once, in the last chunk
      And the stream ends with one [DONE]

      Examples:
        | quirk                |
        | role_repeated        |
        | role_missing         |
        | empty_role           |
        | null_content         |
        | empty_finish_reason  |
        | no_finish_reason_key |
        | empty_choices_first  |

    Scenario: Arguments of a tool that are an object
      Given the agent "ccrouter" has the quirk "object_arguments"
      And the agent "ccrouter" calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And the finish_reason "tool_calls" comes once, in the last chunk

    Scenario: A chunk that has no choices, and says nothing
      Given the agent "ccrouter" has the quirk "no_choices"
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: What comes before the first choice comes with it
      Given the agent "ccrouter" has the quirk "empty_choices_first"
      When the client asks for a stream
      Then $.prompt_filter_results[0].prompt_index of one chunk is 0
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: Plain JSON in answer to a streaming request
      Given the agent "ccrouter" does not stream whatever it is asked for
      When the client asks for a stream
      Then the answer is an event stream
      And $.choices[0].delta.content of all chunks, joined, is "Hello! I'm a mock LLM response. How can I help you today?"
      And the finish_reason "stop" comes once, in the last chunk
      And the stream ends with one [DONE]

    Scenario Outline: A stream with the content type <kind>
      Given the agent "ccrouter"'s Content-Type is "<kind>"
      When the client asks for a stream
      Then the answer is an event stream
      And the stream ends with one [DONE]

      Examples:
        | kind             |
        | text/plain       |
        | application/json |

    Scenario: A stream without a content type
      Given the agent "ccrouter" sends no Content-Type
      When the client asks for a stream
      Then the answer is an event stream
      And the stream ends with one [DONE]

  @req:REPAIR-001 @extended @needs:streaming @needs:repair
  Rule: What reaches the client has every member that the format asks for, be it null

    Scenario Outline: Strictly by the format, with the quirk "<quirk>"
      Given the agent "ccrouter" has the quirk "<quirk>"
      When the client asks for a stream
      Then every chunk follows the strict schema "openai/chat.completion.chunk"

      Examples:
        | quirk                |
        | role_repeated        |
        | role_missing         |
        | empty_role           |
        | null_content         |
        | empty_finish_reason  |
        | no_finish_reason_key |
        | empty_choices_first  |
        | no_choices           |
