Feature: The documented exchange
  An agent asks the proxy for a stream, and gets the answer piece by piece, each with the whole message
  so far. Request and events are those of the documentation, to the letter.

  Background:
    Given the client talks to the proxy

  @req:PROXY-001 @core
  Rule: POST /stream takes the documented request and answers with an event stream

    Scenario: The request of the documentation
      When the client sends "POST /stream" with the body
        """
        {
          "model": "claude-sonnet-4-5",
          "context": {
            "system_prompt": "You are a helpful assistant.",
            "messages": [
              {
                "role": "user",
                "content": [{"type": "text", "text": "Hello!"}]
              }
            ]
          },
          "options": {
            "max_tokens": 1024,
            "temperature": 0.7,
            "thinking_level": "medium",
            "cache_retention": "short"
          }
        }
        """
      Then the status is 200
      And the answer is an event stream
      And the stream begins with start and ends with one done
      And $.model of the provider's request is "claude-sonnet-4-5"

    Scenario: A request without options
      When the client asks for a stream
      Then the status is 200
      And the answer is an event stream
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

    Scenario: Whoever stands between must neither keep nor hold back the stream
      When the client asks for a stream
      Then the header "Cache-Control" is "no-cache"
      And the header "X-Accel-Buffering" is "no"

  @req:PROXY-006 @req:PROXY-005 @core
  Rule: The documented events are what is sent

    Scenario Outline: The events of the documentation, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider says "Hello", ", world!"
      And the provider calls the tool "bash" with
        """
        {"command":"ls"}
        """
      And the provider has the quirk "tool_call_whole"
      When the client asks for a stream
      Then the events are
        """
        data: {"type":"start","partial":{...}}

        data: {"type":"text_delta","delta":"Hello","partial":{...}}

        data: {"type":"text_delta","delta":", world!","partial":{...}}

        data: {"type":"tool_call_start","delta":"bash","partial":{...}}

        data: {"type":"tool_call_delta","delta":"{\"command\":\"ls\"}","partial":{...}}

        data: {"type":"tool_call_end","partial":{...}}

        data: {"type":"done","partial":{...}}
        """

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-006 @core
  Rule: The events that frame a block are sent on request only

    Scenario Outline: Asked for, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider reasons "Well."
      And the provider says "Hello"
      When the client asks for a stream with the parameters "framing=true"
      Then the events are
        """
        data: {"type":"start","partial":{...}}
        data: {"type":"thinking_start","partial":{...}}
        data: {"type":"thinking_delta","delta":"Well.","partial":{...}}
        data: {"type":"thinking_end","partial":{...}}
        data: {"type":"text_start","partial":{...}}
        data: {"type":"text_delta","delta":"Hello","partial":{...}}
        data: {"type":"text_end","partial":{...}}
        data: {"type":"done","partial":{...}}
        """

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario: The client library reads them
      Given the client is "client library"
      And the provider says "Hello"
      When the client asks for a stream with the parameters "framing=true"
      Then the events are
        """
        data: {"type":"start","partial":{...}}
        data: {"type":"text_start","partial":{...}}
        data: {"type":"text_delta","delta":"Hello","partial":{...}}
        data: {"type":"text_end","partial":{...}}
        data: {"type":"done","partial":{...}}
        """

    Scenario: Not asked for
      Given the provider reasons "Well."
      And the provider says "Hello"
      When the client asks for a stream
      Then the events are
        """
        data: {"type":"start","partial":{...}}
        data: {"type":"thinking_delta","delta":"Well.","partial":{...}}
        data: {"type":"text_delta","delta":"Hello","partial":{...}}
        data: {"type":"done","partial":{...}}
        """
