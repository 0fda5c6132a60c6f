Feature: Token counts in a stream
  A client that wants to know what a stream has cost asks for its usage.

  @req:PROVIDER-017 @core
  Rule: "include_usage" adds one chunk with the usage before [DONE]

    Scenario: The usage comes in a chunk of its own, the last before [DONE]
      When the client asks for a stream with usage
      Then the last chunk has these values
        | path                      | value |
        | $.choices                 | []    |
        | $.usage.prompt_tokens     | 10    |
        | $.usage.completion_tokens | 15    |
        | $.usage.total_tokens      | 25    |
      And the stream ends with one [DONE]
      And every chunk follows the schema "openai/chat.completion.chunk"

    Scenario: All other chunks say that the usage is not known yet
      When the client asks for a stream with usage
      Then $.usage of every chunk but the last is null

    Scenario: The answer is the same, and takes as long
      When the client asks for a stream with usage
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the finish_reason "stop" comes once, in the last chunk but one
      And the answer ends after 600 ms

    Scenario: A stream that breaks has no usage
      When the client asks for a stream with usage and the parameters "fail_chunk=3"
      Then the stream says "Hello", " from"
      And $.usage of one chunk is null
      And the stream has no [DONE]

  @req:PROVIDER-017 @core
  Rule: Without "include_usage" no chunk speaks of usage

    Scenario: Nobody asked for usage
      When the client asks for a stream
      Then $.usage of every chunk is missing

    Scenario: Usage was declined
      When the client sends "POST /v1/chat/completions" with the body
        """
        {
          "model": "gpt-4",
          "messages": [{"role": "user", "content": "Hello"}],
          "stream": true,
          "stream_options": {"include_usage": false}
        }
        """
      Then $.usage of every chunk is missing
      And the stream ends with one [DONE]
