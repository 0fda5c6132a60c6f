Feature: The proxy within another application
  The proxy is an ASGI application, so another one can put it under a path of its own.

  Background:
    Given the client talks to the proxy

  @req:PROXY-025 @core
  Rule: The proxy can be mounted under a path in another application, behind its middleware

    Scenario: A stream
      Given the proxy's variant is "mounted"
      When the client asks for a stream
      Then the status is 200
      And the header "X-Served-By" is "the outer application"
      And the stream begins with start and ends with one done

    Scenario: An upstream by its name
      Given the proxy's variant is "mounted"
      And the client asks the upstream "openai"
      When the client asks for a stream
      Then $.provider of the message is "openai"

    Scenario: What the outer application refuses never reaches the proxy
      Given the proxy's variant is "mounted"
      And the client sends the header "X-Blocked" as "yes"
      When the client asks for a stream
      Then the status is 403
      And the provider was asked 0 times
