Feature: The events of a stream
  What crosses the wire is what the OpenAI format says, to the letter.

  Background:
    Given the client talks to the gateway

  @req:STREAM-005 @core @needs:streaming
  Rule: Every event is a chunk with a delta, or [DONE]

    Scenario: Chunks
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And $.choices[0].delta.content of all chunks, joined, is "Hello from streaming mock provider!"

  @req:STREAM-005 @extended @needs:streaming
  Rule: A chunk has every member that the format asks for, be it null

    Scenario: Strictly by the format
      When the client asks for a stream
      Then every chunk follows the strict schema "openai/chat.completion.chunk"

  @req:STREAM-006 @core @needs:streaming
  Rule: Every event is one line of data, followed by a blank line

    Scenario: Lines
      When the client asks for a stream
      Then every event is one line of data and a blank line

  @req:STREAM-007 @core @needs:streaming
  Rule: The role comes once, in the first chunk, whatever the agent repeats

    Scenario: An agent that says it once
      When the client asks for a stream
      Then the role "assistant" comes once, in the first chunk

    Scenario: An agent that repeats it
      Given the agent "ccrouter" has the quirk "role_repeated"
      When the client asks for a stream
      Then the role "assistant" comes once, in the first chunk
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    @req:REPAIR-001 @needs:repair
    Scenario Outline: An agent with the quirk "<quirk>"
      Given the agent "ccrouter" has the quirk "<quirk>"
      When the client asks for a stream
      Then the role "assistant" comes once, in the first chunk
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

      Examples:
        | quirk         |
        | role_missing  |
        | role_alone    |
        | empty_role    |

  @req:STREAM-008 @core @needs:streaming
  Rule: The finish_reason comes once, at the end, and only usage may follow

    Scenario: Without usage
      When the client asks for a stream
      Then the finish_reason "stop" comes once, in the last chunk

    Scenario: With usage
      When the client asks for a stream with usage
      Then the finish_reason "stop" comes once, in the last chunk but one
      And the stream ends with one [DONE]

    Scenario: An answer that was too long
      Given the agent "ccrouter"'s finish_reason is "length"
      When the client asks for a stream
      Then the finish_reason "length" comes once, in the last chunk

  @req:STREAM-009 @core @needs:streaming
  Rule: One id, one time of creation and one model through a whole stream

    Scenario: Names that stay
      When the client asks for a stream
      Then $.id of every chunk is the same
      And $.created of every chunk is the same
      And $.model of every chunk is the same
