Feature: Small departures of servers that speak Messages
  Servers that answer in the format of Anthropic's Messages differ in small things, too. A gateway
  repairs what it can, and a client should not notice.

  Background:
    Given the client speaks "Anthropic"
    And the provider says "Yes", " please"

  @req:PROVIDER-020 @core
  Rule: Events can come that say nothing, twice, or without a name

    Scenario: A ping follows each event
      Given the provider has the quirk "pings"
      When the client asks for a stream
      Then the kinds of events are "message_start", "ping", "content_block_start", "ping", "content_block_delta", "ping", "content_block_delta", "ping", "content_block_stop", "ping", "message_delta", "ping", "message_stop"
      And the stream says "Yes", " please"

    Scenario: An event is of a type that nobody knows
      Given the provider has the quirk "unknown_event"
      When the client asks for a stream
      Then the kinds of events are "message_start", "message_progress", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"
      And the stream says "Yes", " please"

    Scenario: The message_delta comes twice
      Given the provider has the quirk "two_message_deltas"
      When the client asks for a stream
      Then the stream has 8 events
      And $.delta.stop_reason of one chunk is null
      And $.delta.stop_reason of one chunk is "end_turn"
      And the stream ends with one message_stop

    Scenario: The other format's end follows
      Given the provider has the quirk "done_marker"
      When the client asks for a stream
      Then the stream has 8 events
      And the last event is "[DONE]"

    Scenario: No event has a name
      Given the provider has the quirk "no_event_names"
      When the client asks for a stream
      Then the kinds of events are "message"
      And the stream says "Yes", " please"

  @req:PROVIDER-020 @core
  Rule: The usage can be told in part

    Scenario: The usage at the end has nothing but the tokens of the answer
      Given the provider has the quirk "output_tokens_only"
      When the client asks for a stream
      Then $.usage.input_tokens of every chunk is missing
      And $.usage.output_tokens of one chunk is 15

    Scenario: The counts of cached tokens are null
      Given the provider has the quirk "null_cache_tokens"
      When the client asks for a plain answer
      Then the body has these values
        | path                                | value |
        | $.usage.input_tokens                | 10    |
        | $.usage.cache_read_input_tokens     | null  |
        | $.usage.cache_creation_input_tokens | null  |

  @req:PROVIDER-020 @core
  Rule: Blocks can be odd

    Scenario: A block of redacted thinking comes first
      Given the provider has the quirk "redacted_thinking"
      When the client asks for a stream
      Then the kinds of events are "message_start", "content_block_start", "content_block_stop", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"
      And $.content_block.type of one chunk is "redacted_thinking"
      And the stream says "Yes", " please"

    Scenario: A call of a tool comes in one delta
      Given the provider calls the tool "get_weather" with
        """
        {"city": "Paris"}
        """
      And the provider has the quirk "tool_call_whole"
      When the client asks for a stream
      Then the stream has 10 events
      And $.delta.partial_json of one chunk is "{\"city\": \"Paris\"}"
      And $.delta.stop_reason of one chunk is "tool_use"

    Scenario: The arguments of a call are no JSON
      Given the provider calls the tool "get_weather" with
        """
        {"city": "Paris"}
        """
      And the provider has the quirk "tool_arguments_broken"
      When the client asks for a stream
      Then $.delta.partial_json of all chunks, joined, is "{\"city\": \"Paris\""
      And $.delta.stop_reason of one chunk is "tool_use"

    Scenario: The stop_reason says nothing of the calls
      Given the provider calls the tool "get_weather" with
        """
        {"city": "Paris"}
        """
      And the provider has the quirk "end_turn_after_tools"
      When the client asks for a plain answer
      Then $.stop_reason of the body is "end_turn"
      And $.content[1].name of the body is "get_weather"
