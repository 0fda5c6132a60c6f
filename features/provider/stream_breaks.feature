Feature: A stream that breaks off
  A provider can die in the middle of an answer, in many ways. A client has what came before, and can
  tell that it is not the whole answer.

  @req:PROVIDER-020 @core
  Rule: A stream can break after any of its chunks, in every way that streams do

    Scenario Outline: The provider resets the connection after chunk <number>
      Given the provider resets the connection after chunk <number>
      When the client asks for a stream
      Then the stream says <words>
      And the stream does not claim to be complete
      And the connection is reset
      And the provider's journal says that the provider reset the connection after <milliseconds> ms

      Examples:
        | number | words                                                     | milliseconds |
        | 1      | "Hello"                                                   | 100          |
        | 3      | "Hello", " from", " streaming"                            | 300          |
        | 6      | "Hello", " from", " streaming", " mock", " provider", "!" | 600          |

    Scenario: The provider resets the connection before its first chunk
      Given the provider resets the connection before its first chunk
      When the client asks for a stream
      Then the status is 200
      And the stream has 0 events
      And the stream does not claim to be complete
      And the connection is reset

    Scenario: The provider drops the connection after chunk 3
      Given the provider drops the connection after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete
      And the connection ends before the answer does
      And the provider's journal says that the provider ended the connection after 300 ms

    Scenario Outline: The provider <ends> after chunk 3, and the body ends cleanly
      Given the provider <ends> after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming"
      And the stream does not claim to be complete
      And the answer ends cleanly
      And the answer ends after 300 ms

      Examples:
        | ends                    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario: The stream ends with a chunk, and nothing more
      Given the provider ends the stream after chunk 3
      When the client asks for a stream
      Then the stream has 3 events
      And the provider's journal has 3 writes

    Scenario: The malformed event is whole
      Given the provider sends a malformed event after chunk 3
      When the client asks for a stream
      Then the stream has 4 events
      And the last event is "{\"broken\": "

    Scenario: Half an event is never one
      Given the provider sends half an event after chunk 3
      When the client asks for a stream
      Then the stream has 3 events
      And the body ends with "data: {\"broken\": "

    Scenario Outline: What an ordinary client sees when the provider <ends>
      Given the client is "httpx-sse"
      And the provider <ends> after chunk 2
      When the client asks for a stream
      Then the stream says "Hello", " from"
      And the stream does not claim to be complete

      Examples:
        | ends                    |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends half an event     |
        | sends an error event    |

    Scenario: The provider tells of its failure in an error event
      Given the provider sends an error event after chunk 1
      When the client asks for a stream
      Then the stream has 2 events
      And $.error.type of one chunk is "server_error"

    Scenario: The provider falls silent after chunk 3
      Given the provider falls silent after chunk 3
      When the client asks for a stream and goes away after 5 seconds
      Then the stream says "Hello", " from", " streaming"
      And the answer has not ended when the client goes away
      And the provider's journal says that the client went away after 5 seconds

    Scenario: The provider falls silent for 5 seconds, and goes on
      Given the provider falls silent for 5 seconds after chunk 3
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one [DONE]
      And the answer ends after 5.6 seconds

  @req:PROVIDER-020 @core
  Rule: A stream can end in a way that no stream should

    Scenario: The provider ends its stream without [DONE]
      Given the provider ends its stream without [DONE]
      When the client asks for a stream
      Then the stream has no [DONE]
      And the finish_reason "stop" comes once, in the last chunk
      And the answer ends cleanly

    Scenario: The provider ends its stream without a finish_reason
      Given the provider ends its stream without a finish_reason
      When the client asks for a stream
      Then the stream has no finish_reason
      And the stream ends with one [DONE]

    Scenario: The provider ends its stream with two [DONE]
      Given the provider ends its stream with two [DONE]
      When the client asks for a stream
      Then the stream has 9 events
      And the last event is "[DONE]"
      And the finish_reason "stop" comes once, in the last chunk

    Scenario: The provider ends its stream with a chunk after [DONE]
      Given the provider ends its stream with a chunk after [DONE]
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!", "Hello"
      And the stream has 9 events

    Scenario: The provider ends its stream and keeps the connection open
      Given the provider ends its stream and keeps the connection open
      When the client asks for a stream and goes away after 5 seconds
      Then the stream ends with one [DONE]
      And the answer has not ended when the client goes away
