Feature: An answer that is not what it should be
  A load balancer answers in place of the provider, a proxy cuts an answer short, an error comes with
  status 200: whoever reads only the status takes it for an answer.

  @req:PROVIDER-020 @core
  Rule: A body can be another document than the answer, with any status

    Scenario Outline: The provider answers <status> with <document>
      Given the provider answers <status> with <document>
      When the client asks for a plain answer
      Then the status is <status>
      And the header "Content-Type" is "<content type>"
      And the header "Content-Length" is "<length>"
      And the answer ends cleanly

      Examples:
        | status | document                            | content type             | length |
        | 502    | an HTML page                        | text/html; charset=utf-8 | 116    |
        | 200    | an HTML page                        | text/html; charset=utf-8 | 98     |
        | 500    | an empty body                       | application/json         | 0      |
        | 200    | an empty body                       | application/json         | 0      |
        | 200    | malformed JSON                      | application/json         | 11     |
        | 200    | an error object                     | application/json         | 104    |
        | 200    | an error object with a numeric code | application/json         | 91     |
        | 429    | an error object with a numeric code | application/json         | 93     |

    Scenario: JSON that is malformed
      Given the provider answers 200 with malformed JSON
      When the client asks for a plain answer
      Then the body ends with "{\"broken\": "

    Scenario: The first half of an answer
      Given the provider answers 200 with truncated JSON
      When the client asks for a plain answer
      Then the status is 200
      And the answer ends cleanly

    Scenario: The first half of an error object
      Given the provider answers 500 with truncated JSON
      When the client asks for a plain answer
      Then the status is 500
      And the body ends with "server error\",\"type\":\""
      And the answer ends cleanly

    Scenario: An error object with status 200
      Given the provider answers 200 with an error object
      When the client asks for a plain answer
      Then the status is 200
      And the body follows the schema "openai/error"

    Scenario: An error object whose code is a number
      Given the provider answers 429 with an error object with a numeric code
      When the client asks for a plain answer
      Then the status is 429
      And $.error.code of the body is 429

    Scenario: An error object in place of a stream
      Given the provider answers 200 with an error object
      When the client asks for a stream
      Then the status is 200
      And the body follows the schema "openai/error"

    Scenario: A complete answer in place of a stream
      Given the provider does not stream whatever it is asked for
      When the client asks for a stream
      Then the header "Content-Type" is "application/json"
      And the body follows the schema "openai/chat.completion"

    Scenario: A stream in place of a plain answer
      Given the provider streams whatever it is asked for
      When the client asks for a plain answer
      Then the answer is an event stream
      And the stream ends with one [DONE]

  @req:PROVIDER-020 @core
  Rule: Content-Length can be wrong

    Scenario: The body is shorter than it says
      Given the provider's Content-Length is too long
      When the client asks for a plain answer
      Then the status is 200
      And the connection ends before the answer does

    Scenario: The body is longer than it says
      Given the provider's Content-Length is too short
      When the client asks for a plain answer
      Then the status is 200
      And the answer ends cleanly
      And the body ends with "\"total_to"
      And the provider's journal has 2 writes

  @req:PROVIDER-020 @core
  Rule: The headers of an answer can be what real providers send

    Scenario: The provider asks to retry after some seconds
      Given the provider answers 429
      And the provider asks to retry after 7 seconds
      When the client asks for a plain answer
      Then the status is 429
      And the header "Retry-After" is "7"

    Scenario: The provider asks to retry at a time of day
      Given the provider answers 503
      And the provider asks to retry after 7 seconds, as a date
      When the client asks for a plain answer
      Then the header "Retry-After" is the date 7 seconds after the request

    Scenario: The provider tells what is left of its rate limit, and names the request
      Given the provider tells what is left of its rate limit
      And the provider calls the request "req-7"
      When the client asks for a plain answer
      Then the header "x-ratelimit-remaining-requests" is "59"
      And the header "x-request-id" is "req-7"
      And the body follows the schema "openai/chat.completion"

    Scenario Outline: The Content-Type of a stream is wrong
      Given the provider's Content-Type is "<content type>"
      When the client asks for a stream
      Then the header "Content-Type" is "<content type>"
      And the stream ends with one [DONE]

      Examples:
        | content type     |
        | application/json |
        | text/plain       |

    Scenario: The Content-Type of a stream is missing
      Given the provider sends no Content-Type
      When the client asks for a stream
      Then the answer has no header "Content-Type"
      And the stream ends with one [DONE]
