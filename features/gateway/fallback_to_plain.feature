Feature: From a stream to a plain answer
  An agent whose stream fails before it has said anything is asked once more, without streaming. The client
  gets its answer and learns nothing of the failure.

  Background:
    Given the client talks to the gateway

  @req:FALLBACK-001 @core @needs:streaming @needs:stream_to_plain
  Rule: A stream that fails at its beginning becomes one complete plain answer

    Scenario: A failing stream agent
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then the status is 200
      And the header "Content-Type" mentions "application/json"
      And the body follows the schema "openai/chat.completion"
      And $.choices[0].message.content of the body is "Hello! I'm a mock LLM response. How can I help you today?"
      And $.choices[0].finish_reason of the body is "stop"

    Scenario Outline: The agent <fails>
      Given the agent "ccrouter" <fails> before its first chunk
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"

      Examples:
        | fails                   |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario: An agent that has only been thinking
      Given the agent "ccrouter" reasons "Let", " me", " see."
      And the agent "ccrouter" resets the connection after chunk 3
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |

    Scenario: Options of streams are left out
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream with usage
      Then the status is 200
      And $.stream_options of the agent "ccrouter"'s request is missing

    @slow @needs:timeouts
    Scenario: The agent falls silent
      Given the agent "ccrouter" falls silent before its first chunk
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And the answer begins after the first-content limit (20 seconds)

  @req:FALLBACK-001 @core @needs:streaming @needs:stream_to_plain
  Rule: With the format "sse" the same answer comes as one well-formed stream

    Scenario: A failing stream agent, for a client that reads streams alone
      Given the gateway's variant is "sse"
      And the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then the status is 200
      And the answer is an event stream
      And every chunk follows the schema "openai/chat.completion.chunk"
      And $.choices[0].delta.content of all chunks, joined, is "Hello! I'm a mock LLM response. How can I help you today?"
      And the role "assistant" comes once, in the first chunk
      And the stream ends with one [DONE]

    Scenario: Calls of tools, and usage
      Given the gateway's variant is "sse"
      And the agent "ccrouter" is a failing stream agent
      And the agent "ccrouter" calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      And the agent "ccrouter" counts 7 tokens of prompt and 9 tokens of answer
      When the client asks for a stream with usage
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And $.choices[0].delta.tool_calls[0].function.name of one chunk is "read"
      And $.usage.total_tokens of one chunk is 16
      And the finish_reason "tool_calls" comes once, in the last chunk but one
      And the stream ends with one [DONE]

  @req:FALLBACK-002 @core @needs:streaming @needs:stream_to_plain
  Rule: Nothing in the answer names the failure, the retry or an agent

    Scenario: What the client sees of a failing stream agent
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then nothing that the client received contains "ccrouter"
      And nothing that the client received contains "droid"
      And nothing that the client received contains "retr"
      And nothing that the client received contains "allback"
      And nothing that the client received contains "error"

  @req:FALLBACK-003 @core @needs:streaming @needs:stream_to_plain
  Rule: The agent is asked exactly once for a stream, and once without

    Scenario: What a failing stream agent is asked
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |
