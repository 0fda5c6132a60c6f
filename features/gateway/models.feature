Feature: The models and the health of the gateway

  Background:
    Given the client talks to the gateway

  @req:MODELS-001 @core @needs:models
  Rule: GET /v1/models lists the models of all agents

    Scenario Outline: The model <model>
      When the client sends "GET /v1/models"
      Then the status is 200
      And $.object of the body is "list"
      And $.data of the body has an entry with these values
        | path     | value   |
        | $.id     | <model> |
        | $.object | model   |

      Examples:
        | model             |
        | gpt-4             |
        | claude-sonnet-4-5 |

    Scenario Outline: What <model> costs
      When the client sends "GET /v1/models"
      Then $.data of the body has an entry with these values
        | path                 | value   |
        | $.id                 | <model> |
        | $.description        | <text>  |
        | $.max_tokens         | <most>  |
        | $.input_cost_per_1k  | <input> |
        | $.output_cost_per_1k | <output> |

      Examples:
        | model             | text             | most  | input | output |
        | gpt-4             | Ccrouter's model | 8192  | 0.03  | 0.06   |
        | claude-sonnet-4-5 | Droid's model    | 64000 | 0.003 | 0.015  |

    Scenario: No agent is asked
      When the client sends "GET /v1/models"
      Then the status is 200
      And no agent was asked

  @req:MODELS-001 @extended @needs:models
  Rule: The list has the models of the agents and no others

    Scenario: Two agents with a model each
      When the client sends "GET /v1/models"
      Then $.data of the body has 2 entries
      And $.data[0].id of the body is "gpt-4"

  @req:SECRET-001 @extended
  Rule: GET /health says that the gateway is there, to everybody, and tells nothing else

    Scenario: Without keys
      When the client sends "GET /health"
      Then the status is 200
      And $.status of the body is "ok"
      And nothing that the client received contains "ccrouter"
      And nothing that the client received contains "droid"
      And no agent was asked

    @needs:auth
    Scenario: With keys
      Given the gateway's variant is "keys"
      And the client shows no key
      When the client sends "GET /health"
      Then the status is 200
      And $.status of the body is "ok"
      And nothing that the client received contains "ccrouter"
