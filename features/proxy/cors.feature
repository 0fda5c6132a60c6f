Feature: Agents in a browser
  A page may ask the proxy only if its origin was chosen.

  Background:
    Given the client talks to the proxy

  @req:PROXY-011 @core
  Rule: Pages of a chosen origin may ask

    Background:
      Given the proxy's variant is "cors"
      And the client sends the header "Origin" as "https://app.example"

    Scenario: The preflight, which bears no token
      Given the client sends the header "Access-Control-Request-Method" as "POST"
      And the client sends the header "Access-Control-Request-Headers" as "authorization,content-type"
      When the client sends "OPTIONS /stream"
      Then the header "Access-Control-Allow-Origin" is "https://app.example"
      And the header "Access-Control-Allow-Methods" mentions "POST"
      And the header "Access-Control-Allow-Headers" mentions "authorization"
      And the provider was asked 0 times

    Scenario: The request itself
      Given the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the status is 200
      And the header "Access-Control-Allow-Origin" is "https://app.example"
      And the answer has no header "Access-Control-Allow-Credentials"
      And the stream begins with start and ends with one done

    Scenario: A refusal, which the page can read
      When the client asks for a stream
      Then the status is 401
      And the header "Access-Control-Allow-Origin" is "https://app.example"

  @req:PROXY-011 @core
  Rule: Pages of other origins may not

    Background:
      Given the proxy's variant is "cors"
      And the client sends the header "Origin" as "https://elsewhere.example"

    Scenario: The preflight of another origin
      Given the client sends the header "Access-Control-Request-Method" as "POST"
      When the client sends "OPTIONS /stream"
      Then the answer has no header "Access-Control-Allow-Origin"

    Scenario: The request of another origin
      Given the client's token is "correct-horse-battery"
      When the client asks for a stream
      Then the answer has no header "Access-Control-Allow-Origin"

  @req:PROXY-011 @core
  Rule: It is off unless it is switched on

    Background:
      Given the client sends the header "Origin" as "https://app.example"

    Scenario: A preflight that nobody expects
      Given the client sends the header "Access-Control-Request-Method" as "POST"
      When the client sends "OPTIONS /stream"
      Then the answer has no header "Access-Control-Allow-Origin"

    Scenario: A request from a page
      When the client asks for a stream
      Then the status is 403
      And the answer has no header "Access-Control-Allow-Origin"
