Feature: The models and the health of the gateway

  Background:
    Given the client talks to the gateway

  @req:MODELS-001 @core @needs:models
  Rule: GET /v1/models lists the models of all agents, with what they cost

    Scenario: Two agents with a model each
      When the client sends "GET /v1/models"
      Then the status is 200
      And the body has these values
        | path                         | value             |
        | $.object                     | list              |
        | $.data[0].id                 | gpt-4             |
        | $.data[0].object             | model             |
        | $.data[0].description        | Ccrouter's model  |
        | $.data[0].max_tokens         | 8192              |
        | $.data[0].input_cost_per_1k  | 0.03              |
        | $.data[0].output_cost_per_1k | 0.06              |
        | $.data[0].owned_by           | ccrouter          |
        | $.data[1].id                 | claude-sonnet-4-5 |
        | $.data[1].max_tokens         | 64000             |
      And $.data of the body has 2 entries
      And no agent was asked

  @req:SECRET-001 @core
  Rule: GET /health says that the gateway is there, to everybody, and tells nothing else

    Scenario Outline: The variant "<variant>"
      Given the gateway's variant is "<variant>"
      When the client sends "GET /health"
      Then the status is 200
      And $.status of the body is "ok"
      And nothing that the client received contains "ccrouter"
      And nothing that the client received contains "droid"
      And no agent was asked

      Examples:
        | variant |
        | default |
        | keys    |
