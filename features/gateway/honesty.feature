Feature: Honesty
  The gateway says that an answer is complete only if the agent did; what it passes on is what was sent.

  Background:
    Given the client talks to the gateway

  @req:HONESTY-001 @core @needs:streaming
  Rule: A stream claims success only if the agent claimed it

    Scenario: The agent's stream ends without a finish_reason
      Given the agent "ccrouter" ends its stream without a finish_reason
      When the client asks for a stream
      Then the stream says "Hello", " from", " streaming", " mock", " provider", "!"
      And the stream has no finish_reason

    @needs:repair
    Scenario: A [DONE] without a finish_reason is no success
      Given the agent "ccrouter" ends its stream without a finish_reason
      When the client asks for a stream
      Then the stream does not claim to be complete

    Scenario Outline: The agent <fails> in place of the end
      Given the agent "ccrouter" <fails> after chunk 6
      When the client asks for a stream
      Then the stream does not claim to be complete

      Examples:
        | fails                   |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends an error event    |

    Scenario Outline: The agent <fails> in mid-stream
      Given the agent "ccrouter" <fails> after chunk 3
      When the client asks for a stream
      Then the stream does not claim to be complete

      Examples:
        | fails                   |
        | resets the connection   |
        | drops the connection    |
        | ends the stream         |
        | sends a malformed event |
        | sends an error event    |

  @req:HONESTY-001 @core
  Rule: A plain answer claims success only if the agent claimed it

    Scenario Outline: The agents answer <status>
      Given the agent "ccrouter" answers <status>
      And the agent "droid" answers <status>
      When the client asks for a plain answer
      Then the answer does not claim success

      Examples:
        | status |
        | 401    |
        | 429    |
        | 500    |

    Scenario: A plain answer that is shorter than its Content-Length
      Given the agent "ccrouter"'s Content-Length is too long
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then the answer does not claim success

    Scenario Outline: The agents <fail>
      Given the agent "ccrouter" <fail>
      And the agent "droid" <fail>
      When the client asks for a plain answer
      Then the answer does not claim success

      Examples:
        | fail                                    |
        | resets the connection before it answers |
        | closes the connection before it answers |

  @req:HONESTY-001 @core @needs:repair
  Rule: What is no answer is no success, whatever the agent calls it

    Scenario Outline: A plain answer with <wrong>
      Given the agent "ccrouter" answers 200 with <wrong>
      And the agent "droid" answers 200 with <wrong>
      When the client asks for a plain answer
      Then the status is the final-error status (500)
      And the body follows the schema "openai/error"

      Examples:
        | wrong           |
        | malformed JSON  |
        | truncated JSON  |
        | an empty body   |
        | an HTML page    |
        | an error object |

    Scenario: A plain request that is answered with a stream
      Given the agent "ccrouter" streams whatever it is asked for
      And the agent "droid" is a counting fail agent
      When the client asks for a plain answer
      Then the status is the final-error status (500)

  @req:HONESTY-002 @core @needs:streaming
  Rule: What a stream's client receives is what the agent sent, nothing lost and nothing twice

    Scenario: Text and usage
      When the client asks for a stream with usage
      Then the client's events are those that the agent "ccrouter" sent

    Scenario: Reasoning and calls of tools
      Given the agent "ccrouter" reasons "Let", " me", " see."
      And the agent "ccrouter" says "One moment."
      And the agent "ccrouter" calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      And the agent "ccrouter" calls the tool "read" with
        """
        {"path": "b.txt"}
        """
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent
      And the finish_reason "tool_calls" comes once, in the last chunk

    Scenario Outline: What the gateway does not guess at: the quirk "<quirk>"
      Given the agent "ccrouter" has the quirk "<quirk>"
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

      Examples:
        | quirk            |
        | usage_on_finish  |
        | usage_everywhere |
        | duplicate_chunk  |

    Scenario: A member of every chunk that says nothing
      Given the agent "ccrouter" pads each chunk with 100 KiB
      When the client asks for a stream
      Then the client's events are those that the agent "ccrouter" sent

    Scenario: A finish_reason that nobody knows
      Given the agent "ccrouter"'s finish_reason is "tired"
      When the client asks for a stream
      Then the finish_reason "tired" comes once, in the last chunk

  @req:HONESTY-002 @core
  Rule: What a plain request's client receives is what the agent sent

    Scenario: A plain answer
      Given the agent "ccrouter" says "Hello there"
      And the agent "ccrouter" counts 7 tokens of prompt and 9 tokens of answer
      When the client asks for a plain answer
      Then the body has these values
        | path                         | value       |
        | $.choices[0].message.content | Hello there |
        | $.usage.prompt_tokens        | 7           |
        | $.usage.completion_tokens    | 9           |
        | $.usage.total_tokens         | 16          |
        | $.choices[0].finish_reason   | stop        |

    Scenario: A plain answer, all of it
      Given the agent "ccrouter" says "Grüße 漢字"
      And the agent "ccrouter" reasons "Well."
      When the client asks for a plain answer
      Then the body is the one that the agent "ccrouter" sent

    Scenario: A plain answer that calls a tool
      Given the agent "ccrouter" calls the tool "read" with
        """
        {"path": "a.txt"}
        """
      When the client asks for a plain answer
      Then the body is the one that the agent "ccrouter" sent

    Scenario Outline: A plain answer that ends by "<reason>"
      Given the agent "ccrouter"'s finish_reason is "<reason>"
      When the client asks for a plain answer
      Then $.choices[0].finish_reason of the body is "<reason>"

      Examples:
        | reason         |
        | length         |
        | content_filter |

  @req:HONESTY-002 @extended
  Rule: The model of an answer is the one that the agent named

    Scenario: Plain
      When the client asks for a plain answer
      Then $.model of the body is "gpt-4"

    @needs:streaming
    Scenario: Streamed
      When the client asks for a stream
      Then $.model of every chunk is "gpt-4"

  @req:HONESTY-003 @core
  Rule: What an agent is asked is what the client asked, nothing lost and nothing added

    Scenario: A plain request
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "temperature": 0.3, "top_p": 0.9, "max_tokens": 50, "seed": 7, "stop": ["END"],
         "tool_choice": "auto",
         "tools": [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}],
         "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
                      {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Again"}]}
        """
      Then the status is 200
      And $.temperature of the agent "ccrouter"'s request is 0.3
      And $.top_p of the agent "ccrouter"'s request is 0.9
      And $.max_tokens of the agent "ccrouter"'s request is 50
      And $.seed of the agent "ccrouter"'s request is 7
      And $.stop[0] of the agent "ccrouter"'s request is "END"
      And $.tool_choice of the agent "ccrouter"'s request is "auto"
      And $.tools[0].function.name of the agent "ccrouter"'s request is "read"
      And $.messages of the agent "ccrouter"'s request is this JSON
        """
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
         {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Again"}]
        """

    @needs:streaming
    Scenario: A request for a stream
      When the client sends "POST /v1/chat/completions" with the body
        """
        {"model": "gpt-4", "stream": true, "temperature": 0.3, "max_tokens": 50, "tool_choice": "auto",
         "tools": [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}],
         "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
                      {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Again"}]}
        """
      Then the stream ends with one [DONE]
      And $.temperature of the agent "ccrouter"'s request is 0.3
      And $.max_tokens of the agent "ccrouter"'s request is 50
      And $.tool_choice of the agent "ccrouter"'s request is "auto"
      And $.tools[0].function.name of the agent "ccrouter"'s request is "read"
      And $.messages of the agent "ccrouter"'s request is this JSON
        """
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"},
         {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Again"}]
        """
