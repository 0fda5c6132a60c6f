"""What a client asks: a chat with a provider, or an agent's request to the proxy."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields
from typing import Any, Final, Protocol

from sluicegate.errors import SluicegateError
from sluicegate.wire.assistant.request import Options

from .checks.values import meant, parsed, quoted
from .exchange import Request
from .planning import Dialect

_PATHS: Final[Mapping[Dialect, str]] = {
    "OpenAI": "/v1/chat/completions",
    "Anthropic": "/v1/messages",
}
_REQUIRED: Final[Mapping[Dialect, Mapping[str, object]]] = {
    "OpenAI": {},
    "Anthropic": {"max_tokens": 1024},
}

STREAM: Final = "/stream"
"""The path of the proxy."""

OPTIONS: Final = {each.name for each in fields(Options)} - {"extra"}
"""The options of a request to the proxy."""


class Asking(Protocol):
    """A request that a client sends unless a scenario says otherwise.

    `mark` is what the prompt ends with, so that the provider knows whose request it is. `dialect`
    is the wire format that the provider is asked in.
    """

    model: str
    prompt: str
    mark: str
    headers: tuple[tuple[str, str], ...]

    @property
    def dialect(self) -> Dialect:
        """The wire format."""

    @property
    def path(self) -> str:
        """The path that the request goes to."""

    def body(self, **options: object) -> bytes:
        """Return the request as JSON, with further members."""


@dataclass(slots=True)
class Chat:
    """A chat with a provider, or with what speaks like one."""

    model: str = "gpt-4"
    prompt: str = "Hello"
    mark: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    dialect: Dialect = "OpenAI"

    @property
    def path(self) -> str:
        """The path that the request goes to."""
        return _PATHS[self.dialect]

    def body(self, **options: object) -> bytes:
        """Return the request as JSON, with further members."""
        prompt = f"{self.prompt} {self.mark}" if self.mark else self.prompt
        message = {"role": "user", "content": prompt}
        members = {"model": self.model, **_REQUIRED[self.dialect], "messages": [message]}
        return json.dumps(members | options, ensure_ascii=False).encode()


@dataclass(slots=True)
class AgentRequest:
    """An agent's request for a stream, to the proxy's upstream of that name or its default one.

    `messages` are the whole conversation; without them it is the prompt alone.
    """

    model: str = "claude-sonnet-4-5"
    prompt: str = "Hello"
    mark: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    upstream: str = ""
    system_prompt: str | None = None
    messages: list[Any] = field(default_factory=list)
    tools: list[Any] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        """The wire format in which the upstream is asked."""
        return "OpenAI" if self.upstream == "openai" else "Anthropic"

    @property
    def path(self) -> str:
        """The path that the request goes to."""
        return f"{STREAM}/{self.upstream}" if self.upstream else STREAM

    def converse(self, messages: str) -> None:
        """Let these messages, a list in JSON, be the whole conversation.

        Raises SluicegateError for what is none, or empty.
        """
        self.messages = _list(messages, "messages")

    def offer(self, tools: str) -> None:
        """Let the model call these tools, a list in JSON.

        Raises SluicegateError for what is none, or empty.
        """
        self.tools = _list(tools, "tools")

    def opt(self, name: str, value: object) -> None:
        """Let an option of the request be that; raises SluicegateError for one that is not known.

        Its value may be wrong.
        """
        if name not in OPTIONS:
            raise SluicegateError(f"a request has no option {quoted(name)}; {meant(name, OPTIONS)}")
        self.options[name] = value

    def document(self) -> dict[str, Any]:
        """Return the request."""
        said = {"role": "user", "content": [{"type": "text", "text": self.prompt}]}
        context: dict[str, object] = {"messages": self.messages or [said]}
        if self.system_prompt is not None:
            context["system_prompt"] = self.system_prompt
        if self.tools:
            context["tools"] = self.tools
        document = {"model": self.model, "context": context}
        whole = document | ({"options": self.options} if self.options else {})
        return with_mark(whole, self.mark) if self.mark else whole

    def body(self, **options: object) -> bytes:
        """Return the request as JSON; raises SluicegateError for what is no stream."""
        if options != {"stream": True}:
            raise SluicegateError(
                'the proxy knows streams only: write "When the client asks for a stream"'
            )
        return _json(self.document()).encode()


def _json(document: object) -> str:
    text = json.dumps(document, ensure_ascii=False)
    # Half of a surrogate pair is JSON as an escape only.
    return text.encode("utf-8", "backslashreplace").decode()


def _list(text: str, what: str) -> list[Any]:
    try:
        found = parsed(text)
    except ValueError as error:
        raise SluicegateError(f"expected {what} in JSON, got {quoted(text)}: {error}") from None
    if not isinstance(found, list):
        raise SluicegateError(f"expected a list of {what} in JSON, got {quoted(text)}")
    if not found:
        raise SluicegateError(
            f"expected at least one of the {what}, got none: leave the sentence out, or write the "
            'whole request, as in `When the client sends "POST /stream" with the body`'
        )
    return found


def marked(body: str, mark: str) -> str | None:
    """Return a request, in JSON, with a mark in its prompt; None where it has no prompt."""
    try:
        document = parsed(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or _last_text(document) is None:
        return None
    return _json(with_mark(document, mark))


def renamed(body: bytes, models: Mapping[str, str]) -> bytes:
    """Return a request, in JSON, with another name for its model where there is one."""
    try:
        document = parsed(body.decode()) if models else None
    except ValueError:
        return body
    if not isinstance(document, dict) or (called := models.get(str(document.get("model")))) is None:
        return body
    return _json({**document, "model": called}).encode()


def plain_request(
    mark: str, headers: Iterable[tuple[str, str]], models: Mapping[str, str], **options: object
) -> Request:
    """Return a chat that no scenario has shaped, as a request with these headers.

    `models` are the system's names of the features' models, `options` further members.
    """
    chat = Chat(mark=mark)
    sent = (("content-type", "application/json"), *headers)
    return Request("POST", chat.path, sent, renamed(chat.body(**options), models))


def with_mark(document: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """Return a request whose last text of the user's ends with the mark.

    Raises SluicegateError where the user says no text.
    """
    copy = deepcopy(dict(document))
    found = _last_text(copy)
    if found is None:
        raise SluicegateError(
            "the provider finds out whose request it is by a text of the user's, and there is none "
            f"in {quoted(json.dumps(document))}"
        )
    holder, name = found
    holder[name] = f"{holder[name]} {mark}"
    return copy


def _last_text(document: Mapping[str, Any]) -> tuple[dict[str, Any], str] | None:
    """Return the object, and its member, that hold the last text of the user's."""
    context = document.get("context")
    messages = (context if isinstance(context, dict) else document).get("messages")
    texts = [
        text
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, dict) and message.get("role") == "user"
        for text in _texts(message)
    ]
    return texts[-1] if texts else None


def _texts(message: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    content = message.get("content")
    if isinstance(content, str):
        return [(message, "content")]
    blocks = content if isinstance(content, list) else []
    return [
        (block, "text")
        for block in blocks
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]
