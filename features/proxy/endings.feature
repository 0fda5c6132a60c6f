Feature: How a message ends
  The proxy says that an answer is complete only if the upstream did. Whatever else happens is one error,
  with all that had come until then.

  Background:
    Given the client talks to the proxy

  @req:PROXY-018 @core
  Rule: Why a message ended is said in five words, whatever the upstream's are

    Scenario Outline: "<reason>" of an upstream that speaks as <dialect> does
      Given the client asks the upstream "<upstream>"
      And the provider's finish_reason is "<reason>"
      When the client asks for a stream
      Then the stream begins with start and ends with one <end>
      And $.stop_reason of the message is "<stop_reason>"
      And the last event says how the message ended

      Examples: OpenAI's
        | dialect | upstream | reason         | end   | stop_reason |
        | OpenAI  | openai   | stop           | done  | stop        |
        | OpenAI  | openai   | length         | done  | length      |
        | OpenAI  | openai   | tool_calls     | done  | tool_use    |
        | OpenAI  | openai   | function_call  | done  | tool_use    |

      Examples: Anthropic's
        | dialect   | upstream  | reason        | end   | stop_reason |
        | Anthropic | anthropic | end_turn      | done  | stop        |
        | Anthropic | anthropic | max_tokens    | done  | length      |
        | Anthropic | anthropic | tool_use      | done  | tool_use    |
        | Anthropic | anthropic | stop_sequence | done  | stop        |
        | Anthropic | anthropic | pause_turn    | done  | stop        |
        | Anthropic | anthropic | model_context_window_exceeded | done | length |

    Scenario Outline: "<reason>" of the upstream <upstream> is an error that says so in words of its own
      Given the client asks the upstream "<upstream>"
      And the provider's finish_reason is "<reason>"
      And the provider counts 100 tokens of prompt and 20 tokens of answer
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.content[0].text of the message is "Hello from streaming mock provider!"
      And the last event says how the message ended
      And $.error_message of the message mentions "<words>"
      And nothing that the client received contains "<reason>"
      And $.usage.input of the message is 100
      And $.usage.output of the message is 20

      Examples:
        | upstream  | reason         | words          |
        | openai    | content_filter | content filter |
        | openai    | tired_of_it    | not known      |
        | anthropic | refusal        | refused        |
        | anthropic | tired_of_it    | not known      |

    Scenario Outline: A call of a tool, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider calls the tool "bash" with
        """
        {"command": "ls"}
        """
      When the client asks for a stream
      Then $.stop_reason of the message is "tool_use"

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-017 @core
  Rule: A failure in mid-stream is one error, with all text that had come

    Scenario Outline: The provider behind "<upstream>" <breaks>
      Given the client asks the upstream "<upstream>"
      And the provider <breaks> after chunk 3
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And the stream says "Hello", " from", " streaming"
      And every event carries the message so far
      And $.content[0].text of the message is "Hello from streaming"
      And $.stop_reason of the message is "error"
      And the last event says how the message ended
      And the answer ends cleanly

      Examples:
        | upstream  | breaks                  |
        | anthropic | resets the connection   |
        | anthropic | drops the connection    |
        | anthropic | ends the stream         |
        | anthropic | sends a malformed event |
        | anthropic | sends half an event     |
        | anthropic | sends an error event    |
        | openai    | resets the connection   |
        | openai    | drops the connection    |
        | openai    | ends the stream         |
        | openai    | sends a malformed event |
        | openai    | sends half an event     |
        | openai    | sends an error event    |

    @slow
    Scenario Outline: The provider behind "<upstream>" falls silent, and the proxy waits 20 seconds
      Given the client asks the upstream "<upstream>"
      And the provider falls silent after chunk 3
      When the client asks for a stream
      Then the answer ends after 20.2 seconds
      And the stream begins with start and ends with one error
      And $.content[0].text of the message is "Hello from streaming"
      And $.error_message of the message mentions "20 s"
      And the provider's journal says that the client went away after 20.2 seconds

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    @slow
    Scenario Outline: A sign of life from the provider behind "<upstream>" is no content
      Given the client asks the upstream "<upstream>"
      And the provider keeps the connection alive every 3 seconds
      And the provider <waits>
      When the client asks for a stream
      Then the answer ends after <time>
      And the stream begins with start and ends with one error
      And $.error_message of the message mentions "20 s"

      Examples:
        | upstream  | waits                                    | time         |
        | anthropic | falls silent after chunk 3               | 20.2 seconds |
        | anthropic | waits 30 seconds before its first chunk  | 20 seconds   |
        | openai    | falls silent after chunk 3               | 20.2 seconds |
        | openai    | waits 30 seconds before its first chunk  | 20 seconds   |

    @slow
    Scenario Outline: The provider behind "<upstream>" goes on and on, and the proxy ends it after 60 seconds
      Given the client asks the upstream "<upstream>"
      And the provider says "tick " 40 times with 1700 ms between words
      When the client asks for a stream
      Then the answer ends after 60 seconds
      And the stream says "tick " 36 times
      And the stream begins with start and ends with one error
      And $.error_message of the message mentions "60 s"
      And the provider's journal says that the client went away after 60 seconds

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-017 @core
  Rule: A failure before the stream is one error, too

    Scenario Outline: The provider behind "<upstream>" answers <status>
      Given the client asks the upstream "<upstream>"
      And the provider answers <status>
      When the client asks for a stream
      Then the status is 200
      And the stream begins with start and ends with one error
      And $.stop_reason of the message is "error"
      And $.error_message of the message mentions "<status>"

      Examples:
        | upstream  | status |
        | anthropic | 401    |
        | anthropic | 429    |
        | anthropic | 500    |
        | openai    | 401    |
        | openai    | 429    |
        | openai    | 503    |

    Scenario Outline: The provider behind "<upstream>" answers 200 with <document>
      Given the client asks the upstream "<upstream>"
      And the provider answers 200 with <document>
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And the last event says how the message ended

      Examples:
        | upstream  | document        |
        | anthropic | malformed JSON  |
        | anthropic | an empty body   |
        | anthropic | an HTML page    |
        | anthropic | an error object |
        | openai    | malformed JSON  |
        | openai    | an empty body   |
        | openai    | an HTML page    |
        | openai    | an error object |

    Scenario Outline: The provider behind "<upstream>" <does>
      Given the client asks the upstream "<upstream>"
      And the provider <does>
      When the client asks for a stream
      Then the answer ends after <time>
      And the stream begins with start and ends with one error
      And the last event says how the message ended

      Examples: At once
        | upstream  | does                                    | time |
        | anthropic | resets the connection before it answers | 0 ms |
        | openai    | closes the connection before it answers | 0 ms |

      @slow
      Examples: The proxy waits 20 seconds
        | upstream  | does                           | time       |
        | anthropic | never answers                  | 20 seconds |
        | anthropic | falls silent after the headers | 20 seconds |
        | openai    | never answers                  | 20 seconds |
        | openai    | falls silent after the headers | 20 seconds |

  @req:PROXY-017 @core
  Rule: An upstream that ends without its own terminal marker is an error, never done

    Scenario Outline: The provider behind "openai" ends its stream <ending>
      Given the client asks the upstream "openai"
      And the provider ends its stream <ending>
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.content[0].text of the message is "Hello from streaming mock provider!"

      Examples:
        | ending                  |
        | without [DONE]          |
        | without a finish_reason |

    Scenario: The provider behind "anthropic" ends its stream before message_stop
      Given the provider ends its stream without [DONE]
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And $.content[0].text of the message is "Hello from streaming mock provider!"

    Scenario: What comes after the terminal marker changes nothing
      Given the client asks the upstream "openai"
      And the provider ends its stream with a chunk after [DONE]
      When the client asks for a stream
      Then the stream begins with start and ends with one done
      And $.content[0].text of the message is "Hello from streaming mock provider!"

  @req:PROXY-021 @core
  Rule: The last event has the whole usage, counted alike for all upstreams

    Scenario Outline: <cached> cached tokens of <prompt>, and <written> for the cache, from the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the provider counts <prompt> tokens of prompt and 20 tokens of answer
      And the provider counts <cached> cached tokens
      And the provider counts <written> tokens written to a cache
      When the client asks for a stream
      Then the usage is complete
      And the message has these values
        | path                  | value     |
        | $.usage.input         | <input>   |
        | $.usage.output        | 20        |
        | $.usage.cache_read    | <cached>  |
        | $.usage.cache_write   | <written> |
        | $.usage.total_tokens  | 120       |

      Examples:
        | upstream  | prompt | cached | written | input |
        | anthropic | 100    | 70     | 10      | 20    |
        | openai    | 100    | 70     | 10      | 20    |
        | anthropic | 100    | 0      | 0       | 100   |
        | openai    | 100    | 0      | 0       | 100   |

    Scenario Outline: What "<upstream>" has told before its answer breaks off
      Given the client asks the upstream "<upstream>"
      And the provider has the quirk "<quirk>"
      And the provider counts 100 tokens of prompt and 20 tokens of answer
      And the provider resets the connection after chunk 3
      When the client asks for a stream
      Then the stream begins with start and ends with one error
      And the usage is complete
      And $.usage.input of the message is <input>

      Examples: Anthropic tells of the prompt at the beginning, OpenAI of all at the end
        | upstream  | quirk            | input |
        | anthropic | pings            | 100   |
        | openai    | usage_everywhere | 100   |
        | openai    | role_alone       | 0     |
