Feature: Several faults at once
  Faults can be combined. They take effect in a fixed order, whatever their order in the query.

  @req:PROVIDER-012 @core
  Rule: First the delay, then the failure, then streaming

    Scenario Outline: "<parameters>"
      When the client asks for a plain answer with the parameters "<parameters>"
      Then the status is 429
      And the header "Content-Type" is "application/json"
      And the answer begins after 1 second
      And the answer ends after 1 second

      Examples:
        | parameters                                   |
        | delay=1000&fail=429                          |
        | fail=429&delay=1000                          |
        | delay=1000&fail=429&stream=true              |
        | stream=true&fail=429&fail_chunk=1&delay=1000 |

    Scenario: A simulated failure does not look at the body
      When the client sends "POST /v1/chat/completions?fail=429" with the body
        """
        {"model": "gpt-4"}
        """
      Then the status is 429

    Scenario: A delay and a broken chunk
      When the client asks for a stream with the parameters "fail_chunk=2&delay=1000"
      Then the status is 200
      And the answer begins after 1 second
      And the stream says "Hello"
      And the last event is "{\"broken\": "
      And the answer ends after 1100 ms

    @slow
    Scenario: A delay and a timeout, asked for as a stream
      When the client asks for a stream with the parameters "stream=true&fail=timeout&delay=1000"
      Then the status is 504
      And the answer begins after 31 seconds
