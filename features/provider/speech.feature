Feature: What the provider says
  A scenario can say what the provider answers: its words and their pace, reasoning, calls of tools, and
  what it all cost. Both wire formats say the same.

  @req:PROVIDER-019 @core
  Rule: The words of an answer can be chosen, and their pace

    Scenario Outline: Words in a stream, in the format of <format>
      Given the client speaks "<format>"
      And the provider says "Good", " morning", "!" with 50 ms between words
      When the client asks for a stream
      Then the stream says "Good", " morning", "!"
      And the chunks with text arrive 50 ms apart
      And the answer ends after 150 ms

      Examples:
        | format    |
        | OpenAI    |
        | Anthropic |

    Scenario: Words in a plain answer
      Given the provider says "Good", " morning", "!"
      When the client asks for a plain answer
      Then $.choices[0].message.content of the body is "Good morning!"

    Scenario: The pace can vary, in the same way each time
      Given the provider's pace varies by up to 40 ms, from the seed 7
      And the client has asked for a stream before
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the answer ends after 528 ms

    Scenario: The answer can be late
      Given the provider waits 2 seconds before it answers
      When the client asks for a stream
      Then the answer begins after 2 seconds
      And the answer ends after 2.6 seconds

  @req:PROVIDER-019 @core
  Rule: Reasoning comes before the words

    Scenario: Reasoning in a stream
      Given the provider reasons "Let", " me", " think"
      And the provider says "Yes"
      When the client asks for a stream
      Then $.choices[0].delta.reasoning_content of all chunks, joined, is "Let me think"
      And the first chunk has these values
        | path                                 | value |
        | $.choices[0].delta.reasoning_content | Let   |
      And the stream says "Yes"
      And the role "assistant" comes once, in the first chunk

    Scenario: Reasoning in a plain answer
      Given the provider reasons "Let", " me", " think"
      And the provider says "Yes"
      When the client asks for a plain answer
      Then $.choices[0].message.reasoning_content of the body is "Let me think"
      And $.choices[0].message.content of the body is "Yes"

    Scenario: Reasoning in a stream of Anthropic's
      Given the client speaks "Anthropic"
      And the provider reasons "Let", " me", " think"
      And the provider says "Yes"
      When the client asks for a stream
      Then $.delta.thinking of all chunks, joined, is "Let me think"
      And $.content_block.type of one chunk is "thinking"
      And $.content_block.type of one chunk is "text"
      And the stream says "Yes"

    Scenario: Reasoning in a plain answer of Anthropic's
      Given the client speaks "Anthropic"
      And the provider reasons "Let", " me", " think"
      And the provider says "Yes"
      When the client asks for a plain answer
      Then the body follows the schema "anthropic/message"
      And $.content[0].thinking of the body is "Let me think"
      And $.content[1].text of the body is "Yes"

  @req:PROVIDER-019 @core
  Rule: Tools can be called

    Background:
      Given the provider calls the tool "get_weather" with
        """
        {"city": "Paris"}
        """

    Scenario: A call in a stream
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And $.choices[0].delta.tool_calls[0].function.name of one chunk is "get_weather"
      And $.choices[0].delta.tool_calls[0].function.arguments of all chunks, joined, is "{\"city\": \"Paris\"}"
      And the finish_reason "tool_calls" comes once, in the last chunk

    Scenario: A call in a plain answer
      When the client asks for a plain answer
      Then the body follows the schema "openai/chat.completion"
      And $.choices[0].message.tool_calls[0].function.arguments of the body is "{\"city\": \"Paris\"}"
      And $.choices[0].message.content of the body is null
      And $.choices[0].finish_reason of the body is "tool_calls"

    Scenario: A call in a stream of Anthropic's
      Given the client speaks "Anthropic"
      When the client asks for a stream
      Then every chunk follows the schema "anthropic/event"
      And $.content_block.name of one chunk is "get_weather"
      And $.delta.partial_json of all chunks, joined, is "{\"city\": \"Paris\"}"
      And $.delta.stop_reason of one chunk is "tool_use"
      And the stream ends with one message_stop

    Scenario: A call in a plain answer of Anthropic's
      Given the client speaks "Anthropic"
      When the client asks for a plain answer
      Then the body follows the schema "anthropic/message"
      And $.content[0].name of the body is "get_weather"
      And $.content[0].input.city of the body is "Paris"
      And $.stop_reason of the body is "tool_use"

  @req:PROVIDER-019 @core
  Rule: The usage can be chosen

    Background:
      Given the provider counts 100 tokens of prompt and 20 tokens of answer
      And the provider counts 60 cached tokens

    Scenario: OpenAI counts cached tokens as a part of the prompt
      When the client asks for a plain answer
      Then the body has these values
        | path                                        | value |
        | $.usage.prompt_tokens                       | 100   |
        | $.usage.completion_tokens                   | 20    |
        | $.usage.total_tokens                        | 120   |
        | $.usage.prompt_tokens_details.cached_tokens | 60    |

    Scenario: Anthropic counts cached tokens beside the input
      Given the client speaks "Anthropic"
      When the client asks for a plain answer
      Then the body has these values
        | path                            | value |
        | $.usage.input_tokens            | 40    |
        | $.usage.cache_read_input_tokens | 60    |
        | $.usage.output_tokens           | 20    |

    Scenario: The usage in a stream
      When the client asks for a stream with usage
      Then the last chunk has these values
        | path                                        | value |
        | $.choices                                   | []    |
        | $.usage.prompt_tokens                       | 100   |
        | $.usage.total_tokens                        | 120   |
        | $.usage.prompt_tokens_details.cached_tokens | 60    |

    Scenario: The usage in a stream of Anthropic's
      Given the client speaks "Anthropic"
      When the client asks for a stream
      Then $.message.usage.input_tokens of one chunk is 40
      And $.message.usage.cache_read_input_tokens of one chunk is 60
      And $.usage.output_tokens of one chunk is 20
