Feature: A provider that gives no answer
  Some providers fail before they have said anything: the connection breaks, or nothing comes. A client
  that waits for ever hangs with them.

  @req:PROVIDER-020 @core
  Rule: The connection can break before anything is answered

    Scenario Outline: The provider resets the connection before <kind>
      Given the provider resets the connection before it answers
      When the client asks for <kind>
      Then no answer begins
      And the connection is reset
      And the provider's journal says that the provider reset the connection

      Examples:
        | kind           |
        | a plain answer |
        | a stream       |

    Scenario Outline: The provider closes the connection before <kind>
      Given the provider closes the connection before it answers
      When the client asks for <kind>
      Then no answer begins
      And the connection ends before the answer does
      And the provider's journal says that the provider ended the connection

      Examples:
        | kind           |
        | a plain answer |
        | a stream       |

  @req:PROVIDER-020 @core
  Rule: A provider can be silent before its answer, and after its headers

    Scenario: The provider never answers
      Given the provider never answers
      When the client asks for a plain answer and goes away after 5 seconds
      Then no answer begins
      And the provider's journal says that the client went away after 5 seconds

    @slow
    Scenario: The provider is silent for 20 seconds and then times out
      Given the provider is silent for 20 seconds and then times out
      When the client asks for a plain answer
      Then the status is 504
      And the answer begins after 20 seconds

    Scenario: The provider sends its headers and nothing more
      Given the provider falls silent after the headers
      When the client asks for a stream and goes away after 5 seconds
      Then the status is 200
      And the answer begins after 0 ms
      And the answer is an event stream
      And the answer has not ended when the client goes away

    Scenario: The provider sends its headers before its first chunk is ready
      Given the provider waits 3 seconds before its first chunk
      When the client asks for a stream
      Then the answer begins after 0 ms
      And the first chunk with text arrives after 3 seconds
      And the stream says "Hello", " from", " streaming", " mock", " provider", "!"

  @req:PROVIDER-020 @core
  Rule: A provider can fail a number of times and then succeed

    Scenario: The rate limit is exceeded twice
      Given the provider answers 429 twice, then succeeds
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is 429
      And the provider was asked twice

    Scenario: The third attempt succeeds
      Given the provider answers 429 twice, then succeeds
      And the client has asked for a plain answer before
      And the client has asked for a plain answer before
      When the client asks for a plain answer
      Then the status is 200
      And the provider was asked 3 times
