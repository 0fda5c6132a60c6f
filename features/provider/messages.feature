Feature: The Anthropic Messages format
  "POST /v1/messages" answers in the format of Anthropic's Messages, plain and streamed, with the same
  faults and with error bodies of its own.

  Background:
    Given the client speaks "Anthropic"

  @req:PROVIDER-018 @core
  Rule: A plain answer is one message

    Scenario: The documented greeting
      When the client asks for a plain answer
      Then the status is 200
      And the header "Content-Type" is "application/json"
      And the body follows the schema "anthropic/message"
      And the body has these values
        | path                  | value                                                       |
        | $.type                | message                                                     |
        | $.role                | assistant                                                   |
        | $.model               | gpt-4                                                       |
        | $.content[0].type     | text                                                        |
        | $.content[0].text     | Hello! I'm a mock LLM response. How can I help you today?   |
        | $.stop_reason         | end_turn                                                    |
        | $.usage.input_tokens  | 10                                                          |
        | $.usage.output_tokens | 15                                                          |

  @req:PROVIDER-018 @core
  Rule: A stream is the documented sequence of named events

    Scenario: The sequence of events
      When the client asks for a stream
      Then the status is 200
      And the answer is an event stream
      And the kinds of events are "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"
      And every chunk follows the schema "anthropic/event"
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one message_stop
      And the chunks with text arrive 100 ms apart
      And the answer ends after 600 ms

    Scenario: What an ordinary client sees
      Given the client is "httpx-sse"
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one message_stop

    Scenario: Pings keep the connection alive
      Given the provider waits 3 seconds before its first chunk
      And the provider keeps the connection alive every 1 second
      When the client asks for a stream
      Then the first chunk with text arrives after 3 seconds
      And the kinds of events are "message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop", "message_delta", "message_stop"

  @req:PROVIDER-018 @core
  Rule: Failures have an error body of this format

    Scenario Outline: Status <status>
      When the client asks for a plain answer with the parameters "fail=<status>"
      Then the status is <status>
      And the body follows the schema "anthropic/error"
      And $.error.type of the body is "<type>"

      Examples:
        | status | type                  |
        | 400    | invalid_request_error |
        | 401    | authentication_error  |
        | 402    | billing_error         |
        | 403    | permission_error      |
        | 404    | not_found_error       |
        | 409    | conflict_error        |
        | 413    | request_too_large     |
        | 429    | rate_limit_error      |
        | 500    | api_error             |
        | 504    | timeout_error         |
        | 529    | overloaded_error      |

    Scenario: A request that is wrong
      When the client sends "POST /v1/messages" with the body
        """
        {"model": "claude", "messages": [{"role": "user", "content": "Hello"}]}
        """
      Then the status is 400
      And the body follows the schema "anthropic/error"
      And $.error.message of the body mentions "max_tokens"

    Scenario: A parameter that is wrong
      When the client asks for a plain answer with the parameters "delay=abc"
      Then the status is 400
      And the body follows the schema "anthropic/error"
      And $.error.message of the body mentions "delay"

  @req:PROVIDER-018 @core
  Rule: A stream fails as in the other format

    Scenario Outline: The provider <ends> after chunk 3
      Given the provider <ends> after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete

      Examples:
        | ends                    |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario: The error event has its own name
      Given the provider sends an error event after chunk 1
      When the client asks for a stream
      Then the kinds of events are "message_start", "content_block_start", "content_block_delta", "error"
      And $.error.type of one chunk is "overloaded_error"

    Scenario: The stream ends without message_stop
      Given the provider ends its stream without [DONE]
      When the client asks for a stream
      Then the kinds of events are "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"
      And the answer ends cleanly
