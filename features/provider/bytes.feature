Feature: The bytes of a stream
  The same events can be written in many ways, and cut anywhere on their way. Whoever reads a stream by
  the rules of server-sent events gets the same events each time.

  @req:PROVIDER-020 @core
  Rule: However a stream is written, its events are the same

    Scenario Outline: The lines end with <line end>
      Given the provider's lines end with <line end>
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream ends with one [DONE]
      And the lines of the stream end with <line end>
      And the chunks with text arrive 100 ms apart

      Examples:
        | line end |
        | LF       |
        | CRLF     |
        | CR       |

    Scenario: No space follows "data:"
      Given the provider writes no space after colons
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the body ends with "data:[DONE]" and a blank line

    Scenario: A byte order mark comes first
      Given the provider's stream begins with a byte order mark
      When the client asks for a stream
      Then the stream begins with a byte order mark
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the role "assistant" comes once, in the first chunk

    Scenario: A comment comes before each event
      Given the provider sends a comment before each event
      When the client asks for a stream
      Then the stream has 8 comments
      And the stream has 8 events
      And the stream ends with one [DONE]

    Scenario: The connection is kept alive before the first chunk
      Given the provider waits 3 seconds before its first chunk
      And the provider keeps the connection alive every 1 second
      When the client asks for a stream
      Then the stream has 2 comments
      And the stream has 8 events
      And the first chunk with text arrives after 3 seconds
      And the provider's journal has 10 writes

    Scenario: The connection is kept alive, and nothing else comes
      Given the provider falls silent after chunk 2
      And the provider keeps the connection alive every 1 second
      When the client asks for a stream and goes away after 8 seconds
      Then the stream says "Hello", " from"
      And the stream does not claim to be complete
      And the stream has 7 comments
      And the provider's journal has 9 writes

    Scenario: Events are larger than 64 KiB
      Given the provider pads each chunk with 70000 bytes
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And every event but the last is larger than 64 KiB
      And the stream ends with one [DONE]
      And every chunk follows the schema "openai/chat.completion.chunk"

    Scenario: The stream is compressed
      Given the provider's answer is compressed with gzip
      When the client asks for a stream
      Then the header "Content-Encoding" is "gzip"
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the chunks with text arrive 100 ms apart

  @req:PROVIDER-020 @core
  Rule: However a stream is cut, its events are the same, and its reader gets the very pieces

    Scenario Outline: The stream is sent <cut>
      Given the provider says "Grüße", " aus", " Köln 🎉"
      And the provider's lines end with CRLF
      And the provider's stream is sent <cut>
      When the client asks for a stream
      Then the stream says "Grüße", " aus", " Köln 🎉"
      And the stream ends with one [DONE]
      And the client read the body in the pieces that the provider wrote
      And the provider's journal has <number> writes

      Examples:
        | cut                          | number |
        | byte by byte                 | 699    |
        | in as few writes as possible | 4      |
        | cut inside of characters     | 9      |
        | cut inside of line ends      | 15     |

    Scenario: A cut does not change the pace
      Given the provider says "Grüße", " aus", " Köln 🎉"
      And the provider's stream is sent cut inside of characters
      When the client asks for a stream
      Then the chunks with text arrive 100 ms apart
      And the answer ends after 300 ms

    Scenario: Events without a pause between them are still one write each
      Given the provider says "one", " two", " three" with 0 ms between words
      When the client asks for a stream
      Then the client read the body in the pieces that the provider wrote
      And the provider's journal has 5 writes

    Scenario: All events in one write
      Given the provider says "one", " two", " three" with 0 ms between words
      And the provider's stream is sent in as few writes as possible
      When the client asks for a stream
      Then the stream has 5 events
      And the provider's journal has 1 write
