Feature: The six agents of the documentation
  Scenarios can name the agents that the documentation's tests were written with.

  Background:
    Given the client talks to the gateway

  @req:AGENTS-001 @core @needs:streaming
  Rule: Each agent behaves as it is documented, seen in its journal

    Scenario: A streaming agent
      Given the agent "ccrouter" is a streaming agent
      When the client asks for a stream
      Then the stream says "Hello", " from", " ", "ccrouter"
      And the agent "ccrouter"'s journal says that the answer was finished after 400 ms

    @needs:cancellation
    Scenario: A streaming agent whose client goes away
      Given the agent "ccrouter" is a streaming agent
      And the agent "ccrouter" is a timed stream agent with 500 ms between words
      When the client asks for a stream and goes away after 1.25 seconds
      Then the agent "ccrouter"'s journal says that the client went away after 1.25 seconds

    @needs:stream_to_plain
    Scenario: A failing stream agent fails on the stream and succeeds plain
      Given the agent "ccrouter" is a failing stream agent
      When the client asks for a stream
      Then the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
        | ccrouter | plain    |
      And the agent "ccrouter"'s journal says that the answer was finished

    @needs:fallback
    Scenario: A counting fail agent always fails, and counts
      Given the agent "ccrouter" is a counting fail agent
      And the agent "droid" is a counting fail agent
      And the client has asked for a plain answer 3 times before
      When the client asks for a plain answer
      Then the request went to the agent "ccrouter", then to the agent "droid"
      And the agents were asked as often as a plain request is tried (2 times)

    Scenario: A partial stream agent sends some chunks, then fails
      Given the agent "ccrouter" is a partial stream agent that fails after 2 chunks
      When the client asks for a stream
      Then the agent "ccrouter"'s journal has 2 writes
      And the agent "ccrouter"'s journal says that the provider reset the connection after 200 ms

    @needs:cancellation
    Scenario: A slow stream agent whose client goes away
      Given the agent "ccrouter" is a slow stream agent that falls silent after 2 chunks
      When the client asks for a stream and goes away after 5 seconds
      Then the agent "ccrouter"'s journal says that the client went away after 5 seconds
      And the agent "ccrouter"'s journal has 2 writes

    Scenario: A timed stream agent keeps its pace
      Given the agent "ccrouter" is a timed stream agent with 50 ms between words
      When the client asks for a stream
      Then the chunks with text arrive 50 ms apart
      And the agent "ccrouter"'s journal says that the answer was finished after 300 ms
