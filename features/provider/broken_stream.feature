Feature: A stream that breaks in the middle
  The query parameter "fail_chunk" breaks a stream: in place of the chunk with that number comes an
  event that is not JSON, and then the body ends. A client has what came before, and can tell that
  it is not the whole answer.

  @req:PROVIDER-010 @core
  Rule: "fail_chunk=N" sends the chunks before N, then a broken event, and ends

    Scenario: The third chunk is broken
      When the client asks for a stream with the parameters "fail_chunk=3"
      Then the status is 200
      And the answer is an event stream
      And the stream says "Hello", " from"
      And the last event is "{\"broken\": "
      And the stream has no [DONE]
      And the stream has no finish_reason
      And the answer ends cleanly

    Scenario: The broken event is sent to the letter, with its blank line
      When the client asks for a stream with the parameters "fail_chunk=3"
      Then the body ends with "data: {\"broken\": " and a blank line

    Scenario Outline: Chunk <number> is broken
      When the client asks for a stream with the parameters "fail_chunk=<number>"
      Then the stream has <events> events
      And the last event is "{\"broken\": "
      And the stream has no [DONE]
      And the stream has no finish_reason
      And the answer ends after <milliseconds> ms

      Examples:
        | number | events | milliseconds |
        | 1      | 1      | 0            |
        | 2      | 2      | 100          |
        | 3      | 3      | 200          |
        | 4      | 4      | 300          |
        | 5      | 5      | 400          |
        | 6      | 6      | 500          |

    Scenario: An ordinary client sees the broken event, too
      Given the client is "httpx-sse"
      When the client asks for a stream with the parameters "fail_chunk=3"
      Then the stream says "Hello", " from"
      And the last event is "{\"broken\": "

  @req:PROVIDER-011 @core
  Rule: "fail_chunk" changes nothing where there is no such chunk

    Scenario: Without streaming
      When the client asks for a plain answer with the parameters "fail_chunk=3"
      Then the status is 200
      And the body follows the schema "openai/chat.completion"
      And $.choices[0].finish_reason of the body is "stop"

    Scenario Outline: "fail_chunk=<number>" leaves the stream whole
      When the client asks for a stream with the parameters "fail_chunk=<number>"
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one [DONE]
      And the finish_reason "stop" comes once, in the last chunk
      And the answer ends after 600 ms

      Examples:
        | number |
        | 0      |
        | 7      |
        | 100    |
