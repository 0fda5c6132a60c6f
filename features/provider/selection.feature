Feature: Ways to select a fault
  Not every gateway passes on what its client adds to a request. So a fault can be selected in four
  ways, and the plan, which the text of the prompt points to, reaches a provider behind any of them.

  @req:PROVIDER-021 @core
  Rule: A fault can be selected by plan, by query, by header, and by the model's name

    Scenario: By plan
      Given the provider answers 503
      When the client asks for a plain answer
      Then the status is 503
      And the provider's journal has a token

    Scenario: By query
      When the client asks for a plain answer with the parameters "fail=503"
      Then the status is 503

    Scenario: By header
      Given the client sends the header "X-Sluicegate-Faults" as "fail=503"
      When the client asks for a plain answer
      Then the status is 503

    Scenario: By a suffix of the model's name, which the answer echoes
      Given the client's model is "gpt-4?pace=0&text=Yes"
      When the client asks for a plain answer
      Then the status is 200
      And $.model of the body is "gpt-4?pace=0&text=Yes"
      And $.choices[0].message.content of the body is "Yes"

  @req:PROVIDER-021 @core
  Rule: A plan wins over the query, the query over the header, and the header over the model

    Scenario: A plan wins over the query
      Given the provider answers 503
      When the client asks for a plain answer with the parameters "fail=500"
      Then the status is 503

    Scenario: The query wins over the header
      Given the client sends the header "X-Sluicegate-Faults" as "fail=503"
      When the client asks for a plain answer with the parameters "fail=500"
      Then the status is 500

    Scenario: The header wins over the model
      Given the client sends the header "X-Sluicegate-Faults" as "fail=503"
      And the client's model is "gpt-4?fail=500"
      When the client asks for a plain answer
      Then the status is 503

    Scenario: What a stronger one does not speak of, a weaker one decides
      Given the provider says "Good", " morning"
      And the client sends the header "X-Sluicegate-Faults" as "fail_chunk_mode=end"
      And the client's model is "gpt-4?pace=20"
      When the client asks for a stream with the parameters "fail_chunk=2"
      Then the stream says "Good"
      And the stream does not claim to be complete
      And the answer ends after 20 ms

  @req:PROVIDER-021 @core
  Rule: A fault can be selected for the first requests only

    Scenario Outline: The request after <before>
      Given the client sends the header "X-Sluicegate-Faults" as "fail=429&fail_times=2"
      And the client has asked for a plain answer <before> before
      When the client asks for a plain answer
      Then the status is <status>

      Examples:
        | before | status |
        | once   | 429    |
        | twice  | 200    |

  @req:PROVIDER-021 @core
  Rule: A mistake is refused wherever it is made

    Scenario: In the header
      Given the client sends the header "X-Sluicegate-Faults" as "fail=maybe"
      When the client asks for a plain answer
      Then the status is 400
      And $.error.param of the body is "fail"
      And $.error.message of the body mentions "X-Sluicegate-Faults"

    Scenario: In the model's name
      Given the client's model is "gpt-4?fial=429"
      When the client asks for a plain answer
      Then the status is 400
      And $.error.param of the body is "fial"
      And $.error.message of the body mentions "fail"

    Scenario: A parameter that would do nothing
      When the client asks for a stream with the parameters "fail_chunk_mode=reset"
      Then the status is 400
      And $.error.param of the body is "fail_chunk_mode"
      And $.error.message of the body mentions "fail_chunk"

  @req:PROVIDER-021 @core
  Rule: A plan answers each attempt as it says

    Scenario Outline: The attempt after <before>
      Given the provider answers in turn
        | answer              |
        | fail=429            |
        | fail=503            |
        | text=At+last&pace=0 |
      And the client has asked for a plain answer <before> before
      When the client asks for a plain answer
      Then the status is <status>

      Examples:
        | before  | status |
        | 0 times | 429    |
        | once    | 503    |
        | twice   | 200    |
        | 3 times | 200    |

    Scenario: A stream that breaks once, and then succeeds
      Given the provider resets the connection after chunk 2 once, then succeeds
      And the client has asked for a stream before
      When the client asks for a stream
      Then the stream ends with one [DONE]
      And the provider was asked twice

    Scenario Outline: At random, the same requests fail each time: request <number>
      Given the provider answers 500 in 50 of 100 requests, from the seed 2
      And the client has asked for a plain answer <before> before
      When the client asks for a plain answer
      Then the status is <status>

      Examples:
        | number | before  | status |
        | 1      | 0 times | 200    |
        | 2      | once    | 500    |
        | 3      | twice   | 500    |
        | 4      | 3 times | 200    |
