Feature: Small departures of real providers
  Servers that call themselves compatible differ in small things. A gateway repairs what it can, and a
  client should not notice.

  @req:PROVIDER-020 @core
  Rule: The role can come elsewhere than in the first chunk

    Scenario: The role is repeated
      Given the provider has the quirk "role_repeated"
      When the client asks for a stream
      Then $.choices[0].delta.role of every chunk but the last is "assistant"

    Scenario: The role is missing
      Given the provider has the quirk "role_missing"
      When the client asks for a stream
      Then $.choices[0].delta.role of every chunk is missing
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: The role comes in a chunk of its own
      Given the provider has the quirk "role_alone"
      When the client asks for a stream
      Then the stream has 9 events
      And the role "assistant" comes once, in the first chunk
      And the first chunk has these values
        | path                       | value |
        | $.choices[0].delta.content | ""    |
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: The role is empty after the first chunk
      Given the provider has the quirk "empty_role"
      When the client asks for a stream
      Then the first chunk has these values
        | path                       | value     |
        | $.choices[0].delta.role    | assistant |
        | $.choices[0].delta.content | Hello     |
      And the last chunk has these values
        | path                    | value |
        | $.choices[0].delta.role | ""    |

  @req:PROVIDER-020 @core
  Rule: What is nothing can be written in several ways

    Scenario: The content is null where there is no text
      Given the provider has the quirk "null_content"
      When the client asks for a stream
      Then $.choices[0].delta.content of one chunk is null
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: The finish_reason is empty until the end
      Given the provider has the quirk "empty_finish_reason"
      When the client asks for a stream
      Then $.choices[0].finish_reason of every chunk but the last is ""
      And the last chunk has these values
        | path                       | value |
        | $.choices[0].finish_reason | stop  |

    Scenario: The finish_reason is missing until the end
      Given the provider has the quirk "no_finish_reason_key"
      When the client asks for a stream
      Then $.choices[0].finish_reason of every chunk but the last is missing
      And the finish_reason "stop" comes once, in the last chunk

    Scenario: The first chunk has no choices
      Given the provider has the quirk "empty_choices_first"
      When the client asks for a stream
      Then the stream has 9 events
      And the first chunk has these values
        | path      | value |
        | $.choices | []    |
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: A chunk has no member of that name at all
      Given the provider has the quirk "no_choices"
      When the client asks for a stream
      Then the stream has 9 events
      And $.choices of one chunk is missing
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

  @req:PROVIDER-020 @core
  Rule: The usage can come elsewhere, and be wrong

    Scenario: The usage is on the finish chunk
      Given the provider has the quirk "usage_on_finish"
      When the client asks for a stream with usage
      Then the last chunk has these values
        | path                       | value |
        | $.choices[0].finish_reason | stop  |
        | $.usage.total_tokens       | 25    |

    Scenario: The usage is in every chunk
      Given the provider has the quirk "usage_everywhere"
      When the client asks for a stream
      Then $.usage.total_tokens of every chunk is 25

    Scenario: There is no usage
      Given the provider has the quirk "no_usage"
      When the client asks for a plain answer
      Then the status is 200
      And $.usage of the body is missing

    Scenario: There is no usage in a stream that was asked for it
      Given the provider has the quirk "no_usage"
      When the client asks for a stream with usage
      Then $.usage of every chunk is missing
      And the stream has 8 events

    Scenario: The usage does not add up
      Given the provider counts 7 tokens of prompt and 5 tokens of answer
      And the provider counts 99 tokens in all
      When the client asks for a plain answer
      Then the body has these values
        | path                      | value |
        | $.usage.prompt_tokens     | 7     |
        | $.usage.completion_tokens | 5     |
        | $.usage.total_tokens      | 99    |

  @req:PROVIDER-020 @core
  Rule: A chunk can come twice, and a finish_reason can be one that nobody knows

    Scenario: A chunk comes twice
      Given the provider has the quirk "duplicate_chunk"
      When the client asks for a stream
      Then the stream says "Hello", " from", " from", " streaming", " mock", " provider", "!"

    Scenario: The finish_reason is unknown
      Given the provider's finish_reason is "abort"
      When the client asks for a stream
      Then the finish_reason "abort" comes once, in the last chunk

  @req:PROVIDER-020 @core
  Rule: Calls of tools can be written in several ways, and wrongly

    Background:
      Given the provider calls the tool "get_weather" with
        """
        {"city": "Paris"}
        """
      And the provider calls the tool "get_time" with
        """
        {"zone": "CET"}
        """

    Scenario: Each call comes in one delta
      Given the provider has the quirk "tool_call_whole"
      When the client asks for a stream
      Then the stream has 4 events
      And $.choices[0].delta.tool_calls[0].function.arguments of one chunk is "{\"zone\": \"CET\"}"

    Scenario: The later call comes first, and the calls take turns
      Given the provider has the quirk "tool_indexes_swapped"
      When the client asks for a stream
      Then the first chunk has these values
        | path                                   | value |
        | $.choices[0].delta.tool_calls[0].index | 1     |
      And $.choices[0].delta.tool_calls[0].function.arguments of all chunks, joined, is "{\"zone\": \"{\"city\": \"CET\"}Paris\"}"
      And the finish_reason "tool_calls" comes once, in the last chunk

    Scenario: The index is missing
      Given the provider has the quirk "tool_index_missing"
      When the client asks for a stream
      Then $.choices[0].delta.tool_calls[0].index of every chunk is missing
      And $.choices[0].delta.tool_calls[0].function.name of one chunk is "get_weather"
      And $.choices[0].delta.tool_calls[0].function.name of one chunk is "get_time"

    Scenario: Each delta names the call
      Given the provider has the quirk "tool_head_repeated"
      When the client asks for a stream
      Then $.choices[0].delta.tool_calls[0].function.name of one chunk is "get_weather"
      And $.choices[0].delta.tool_calls[0].type of every chunk but the last is "function"

    Scenario: The arguments are no JSON
      Given the provider has the quirk "tool_arguments_broken"
      When the client asks for a plain answer
      Then the body follows the schema "openai/chat.completion"
      And $.choices[0].message.tool_calls[0].function.arguments of the body is "{\"city\": \"Paris\""
      And $.choices[0].finish_reason of the body is "tool_calls"

    Scenario: The arguments are an object
      Given the provider has the quirk "object_arguments"
      When the client asks for a plain answer
      Then $.choices[0].message.tool_calls[0].function.arguments.city of the body is "Paris"

    Scenario: The finish_reason says nothing of the calls
      Given the provider has the quirk "stop_after_tools"
      When the client asks for a stream
      Then $.choices[0].delta.tool_calls[0].function.name of one chunk is "get_time"
      And the finish_reason "stop" comes once, in the last chunk
