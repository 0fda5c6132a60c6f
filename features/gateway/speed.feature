Feature: Speed under failure
  The fallback costs nothing where nothing fails, and what fails is told quickly.

  Background:
    Given the client talks to the gateway

  @req:SPEED-001 @core @needs:streaming
  Rule: Where nothing fails, the fallback changes nothing

    Scenario: With the fallback
      When the client asks for a stream
      Then the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
      And the agent "ccrouter"'s journal says that the answer was finished after 600 ms
      And the first chunk with text arrives after 0 ms
      And the answer ends after 600 ms

    @needs:fallback_switch
    Scenario: Without it
      Given the gateway's variant is "no-fallback"
      When the client asks for a stream
      Then the agents were asked in this order
        | agent    | mode     |
        | ccrouter | streamed |
      And the agent "ccrouter"'s journal says that the answer was finished after 600 ms
      And the first chunk with text arrives after 0 ms
      And the answer ends after 600 ms

  @req:SPEED-002 @core @needs:streaming
  Rule: A failure with nothing left to try is answered in less than a second

    Scenario Outline: Both agents <fail>
      Given the agent "ccrouter" <fail>
      And the agent "droid" <fail>
      When the client asks for a stream
      Then the status is the final-error status (500)
      And the answer has ended before 1 second

      Examples:
        | fail                                    |
        | answers 500                             |
        | resets the connection before it answers |
        | closes the connection before it answers |

  @req:SPEED-003 @core @needs:streaming
  Rule: After failed streams nothing is left

    Scenario Outline: Ten streams whose agent <fails>
      Given the agent "ccrouter" <fails> after chunk 2
      When 10 clients ask for a stream at once
      Then every request to an agent has ended

      Examples:
        | fails                 |
        | resets the connection |
        | sends an error event  |
