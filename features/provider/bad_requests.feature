Feature: A request that is wrong
  The provider reads requests as strictly as a real one: what cannot be understood is refused, in
  the error format that clients know.

  @req:PROVIDER-015 @core
  Rule: A body that is no chat request gets 400, and the error names the field

    Scenario Outline: The body <body>
      When the client sends "POST /v1/chat/completions" with the body
        """
        <body>
        """
      Then the status is 400
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"
      And $.error.type of the body is "invalid_request_error"
      And $.error.param of the body is <param>

      Examples: What is not a JSON object
        | body              | param |
        | Hello             | null  |
        | {"model": "gpt-4" | null  |
        | "gpt-4"           | null  |
        | []                | null  |
        | 42                | null  |
        | null              | null  |

      Examples: A model that is missing, empty or of another type
        | body                                                            | param   |
        | {"messages": [{"role": "user", "content": "Hi"}]}               | "model" |
        | {"model": "", "messages": [{"role": "user", "content": "Hi"}]}  | "model" |
        | {"model": 4, "messages": [{"role": "user", "content": "Hi"}]}   | "model" |
        | {"model": null, "messages": [{"role": "user", "content": "Hi"}]} | "model" |

      Examples: Messages that are missing, empty or of another type
        | body                                      | param      |
        | {"model": "gpt-4"}                        | "messages" |
        | {"model": "gpt-4", "messages": []}        | "messages" |
        | {"model": "gpt-4", "messages": "Hello"}   | "messages" |
        | {"model": "gpt-4", "messages": null}      | "messages" |
        | {"model": "gpt-4", "messages": ["Hello"]} | "messages[0]" |

      Examples: A message that is wrong
        | body                                                                        | param                 |
        | {"model": "gpt-4", "messages": [{"content": "Hi"}]}                         | "messages[0].role"    |
        | {"model": "gpt-4", "messages": [{"role": "robot", "content": "Hi"}]}        | "messages[0].role"    |
        | {"model": "gpt-4", "messages": [{"role": "user"}]}                          | "messages[0].content" |
        | {"model": "gpt-4", "messages": [{"role": "user", "content": 7}]}            | "messages[0].content" |

      Examples: A switch that is wrong
        | body                                                                                   | param    |
        | {"model": "gpt-4", "messages": [{"role": "user", "content": "Hi"}], "stream": "yes"} | "stream" |

    Scenario: No body at all
      When the client sends "POST /v1/chat/completions"
      Then the status is 400
      And the body follows the schema "openai/error"

  @req:PROVIDER-015 @core
  Rule: What does not exist gets 404, and a wrong method 405 with the methods that are allowed

    Scenario Outline: <method> <path>
      When the client sends "<method> <path>"
      Then the status is 404
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"

      Examples:
        | method | path                 |
        | GET    | /                    |
        | POST   | /v1/completions      |
        | POST   | /v1/chat/completion  |
        | GET    | /v1/models/unknown   |

    Scenario Outline: <method> <path> is not allowed
      When the client sends "<method> <path>"
      Then the status is 405
      And the header "Allow" mentions "<allowed>"
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"

      Examples:
        | method | path                 | allowed |
        | GET    | /v1/chat/completions | POST    |
        | PUT    | /v1/chat/completions | POST    |
        | DELETE | /v1/chat/completions | POST    |
        | POST   | /v1/models           | GET     |

  @req:PROVIDER-015 @core
  Rule: A body over the limit of 16 MiB gets 413

    Scenario: A prompt of 17 MiB
      When the client asks for a plain answer with a prompt of 17 MiB
      Then the status is 413
      And the header "Content-Type" is "application/json"
      And the body follows the schema "openai/error"

    Scenario: A prompt of 1 MiB is answered
      When the client asks for a plain answer with a prompt of 1 MiB
      Then the status is 200
