Feature: A provider that takes its time
  The query parameter "delay" holds everything back by a number of milliseconds: status, headers
  and body.

  @req:PROVIDER-003 @core
  Rule: "delay=N" adds N milliseconds before anything is answered

    Scenario Outline: A plain answer, held back for <milliseconds> ms
      When the client asks for a plain answer with the parameters "delay=<milliseconds>"
      Then the status is 200
      And the answer begins after <milliseconds> ms
      And the answer ends after <milliseconds> ms

      Examples:
        | milliseconds |
        | 0            |
        | 1            |
        | 250          |
        | 2000         |

      @slow
      Examples: A long delay
        | milliseconds |
        | 10000        |

    Scenario: A stream is held back as a whole, and keeps its pace
      When the client asks for a stream with the parameters "delay=500"
      Then the status is 200
      And the answer begins after 500 ms
      And the first chunk with text arrives after 500 ms
      And the chunks with text arrive 100 ms apart
      And the answer ends after 1100 ms

    Scenario Outline: A simulated failure <code> is held back
      When the client asks for a plain answer with the parameters "delay=2000&fail=<code>"
      Then the status is <code>
      And the answer begins after 2000 ms

      Examples:
        | code |
        | 429  |
        | 500  |
        | 503  |
