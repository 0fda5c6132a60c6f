Feature: A streamed answer
  Asked for a stream, the provider sends its answer word by word as server-sent events, one word
  every 100 ms.

  @req:PROVIDER-008 @core
  Rule: A stream can be asked for in the query or in the body, and the query wins

    Scenario: The body asks for a stream
      When the client asks for a stream
      Then the status is 200
      And the answer is an event stream

    Scenario Outline: "<parameters>" in the query and "stream": <stream> in the body
      When the client sends "POST /v1/chat/completions?<parameters>" with the body
        """
        {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}], "stream": <stream>}
        """
      Then the status is 200
      And the header "Content-Type" is "<content type>"

      Examples:
        | parameters   | stream | content type      |
        | stream=true  | false  | text/event-stream |
        | stream=true  | null   | text/event-stream |
        | stream=true  | true   | text/event-stream |
        | stream=false | true   | application/json  |
        | stream=false | false  | application/json  |

    Scenario: The documented request with "stream=true" in the query
      When the client asks for a plain answer with the parameters "stream=true"
      Then the status is 200
      And the answer is an event stream

  @req:PROVIDER-008 @core
  Rule: A stream says six words, 100 ms apart, and then that it is complete

    Scenario: The headers of a stream
      When the client asks for a stream
      Then the header "Content-Type" is "text/event-stream"
      And the header "Cache-Control" is "no-cache"
      And the header "Connection" is "keep-alive"

    Scenario Outline: What a client sees that is <client>
      Given the client is "<client>"
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one [DONE]

      Examples:
        | client    |
        | raw       |
        | httpx-sse |

    Scenario: The pace of a stream
      When the client asks for a stream
      Then the answer begins after 0 ms
      And the first chunk with text arrives after 0 ms
      And the chunks with text arrive 100 ms apart
      And the answer ends after 600 ms
      And the answer ends cleanly

    Scenario: Two streams one after the other are alike
      Given the client has asked for a stream before
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the answer ends after 600 ms

  @req:PROVIDER-009 @core
  Rule: Every chunk is a whole chat.completion.chunk of one and the same answer

    Scenario: Every chunk is whole
      When the client asks for a stream
      Then every chunk follows the schema "openai/chat.completion.chunk"
      And $.object of every chunk is "chat.completion.chunk"
      And $.model of every chunk is "gpt-4"
      And $.choices of every chunk has 1 entry
      And $.choices[0].index of every chunk is 0
      And $.created of every chunk is the time of the request in Unix seconds

    Scenario: The chunks belong together
      When the client asks for a stream
      Then $.id of every chunk is the same
      And $.created of every chunk is the same
      And $.model of every chunk is the same
      And $.id of every chunk begins with "mock-"

    Scenario: The role comes first, and once
      When the client asks for a stream
      Then the role "assistant" comes once, in the first chunk

    Scenario: The finish_reason comes last, and once
      When the client asks for a stream
      Then the finish_reason "stop" comes once, in the last chunk
