Feature: Health
  Whoever watches over the proxy can ask it how it is, and learns nothing else.

  Background:
    Given the client talks to the proxy

  @req:PROXY-023 @core
  Rule: GET /health answers without authentication and reveals no key

    Scenario Outline: With <header> as the header
      Given the proxy's variant is "tokens"
      And the client sends the header "Authorization" as "<header>"
      When the client sends "GET /health"
      Then the status is 200
      And $.status of the body is "ok"
      And nothing that the client received contains "sk-"
      And nothing that the client received contains "://"
      And nothing that the client received contains "correct-horse-battery"
      And nothing that the client received contains "staple-of-another-kind"
      And the provider was asked 0 times

      Examples:
        | header                   |
        |                          |
        | Bearer something-else    |
