import json
from collections.abc import Callable

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.scenario.chat import AgentRequest, Chat, marked, with_mark

MARK = "[sluicegate:x]"


def test_a_chat_is_asked_at_the_path_of_its_format() -> None:
    chat = Chat(prompt="Hi", mark=MARK)
    said = [{"role": "user", "content": f"Hi {MARK}"}]
    assert chat.path == "/v1/chat/completions"
    assert json.loads(chat.body(n=2)) == {"model": "gpt-4", "messages": said, "n": 2}
    chat.dialect = "Anthropic"
    assert chat.path == "/v1/messages"
    assert json.loads(chat.body())["max_tokens"] == 1024


def test_an_agents_request_is_the_documented_one() -> None:
    agent = AgentRequest(system_prompt="", prompt="Hi", mark=MARK, options={"max_tokens": 5})
    agent.offer('[{"name": "ls", "parameters": {}}]')
    assert json.loads(agent.body(stream=True)) == {
        "model": "claude-sonnet-4-5",
        "context": {
            "system_prompt": "",
            "messages": [{"role": "user", "content": [{"type": "text", "text": f"Hi {MARK}"}]}],
            "tools": [{"name": "ls", "parameters": {}}],
        },
        "options": {"max_tokens": 5},
    }


def test_what_an_agent_does_not_say_is_left_out() -> None:
    said = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
    assert AgentRequest().document() == {
        "model": "claude-sonnet-4-5",
        "context": {"messages": [said]},
    }


@pytest.mark.parametrize(
    ("upstream", "path", "dialect"),
    [
        ("", "/stream", "Anthropic"),
        ("anthropic", "/stream/anthropic", "Anthropic"),
        ("openai", "/stream/openai", "OpenAI"),
    ],
)
def test_an_upstream_has_its_path_and_its_format(upstream: str, path: str, dialect: str) -> None:
    agent = AgentRequest(upstream=upstream)
    assert (agent.path, agent.dialect) == (path, dialect)


def test_a_conversation_takes_the_place_of_the_prompt_and_bears_the_mark() -> None:
    agent = AgentRequest(mark=MARK)
    agent.converse(
        """[{"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text",
        "text": "Two"}, {"type": "image"}]}, {"role": "assistant", "content": []}]"""
    )
    before = json.dumps(agent.messages)
    said, other = agent.document()["context"]["messages"]
    assert [block.get("text") for block in said["content"]] == ["One", f"Two {MARK}", None]
    assert other == {"role": "assistant", "content": []}
    assert json.dumps(agent.messages) == before


@pytest.mark.parametrize("body", ['"\\ud83d"', '"\\ud83d\\u00e4"'])
def test_half_of_a_character_is_sent_as_an_escape(body: str) -> None:
    agent = AgentRequest()
    agent.converse(f'[{{"role": "user", "content": {body}}}]')
    assert json.loads(agent.body(stream=True))["context"] == {"messages": agent.messages}
    found = marked(f'{{"messages": [{{"role": "user", "content": {body}}}]}}', MARK)
    assert found is not None
    (message,) = json.loads(found.encode())["messages"]
    assert message["content"] == f"{json.loads(body)} {MARK}"


MISTAKES: dict[str, tuple[Callable[[AgentRequest], object], str]] = {
    "conversation that is no JSON": (
        lambda agent: agent.converse("[{]"),
        'expected messages in JSON, got "..]": it goes wrong at character 3',
    ),
    "conversation that is no list": (
        lambda agent: agent.converse('{"role": "user"}'),
        "expected a list of messages in JSON, got ",
    ),
    "conversation of nothing": (
        lambda agent: agent.converse("[]"),
        "expected at least one of the messages, got none: .*POST /stream",
    ),
    "member that stands twice": (
        lambda agent: agent.converse('[{"role": "user", "role": "user"}]'),
        'the member "role" stands twice',
    ),
    "tools that are no JSON": (
        lambda agent: agent.offer("ls"),
        'expected tools in JSON, got "ls": it goes wrong at character 1',
    ),
    "tools that are no list": (
        lambda agent: agent.offer("null"),
        "expected a list of tools in JSON",
    ),
    "no tools": (lambda agent: agent.offer("[]"), "expected at least one of the tools, got none"),
    "plain answer": (
        lambda agent: agent.body(),
        'the proxy knows streams only: write "When the client asks for a stream"',
    ),
    "further members": (
        lambda agent: agent.body(stream=True, n=2),
        "the proxy knows streams only",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_request_that_cannot_be_asked_is_the_authors_mistake(name: str) -> None:
    mistake, words = MISTAKES[name]
    with pytest.raises(SluicegateError, match=words):
        mistake(AgentRequest())


def test_a_mark_needs_a_text_of_the_users() -> None:
    agent = AgentRequest(mark=MARK)
    agent.converse('[{"role": "assistant", "content": "Hi"}]')
    with pytest.raises(SluicegateError, match="whose request it is by a text of the user's"):
        agent.document()


@pytest.mark.parametrize(
    "content",
    ["Hi", [{"type": "text", "text": "Hi"}], [{"type": "text", "text": "Hi"}, {"text": 5}, 5]],
)
@pytest.mark.parametrize("is_agents", [True, False])
def test_a_mark_ends_the_last_text_of_the_user(content: object, *, is_agents: bool) -> None:
    later = {"role": "user", "content": [{"type": "image"}]}
    said = {"messages": [{"role": "user", "content": content}, later]}
    document = {"context": said} if is_agents else said
    found = with_mark(document, MARK)
    assert json.dumps(found) == json.dumps(document).replace('"Hi"', f'"Hi {MARK}"')
    assert marked(json.dumps(document), MARK) == json.dumps(found)
    assert MARK not in json.dumps(document)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"messages": 5}',
        '{"messages": [5]}',
        '{"messages": []}',
        '{"messages": [{"role": "user"}]}',
        '{"messages": [{"role": "user", "content": null}]}',
        '{"messages": [{"role": "user", "content": 5}]}',
        '{"messages": [{"role": "user", "content": true}]}',
        '{"messages": [{"role": "user", "content": {"text": "Hi"}}]}',
        '{"messages": [{"role": "user", "content": [5, "Hi", {"text": 5}]}]}',
        '{"messages": [{"role": "system", "content": "Hi"}]}',
        '{"context": {"messages": {}}}',
        '{"context": {}, "messages": [{"role": "user", "content": "Hi"}]}',
        '{"messages": [{"role": "user", "content": "Hi"}], "messages": []}',
    ],
)
def test_a_body_without_a_prompt_bears_no_mark(body: str) -> None:
    assert marked(body, MARK) is None


def test_an_option_that_no_request_has_is_the_authors_mistake() -> None:
    agent = AgentRequest()
    agent.opt("max_tokens", "many")
    assert agent.options == {"max_tokens": "many"}
    with pytest.raises(SluicegateError, match='no option "max_tokns"; did you mean "max_tokens"'):
        agent.opt("max_tokns", 5)
