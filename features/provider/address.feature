Feature: Where the mock provider listens
  The mock provider is a server of its own. Whoever starts it without any option finds it on
  127.0.0.1:8001, where nobody on another machine can reach it.

  @req:PROVIDER-001 @core
  Rule: The provider listens on 127.0.0.1:8001 unless told otherwise

    Scenario: The help names the default address and the options that change it
      When a person runs "sluicegate provider --help"
      Then the command succeeds
      And the command prints "127.0.0.1"
      And the command prints "8001"
      And the command prints "--host"
      And the command prints "--port"

    Scenario: The default address is taken by another program
      Given another program listens on "127.0.0.1:8001"
      When a person runs "sluicegate provider"
      Then the command fails
      And the command prints "127.0.0.1:8001 is taken"
      And the command prints "another port"

  @req:PROVIDER-001 @core
  Rule: The provider answers POST /v1/chat/completions

    Scenario: The documented request is answered
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
        """
      Then the status is 200

    Scenario: The documented request with "stream" switched off is answered
      When the client sends "POST /v1/chat/completions" with the body
        """
        {
          "model": "gpt-4",
          "messages": [{"role": "user", "content": "Hello"}],
          "stream": false
        }
        """
      Then the status is 200
      And the header "Content-Type" is "application/json"
