Feature: Token counts in a stream
  A client that wants to know what a stream has cost asks for its usage.

  @req:PROVIDER-017 @core
  Rule: "include_usage" adds one chunk with the usage before [DONE]

    Scenario: The usage comes in a chunk of its own, the last before [DONE]
      When a client asks for a stream with usage
      Then the last chunk has these values
        | path                      | value |
        | $.choices                 | []    |
        | $.usage.prompt_tokens     | 10    |
        | $.usage.completion_tokens | 15    |
        | $.usage.total_tokens      | 25    |
      And the stream ends with one [DONE]
      And every chunk is valid by the schema "openai/chat.completion.chunk"

    Scenario: All other chunks say that the usage is not known yet
      When a client asks for a stream with usage
      Then $.usage is null in every chunk but the last

    Scenario: The answer is the same, and takes as long
      When a client asks for a stream with usage
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the finish_reason "stop" is in the last chunk but one only
      And the answer ends after 600 ms

    Scenario: A stream that breaks has no usage
      When a client asks for a stream with usage and the parameters "fail_chunk=3"
      Then the stream says "Hello", " from"
      And $.usage is null in every chunk
      And the stream has no [DONE]

  @req:PROVIDER-017 @core
  Rule: Without "include_usage" no chunk speaks of usage

    Scenario: Nobody asked for usage
      When a client asks for a stream
      Then $.usage is missing in every chunk

    Scenario: Usage was declined
      When a client posts to "/v1/chat/completions" the body
        """
        {
          "model": "gpt-4",
          "messages": [{"role": "user", "content": "Hello"}],
          "stream": true,
          "stream_options": {"include_usage": false}
        }
        """
      Then $.usage is missing in every chunk
      And the stream ends with one [DONE]
