Feature: A provider that fails
  The query parameter "fail" makes the provider answer with an error, as real providers do: with a
  status and a JSON body that says what happened.

  @req:PROVIDER-004 @core
  Rule: "fail=429" answers as a provider whose rate limit is exceeded

    Scenario: The rate limit is exceeded
      When the client asks for a plain answer with the parameters "fail=429"
      Then the status is 429
      And the header "Content-Type" is "application/json"
      And the error has these values
        | message             | type             | param | code                |
        | Rate limit exceeded | rate_limit_error | null  | rate_limit_exceeded |

    Scenario: A request for a stream gets the same error, not a stream
      When the client asks for a stream with the parameters "fail=429"
      Then the status is 429
      And the header "Content-Type" is "application/json"
      And the error has these values
        | message             | type             | param | code                |
        | Rate limit exceeded | rate_limit_error | null  | rate_limit_exceeded |

  @req:PROVIDER-005 @core
  Rule: "fail=500" answers as a provider with an internal error

    Scenario Outline: The provider has an internal error when asked for <mode>
      When the client asks for <mode> with the parameters "fail=500"
      Then the status is 500
      And the header "Content-Type" is "application/json"
      And the error has these values
        | message               | type         | param | code           |
        | Internal server error | server_error | null  | internal_error |

      Examples:
        | mode           |
        | a plain answer |
        | a stream       |

  @req:PROVIDER-006 @core @slow
  Rule: "fail=timeout" is silent for 30 seconds, then answers 504

    Scenario Outline: A request for <mode> times out
      When the client asks for <mode> with the parameters "fail=timeout"
      Then the answer begins after 30 seconds
      And the status is 504
      And the header "Content-Type" is "application/json"
      And the error has these values
        | message         | type          | param | code |
        | Gateway timeout | timeout_error | null  | null |

      Examples:
        | mode           |
        | a plain answer |
        | a stream       |

    Scenario: A delay comes before the silence
      When the client asks for a plain answer with the parameters "fail=timeout&delay=5000"
      Then the answer begins after 35 seconds
      And the status is 504

  @req:PROVIDER-007 @core
  Rule: "fail" with any status from 400 to 599 answers with that status and an error that fits it

    Scenario Outline: The provider answers <code>
      When the client asks for a plain answer with the parameters "fail=<code>"
      Then the status is <code>
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"
      And $.error.type of the body is "<type>"

      Examples:
        | code | type                  |
        | 400  | invalid_request_error |
        | 401  | invalid_request_error |
        | 403  | request_forbidden     |
        | 404  | invalid_request_error |
        | 408  | timeout_error         |
        | 418  | invalid_request_error |
        | 422  | invalid_request_error |
        | 499  | invalid_request_error |
        | 502  | server_error          |
        | 503  | server_error          |
        | 504  | timeout_error         |
        | 529  | server_error          |
        | 599  | server_error          |
