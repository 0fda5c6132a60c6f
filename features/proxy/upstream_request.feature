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
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}]
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
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}}]
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
          "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}}]
        """
      When the client asks for a stream
      Then the provider's request follows the schema "anthropic/request"
      And $.model of the provider's request is "claude-sonnet-4-5"
      And $.max_tokens of the provider's request is 200
      And $.temperature of the provider's request is 0.5
      And $.system[0].text of the provider's request is "You are terse."
      And $.tools[0].name of the provider's request is "read"
      And $.tools[0].input_schema.required[0] of the provider's request is "path"
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
      When the client asks for a stream
      Then $.reasoning_effort of the provider's request is <effort>

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
