Feature: Models and health
  Gateways ask a provider which models it has, and whether it is well.

  @req:PROVIDER-016 @core
  Rule: GET /v1/models lists the provider's models

    Scenario: The list of models
      When the client sends "GET /v1/models"
      Then the status is 200
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/models"
      And $.object of the body is "list"
      And $.data of the body has 1 entry
      And $.data[0].id of the body is "gpt-4"

    Scenario: The models that the provider was given
      Given the provider's variant is "two-models"
      When the client sends "GET /v1/models"
      Then $.data of the body has 2 entries
      And the body has these values
        | path         | value           |
        | $.data[0].id | first-model     |
        | $.data[1].id | second-model    |

  @req:PROVIDER-016 @core
  Rule: GET /health is 200, or 503 when the provider is unhealthy

    Scenario: A healthy provider
      When the client sends "GET /health"
      Then the status is 200

    Scenario: An unhealthy provider
      Given the provider's variant is "unhealthy"
      When the client sends "GET /health"
      Then the status is 503
