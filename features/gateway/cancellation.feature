Feature: Clients that go away
  Nobody pays for an answer that nobody hears: the agent's request is taken back.

  Background:
    Given the client talks to the gateway

  @req:CANCEL-001 @core @needs:cancellation
  Rule: Before the headers

    Scenario: Plain
      Given the agent "ccrouter" waits 5 seconds before it answers
      When the client asks for a plain answer and goes away after 2 seconds
      Then no answer begins
      And the agent "ccrouter"'s journal says that the client went away after 2 seconds
      And the agents were asked in this order
        | agent    | mode  |
        | ccrouter | plain |

    @needs:streaming
    Scenario: Streamed
      Given the agent "ccrouter" waits 5 seconds before it answers
      When the client asks for a stream and goes away after 2 seconds
      Then no answer begins
      And the agent "ccrouter"'s journal says that the client went away after 2 seconds
      And the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |

  @req:CANCEL-002 @core @needs:streaming @needs:cancellation
  Rule: Before the first content

    Scenario: A slow first chunk
      Given the agent "ccrouter" waits 5 seconds before its first chunk
      When the client asks for a stream and goes away after 2 seconds
      Then the agent "ccrouter"'s journal says that the client went away after 2 seconds
      And every request to an agent has ended

  @req:CANCEL-003 @core @needs:streaming @needs:cancellation
  Rule: In mid-stream

    Scenario: After three chunks
      Given the agent "ccrouter" is a timed stream agent with 500 ms between words
      When the client asks for a stream and goes away after 1.25 seconds
      Then the stream says "Hello", " from", " streaming"
      And the agent "ccrouter"'s journal says that the client went away after 1.25 seconds
      And every request to an agent has ended
