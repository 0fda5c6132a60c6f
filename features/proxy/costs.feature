Feature: What it costs
  The proxy knows the prices, and counts.

  Background:
    Given the client talks to the proxy

  @req:PROXY-027 @core
  Rule: The cost of a message comes from a table of prices, and totals are kept

    Scenario Outline: A message of "<upstream>"
      Given the proxy's variant is "prices"
      And the client asks the upstream "<upstream>"
      And the client's model is "<model>"
      And the provider counts 1000 tokens of prompt and 100 tokens of answer
      And the provider counts 600 cached tokens
      And the provider counts <written> tokens written to a cache
      When the client asks for a stream
      Then the usage is complete
      And the message has these values
        | path                       | value        |
        | $.usage.cost.input         | <input>      |
        | $.usage.cost.output        | <output>     |
        | $.usage.cost.cache_read    | <cache_read> |
        | $.usage.cost.cache_write   | <cache_write> |
        | $.usage.cost.total         | <total>      |

      Examples: 3, 15, 0.3 and 3.75 dollars a million; 30, 60, 15 and 37.5 dollars a million
        | upstream  | model             | written | input  | output | cache_read | cache_write | total   |
        | anthropic | claude-sonnet-4-5 | 200     | 0.0006 | 0.0015 | 0.00018    | 0.00075     | 0.00303 |
        | openai    | gpt-4             | 200     | 0.006  | 0.006  | 0.009      | 0.0075      | 0.0285  |

    Scenario: A model without a price costs nothing
      Given the proxy's variant is "prices"
      And the client's model is "gpt-5"
      When the client asks for a stream
      Then $.usage.cost.total of the message is 0

    Scenario: The totals are the usage of the journal times the prices
      Given the proxy's variant is "prices"
      And the client has asked for the totals before
      And the provider counts 1000 tokens of prompt and 100 tokens of answer
      And the client has asked for a stream 3 times before
      When the client asks for the totals
      Then $.total.requests of the body has grown by 3 since the first answer
      And $.total.tokens.input of the body has grown by 3000 since the first answer
      And $.total.tokens.output of the body has grown by 300 since the first answer
      And $.total.cost.total of the body has grown by 0.0135 since the first answer

    Scenario: An answer that breaks off counts with what was told of it
      Given the proxy's variant is "prices"
      And the client has asked for the totals before
      And the provider counts 1000 tokens of prompt and 100 tokens of answer
      And the provider resets the connection after chunk 3
      And the client has asked for a stream before
      When the client asks for the totals
      Then $.total.requests of the body has grown by 1 since the first answer
      And $.total.tokens.input of the body has grown by 1000 since the first answer
      And $.total.cost.input of the body has grown by 0.003 since the first answer

    Scenario: Without prices there are no totals
      When the client sends "GET /costs"
      Then the status is 404
