Feature: Many streams at once
  Streams side by side have nothing to do with one another.

  Background:
    Given the client talks to the gateway

  @req:CONCURRENCY-001 @core @needs:streaming
  Rule: Ten streams at once are each complete, and none waits for another

    Scenario: Ten clients
      When 10 clients ask for a stream at once
      Then the statuses are 200 10 times
      And every stream at once says "Hello", " from", " streaming", " mock", " provider", "!"
      And every stream at once has ended before 1.2 seconds

    Scenario: Ten clients whose agent takes a second to begin
      Given the agent "ccrouter" waits 1 second before its first chunk
      When 10 clients ask for a stream at once
      Then the statuses are 200 10 times
      And every stream at once has ended before 3.2 seconds

  @req:CONCURRENCY-002 @core @needs:streaming
  Rule: A stream that fails changes nothing for the others

    Scenario: One of ten
      Given the agent "ccrouter" resets the connection after chunk 3 once, then succeeds
      When 10 clients ask for a stream at once
      Then each client gets one of the answers "Hello from streaming", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!", "Hello from streaming mock provider!"

  @req:CONCURRENCY-003 @core @needs:streaming
  Rule: Nothing crosses from one stream to another

    Scenario: Five different answers
      Given the agent "ccrouter" answers in turn
        | answer                                  |
        | text=one+one+one+one+one+one            |
        | text=two+two+two+two+two+two            |
        | text=three+three+three+three            |
        | text=four+four+four                     |
        | text=five+five+five+five+five+five+five |
      When 5 clients ask for a stream at once
      Then each client gets one of the answers "one one one one one one", "two two two two two two", "three three three three", "four four four", "five five five five five five five"
