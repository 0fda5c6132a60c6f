from collections import defaultdict
from typing import Any

from sluicegate.provider import openai
from sluicegate.provider.frames import Document, Identity
from sluicegate.provider.script import Script, ToolCall

NAMED = Identity("mock-7", 1_699_000_000, "gpt-4")
HEAD = b'"id":"mock-7","object":"chat.completion.chunk","created":1699000000,"model":"gpt-4"'
USAGE = b'"usage":{"prompt_tokens":10,"completion_tokens":15,"total_tokens":25}'

PARIS = ToolCall("get_weather", '{"city":"Paris"}')
NOTHING = ToolCall("now", "{}")
PARIS_HEAD = b'"id":"call_mock_1","type":"function","function":{"name":"get_weather","arguments":'
NOTHING_HEAD = b'"id":"call_mock_2","type":"function","function":{"name":"now","arguments":'


def told(script: Script, *, usage: bool = False) -> list[bytes]:
    return [frame.data for frame in openai.frames(NAMED, script, usage=usage)]


def chunk(delta: bytes, finish_reason: bytes = b"null", *, rest: bytes = b"") -> bytes:
    choice = b'{"index":0,"delta":{%s},"finish_reason":%s}' % (delta, finish_reason)
    return b'{%s,"choices":[%s]%s}' % (HEAD, choice, rest)


def tool(piece: bytes) -> bytes:
    return b'"tool_calls":[{%s}]' % piece


def finish(reason: bytes, *, rest: bytes = b"") -> bytes:
    return chunk(b"", b'"%s"' % reason, rest=rest)


DONE = b"[DONE]"
END = [finish(b"stop"), DONE]
TOOLS_END = [finish(b"tool_calls"), DONE]
ROLE = b'"role":"assistant",'


def message(script: Script) -> Document:
    answered: Document = openai.completion(NAMED, script)["choices"][0]["message"]
    return answered


def fold(chunks: list[Document]) -> Document:
    said: dict[str, str] = {}
    calls: defaultdict[int, dict[str, Any]] = defaultdict(lambda: {"arguments": ""})
    for delta in (choice["delta"] for each in chunks for choice in each.get("choices", ())):
        for name in ("content", "reasoning_content"):
            if delta.get(name) is not None:
                said[name] = said.get(name, "") + delta[name]
        for piece in delta.get("tool_calls", ()):
            call, function = calls[piece["index"]], piece["function"]
            call |= {"id": piece.get("id", call.get("id"))}
            call |= {"name": function.get("name", call.get("name"))}
            call["arguments"] += function["arguments"]
    folded: Document = {"role": "assistant", "content": None, **said}
    return folded | {"tool_calls": [call for _, call in sorted(calls.items())]}


def flat(message: Document) -> Document:
    calls = message.get("tool_calls", [])
    return message | {"tool_calls": [{"id": call["id"], **call["function"]} for call in calls]}
