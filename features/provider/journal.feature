Feature: The journal of the provider
  The provider is the witness of what a gateway did: its journal has every request as it arrived, every
  byte that was sent, and how the exchange ended.

  @req:PROVIDER-022 @core
  Rule: The journal has the request, with secrets masked

    Scenario: Headers and body
      Given the client sends the header "Authorization" as "Bearer sk-very-secret"
      And the client sends the header "X-Team" as "blue"
      When the client asks for a stream
      Then the provider was asked once
      And the provider's journal has the header "Authorization" as "Bearer ***"
      And the provider's journal has the header "X-Team" as "blue"
      And $.model of the provider's request is "gpt-4"
      And $.stream of the provider's request is true

    Scenario: Two requests
      Given the client has asked for a stream before
      When the client asks for a plain answer
      Then the provider was asked twice

  @req:PROVIDER-022 @core
  Rule: The journal has every write, and how the exchange ended

    Scenario: An answer that was finished
      When the client asks for a stream
      Then the provider's journal has 8 writes
      And the provider's journal says that the answer was finished after 600 ms
      And the client read the body in the pieces that the provider wrote

    Scenario: A connection that was reset
      Given the provider resets the connection after chunk 2
      When the client asks for a stream
      Then the provider's journal has 2 writes
      And the provider's journal says that the provider reset the connection after 200 ms

  @req:PROVIDER-023 @core
  Rule: A client that goes away stops the answer at once

    Scenario: Before the headers
      Given the provider waits 5 seconds before it answers
      When the client asks for a plain answer and goes away after 3 seconds
      Then no answer begins
      And the provider's journal says that the client went away after 3 seconds
      And the provider's journal has 0 writes

    Scenario: While it waits for the first chunk
      Given the provider waits 5 seconds before its first chunk
      When the client asks for a stream and goes away after 3 seconds
      Then the provider's journal says that the client went away after 3 seconds
      And the provider's journal has 0 writes

    Scenario: In the middle of the stream
      When the client asks for a stream and goes away after 250 ms
      Then the stream says "Hello", " from", " streaming"
      And the provider's journal says that the client went away after 250 ms
      And the provider's journal has 3 writes
