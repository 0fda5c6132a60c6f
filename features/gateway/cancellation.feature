Feature: Clients that go away
  Nobody pays for an answer that nobody hears: the agent's request is taken back.

  Background:
    Given the client talks to the gateway

  @req:CANCEL-001 @core @needs:cancellation
  Rule: Before the headers

    Scenario Outline: <how>
      Given the agent "ccrouter" waits 5 seconds before it answers
      When the client asks for <what> and goes away after 2 seconds
      Then no answer begins
      And the agent "ccrouter"'s journal says that the client went away after 2 seconds
      And the agents were asked in this order
        | agent    | mode   |
        | ccrouter | <mode> |

      Examples:
        | how      | what           | mode     |
        | Plain    | a plain answer | plain    |
        | Streamed | a stream       | streamed |

  @req:CANCEL-002 @core @needs:cancellation
  Rule: Before the first content

    Scenario: A slow first chunk
      Given the agent "ccrouter" waits 5 seconds before its first chunk
      When the client asks for a stream and goes away after 2 seconds
      Then the agent "ccrouter"'s journal says that the client went away after 2 seconds
      And every request to an agent has ended

  @req:CANCEL-003 @core @needs:cancellation
  Rule: In mid-stream

    Scenario: After three chunks
      When the client asks for a stream and goes away after 250 ms
      Then the stream says "Hello", " from", " streaming"
      And the agent "ccrouter"'s journal says that the client went away after 250 ms
      And every request to an agent has ended
