Feature: The rate limit
  A client that asks too often is told when to come back.

  Background:
    Given the client talks to the proxy
    And the proxy's variant is "rate-limit"

  @req:PROXY-016 @core @slow
  Rule: Beyond so many requests a minute, the next is refused until its time has come

    Scenario: Three in a minute are allowed, and the fourth comes too early
      Given the client has waited 60 seconds
      And the client's token is "correct-horse-battery"
      And the client has asked for a stream 3 times before
      When the client asks for a stream
      Then the status is 429
      And the header "Retry-After" is "59"
      And the body follows the schema "proxy/error"
      And the provider was asked 3 times

    Scenario: After the time that it was told, the client is served again
      Given the client has waited 60 seconds
      And the client's token is "correct-horse-battery"
      And the client has asked for a stream 4 times before
      When the client waits 59 seconds and asks for a stream
      Then the status is 200
      And the stream begins with start and ends with one done
      And the provider was asked 4 times

    Scenario: The client library tells when to come back
      Given the client has waited 60 seconds
      And the client's token is "correct-horse-battery"
      And the client is "client library"
      And the client has asked for a stream 3 times before
      When the client asks for a stream
      Then the client reports "RateLimitedError"
      And the client reports "ask again in 59 s"

    Scenario: Requests without the token use up nothing of what is allowed
      Given the client has waited 60 seconds
      And the client has asked for a stream 4 times before
      And the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the status is 200
      And the provider was asked once
