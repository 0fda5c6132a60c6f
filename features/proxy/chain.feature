Feature: A proxy behind a proxy
  Agents at different places can share one upstream, each behind a proxy of its own.

  Background:
    Given the client talks to the proxy

  @req:PROXY-014 @core
  Rule: A proxy can be the upstream of a proxy

    Scenario: A complete answer
      Given the proxy's variant is "chain"
      And the provider reasons "Well."
      And the provider says "Hello", ", world!"
      And the provider calls the tool "bash" with
        """
        {"command": "ls"}
        """
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And every event carries the message so far
      And the message has these values
        | path                           | value         |
        | $.provider                     | chain         |
        | $.content[0].thinking          | Well.         |
        | $.content[1].text              | Hello, world! |
        | $.content[2].arguments.command | ls            |
        | $.usage.input                  | 10            |
      And the usage is complete

    Scenario: An upstream at the far end that breaks off
      Given the proxy's variant is "chain"
      And the provider resets the connection after chunk 3
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.content[0].text of the message is "Hello from streaming"
      And the last event says how the message ended

    Scenario: A client that goes away is known at the far end
      Given the proxy's variant is "chain"
      When the client asks for a stream and goes away after 250 ms
      Then the provider's journal says that the client went away after 250 ms
