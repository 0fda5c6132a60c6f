Feature: What reaches the upstream
  The proxy speaks to each upstream in its own format. Nothing of what the agent said is lost on the way.

  Background:
    Given the client talks to the proxy

  @req:PROXY-007 @core
  Rule: Model, system prompt, history, tools and options reach the upstream in its own format

    Scenario: A whole conversation, for an upstream that speaks as OpenAI does
      Given the client asks the upstream "openai"
      And the client's model is "gpt-4o"
      And the system prompt is "You are terse."
      And the option "max_tokens" is 200
      And the option "temperature" is 0.5
      And the conversation is
        """
        [
          {"role": "user", "content": [
            {"type": "text", "text": "What is in this picture?"},
            {"type": "image", "data": "aGVsbG8=", "mime_type": "image/png"}]},
          {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I need to look."},
            {"type": "text", "text": "I look."},
            {"type": "tool_call", "id": "call_1", "name": "read", "arguments": {"path": "a.png"}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "read",
           "content": [{"type": "text", "text": "a cat"}]},
          {"role": "user", "content": [{"type": "text", "text": "And now?"}]}
        ]
        """
      And the tools are
        """
        [{"name": "read", "description": "Reads a file.",
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}},
         {"name": "clock", "description": "Tells the time.", "parameters": {"type": "object"}},
         {"name": "beep", "parameters": {"type": "object"}}]
        """
      When the client asks for a stream
      Then the provider's request follows the schema "openai/request"
      And $.model of the provider's request is "gpt-4o"
      And $.stream of the provider's request is true
      And $.max_tokens of the provider's request is 200
      And $.temperature of the provider's request is 0.5
      And $.messages of the provider's request is this JSON
        """
        [
          {"role": "system", "content": "You are terse."},
          {"role": "user", "content": [
            {"type": "text", "text": "What is in this picture?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]},
          {"role": "assistant", "content": "I need to look.\n\nI look.", "tool_calls": [
            {"id": "call_1", "type": "function",
             "function": {"name": "read", "arguments": "{\"path\":\"a.png\"}"}}]},
          {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
          {"role": "user", "content": "And now?"}
        ]
        """
      And $.tools of the provider's request is this JSON
        """
        [{"type": "function", "function": {"name": "read", "description": "Reads a file.",
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}},
         {"type": "function", "function": {"name": "clock", "description": "Tells the time.",
          "parameters": {"type": "object"}}},
         {"type": "function", "function": {"name": "beep", "parameters": {"type": "object"}}}]
        """

    Scenario: A whole conversation, for an upstream that speaks as Anthropic does
      Given the client asks the upstream "anthropic"
      And the client's model is "claude-sonnet-4-5"
      And the system prompt is "You are terse."
      And the option "max_tokens" is 200
      And the option "temperature" is 0.5
      And the conversation is
        """
        [
          {"role": "user", "content": [
            {"type": "text", "text": "What is in this picture?"},
            {"type": "image", "data": "aGVsbG8=", "mime_type": "image/png"}]},
          {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I need to look."},
            {"type": "text", "text": "I look."},
            {"type": "tool_call", "id": "call_1", "name": "read", "arguments": {"path": "a.png"}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "read", "is_error": true,
           "content": [{"type": "text", "text": "no such file"}]},
          {"role": "user", "content": [{"type": "text", "text": "And now?"}]}
        ]
        """
      And the tools are
        """
        [{"name": "read", "description": "Reads a file.",
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}},
         {"name": "clock", "description": "Tells the time.", "parameters": {"type": "object"}},
         {"name": "beep", "parameters": {"type": "object"}}]
        """
      When the client asks for a stream
      Then the provider's request follows the schema "anthropic/request"
      And $.model of the provider's request is "claude-sonnet-4-5"
      And $.max_tokens of the provider's request is 200
      And $.temperature of the provider's request is 0.5
      And $.system[0].text of the provider's request is "You are terse."
      And the provider's journal has the header "anthropic-version" as "2023-06-01"
      And $.tools of the provider's request is this JSON
        """
        [{"name": "read", "description": "Reads a file.",
          "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}},
         {"name": "clock", "description": "Tells the time.", "input_schema": {"type": "object"}},
         {"name": "beep", "input_schema": {"type": "object"}}]
        """
      And $.messages of the provider's request is this JSON
        """
        [
          {"role": "user", "content": [
            {"type": "text", "text": "What is in this picture?"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}]},
          {"role": "assistant", "content": [
            {"type": "text", "text": "I need to look."},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "a.png"}}]},
          {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_1", "is_error": true,
             "content": [{"type": "text", "text": "no such file"}]}]},
          {"role": "user", "content": [{"type": "text", "text": "And now?"}]}
        ]
        """

    Scenario: The results of two calls, one with a picture, for an upstream that speaks as OpenAI does
      Given the client asks the upstream "openai"
      And the conversation is
        """
        [
          {"role": "user", "content": [{"type": "text", "text": "Grüße, 世界 🎉:\n\tlook twice."}]},
          {"role": "assistant", "content": [
            {"type": "tool_call", "id": "call_1", "name": "read", "arguments": {"path": "ä.txt"}},
            {"type": "tool_call", "id": "call_2", "name": "look", "arguments": {}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "read",
           "content": [{"type": "text", "text": "line 1"}, {"type": "text", "text": "line 2"}]},
          {"role": "tool_result", "tool_call_id": "call_2", "tool_name": "look",
           "content": [{"type": "text", "text": "a cat"}, {"type": "image", "data": "aGVsbG8=", "mime_type": "image/png"}]},
          {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
          {"role": "user", "content": [{"type": "text", "text": "Sure?"}]},
          {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
          {"role": "user", "content": [{"type": "text", "text": "Danke schön."}]}
        ]
        """
      When the client asks for a stream
      Then the provider's request follows the schema "openai/request"
      And $.messages of the provider's request is this JSON
        """
        [
          {"role": "user", "content": "Grüße, 世界 🎉:\n\tlook twice."},
          {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"ä.txt\"}"}},
            {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
          {"role": "tool", "tool_call_id": "call_1", "content": "line 1\nline 2"},
          {"role": "tool", "tool_call_id": "call_2", "content": "a cat"},
          {"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]},
          {"role": "assistant", "content": "A cat."},
          {"role": "user", "content": "Sure?"},
          {"role": "assistant", "content": "Yes."},
          {"role": "user", "content": "Danke schön."}
        ]
        """

    Scenario: The results of two calls, one with a picture, for an upstream that speaks as Anthropic does
      Given the client asks the upstream "anthropic"
      And the option "cache_retention" is "long"
      And the conversation is
        """
        [
          {"role": "user", "content": [{"type": "text", "text": "Grüße, 世界 🎉:\n\tlook twice."}]},
          {"role": "assistant", "content": [
            {"type": "tool_call", "id": "call_1", "name": "read", "arguments": {"path": "ä.txt"}},
            {"type": "tool_call", "id": "call_2", "name": "look", "arguments": {}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "read",
           "content": [{"type": "text", "text": "line 1"}, {"type": "text", "text": "line 2"}]},
          {"role": "tool_result", "tool_call_id": "call_2", "tool_name": "look",
           "content": [{"type": "text", "text": "a cat"}, {"type": "image", "data": "aGVsbG8=", "mime_type": "image/png"}]},
          {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
          {"role": "user", "content": [{"type": "text", "text": "Sure?"}]},
          {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
          {"role": "user", "content": [{"type": "text", "text": "Danke schön."}]}
        ]
        """
      When the client asks for a stream
      Then the provider's request follows the schema "anthropic/request"
      And $.messages of the provider's request is this JSON
        """
        [
          {"role": "user", "content": [{"type": "text", "text": "Grüße, 世界 🎉:\n\tlook twice."}]},
          {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "ä.txt"}},
            {"type": "tool_use", "id": "call_2", "name": "look", "input": {}}]},
          {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_1", "content": [
              {"type": "text", "text": "line 1"}, {"type": "text", "text": "line 2"}]},
            {"type": "tool_result", "tool_use_id": "call_2", "content": [
              {"type": "text", "text": "a cat"},
              {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}]}]},
          {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
          {"role": "user", "content": [{"type": "text", "text": "Sure?"}]},
          {"role": "assistant", "content": [{"type": "text", "text": "Yes."}]},
          {"role": "user", "content": [
            {"type": "text", "text": "Danke schön.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}
        ]
        """

    Scenario: Thoughts that the upstream has signed go back to it as they came
      Given the client asks the upstream "anthropic"
      And the conversation is
        """
        [
          {"role": "user", "content": [{"type": "text", "text": "What is here?"}]},
          {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "I need a list.", "signature": "c2lnbmVk"},
            {"type": "tool_call", "id": "call_1", "name": "bash", "arguments": {"command": "ls"}}]},
          {"role": "tool_result", "tool_call_id": "call_1", "tool_name": "bash",
           "content": [{"type": "text", "text": "notes.txt"}]}
        ]
        """
      When the client asks for a stream
      Then $.messages[1].content[0] of the provider's request is this JSON
        """
        {"type": "thinking", "thinking": "I need a list.", "signature": "c2lnbmVk"}
        """

    Scenario Outline: A temperature of 0 is one, for the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the option "temperature" is 0
      When the client asks for a stream
      Then $.temperature of the provider's request is 0

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

    Scenario: Anthropic demands max_tokens, so it is told 8192 unless the agent says otherwise
      Given the client asks the upstream "anthropic"
      When the client asks for a stream
      Then $.max_tokens of the provider's request is 8192

    Scenario Outline: What the agent does not say is left to the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      When the client asks for a stream
      Then $.temperature of the provider's request is missing
      And $.tools of the provider's request is missing
      And $.system of the provider's request is missing
      And $.reasoning_effort of the provider's request is missing
      And $.thinking of the provider's request is missing

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-008 @core
  Rule: The level of thinking becomes the upstream's own option

    Scenario Outline: <level>, for an upstream that speaks as OpenAI does
      Given the client asks the upstream "openai"
      And the option "thinking_level" is "<level>"
      And the option "max_tokens" is 1000
      When the client asks for a stream
      Then $.reasoning_effort of the provider's request is <effort>
      And $.max_completion_tokens of the provider's request is 1000
      And $.max_tokens of the provider's request is missing

      Examples:
        | level   | effort    |
        | minimal | "minimal" |
        | low     | "low"     |
        | medium  | "medium"  |
        | high    | "high"    |
        | xhigh   | "xhigh"   |

    Scenario Outline: <level>, for an upstream that speaks as Anthropic does
      Given the option "thinking_level" is "<level>"
      And the option "max_tokens" is 1000
      And the option "temperature" is 0.7
      When the client asks for a stream
      Then $.thinking.type of the provider's request is "enabled"
      And $.thinking.budget_tokens of the provider's request is <budget>
      And $.max_tokens of the provider's request is <sum>
      And $.temperature of the provider's request is missing

      Examples:
        | level   | budget | sum   |
        | minimal | 1024   | 2024  |
        | low     | 2048   | 3048  |
        | medium  | 8192   | 9192  |
        | high    | 16384  | 17384 |
        | xhigh   | 16384  | 17384 |

    Scenario Outline: No thinking, with the upstream <upstream>
      Given the client asks the upstream "<upstream>"
      And the option "thinking_level" is "off"
      When the client asks for a stream
      Then $.thinking of the provider's request is missing
      And $.reasoning_effort of the provider's request is missing

      Examples:
        | upstream  |
        | anthropic |
        | openai    |

  @req:PROXY-008 @core
  Rule: How long to cache becomes the upstream's own option

    Scenario Outline: <retention>
      Given the system prompt is "You are terse."
      And the option "cache_retention" is "<retention>"
      When the client asks for a stream
      Then $.system[0].cache_control.ttl of the provider's request is <ttl>
      And $.messages[0].content[0].cache_control.ttl of the provider's request is <ttl>

      Examples:
        | retention | ttl  |
        | short     | "5m" |
        | long      | "1h" |

    Scenario: None
      Given the system prompt is "You are terse."
      And the option "cache_retention" is "none"
      When the client asks for a stream
      Then $.system[0].cache_control of the provider's request is missing
      And $.messages[0].content[0].cache_control of the provider's request is missing
