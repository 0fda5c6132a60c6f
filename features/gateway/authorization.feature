Feature: Who may ask
  With keys of its own, the gateway asks every client for one.

  Background:
    Given the client talks to the gateway
    And the gateway's variant is "keys"

  @req:AUTH-001 @core @needs:auth
  Rule: Without a key, or with a wrong one, the answer is the auth status, and no agent is asked

    Scenario: No key
      Given the client shows no key
      When the client asks for a plain answer
      Then the status is the auth status (401)
      And the body follows the schema "openai/error"
      And no agent was asked

    @needs:streaming
    Scenario Outline: <what>
      Given the client sends the header "Authorization" as "<header>"
      When the client asks for a stream
      Then the status is the auth status (401)
      And no agent was asked

      Examples:
        | what            | header                         |
        | A wrong key     | Bearer gateway-key-9876543210  |
        | Half a key      | Bearer gateway-key             |
        | More than a key | Bearer gateway-key-0123456789x |
        | Another case    | Bearer GATEWAY-KEY-0123456789  |
        | An empty key    | Bearer                         |
        | Another scheme  | Basic gateway-key-0123456789   |

    @needs:models
    Scenario: The list of the models
      Given the client shows no key
      When the client sends "GET /v1/models"
      Then the status is the auth status (401)
      And the body follows the schema "openai/error"

    Scenario Outline: A right key: <key>
      Given the client sends the header "Authorization" as "Bearer <key>"
      When the client asks for a plain answer
      Then the status is 200
      And the agent "ccrouter" was never shown "<key>"

      Examples:
        | key                    |
        | gateway-key-0123456789 |
        | another-key-0123456789 |
