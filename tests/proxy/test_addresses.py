import pytest

from sluicegate.proxy.addresses import asked, wrong_end
from sluicegate.upstream.client import Upstream
from sluicegate.upstream.formats import FormatName
from sluicegate.wire.assistant.message import Text, UserMessage
from sluicegate.wire.assistant.request import Context, StreamRequest

ADDRESSES: list[tuple[str, FormatName, str]] = [
    ("https://api.anthropic.com", "anthropic", "https://api.anthropic.com/v1/messages"),
    ("http://there:1/mine/", "anthropic", "http://there:1/mine/v1/messages"),
    ("https://api.openai.com/v1", "openai", "https://api.openai.com/v1/chat/completions"),
    ("http://[::1]:1/v1/", "openai", "http://[::1]:1/v1/chat/completions"),
    ("http://there", "proxy", "http://there/stream"),
    ("http://there/a/stream/openai", "proxy", "http://there/a/stream/openai"),
]
REQUEST = StreamRequest("m", Context((UserMessage((Text("Hi"),)),)))


@pytest.mark.parametrize(("base_url", "format_", "url"), ADDRESSES)
def test_the_address_is_the_one_that_an_upstream_asks(
    base_url: str, format_: FormatName, url: str
) -> None:
    assert asked(base_url, format_) == url
    assert str(Upstream(base_url, format_)._asked(REQUEST).url) == url
    assert wrong_end(base_url, format_) == ""


def test_no_query_is_shown() -> None:
    assert asked("http://there/v1?key=s3cret", "openai") == "http://there/v1/chat/completions?***"


@pytest.mark.parametrize(
    ("base_url", "format_", "words"),
    [
        (
            "http://there/v1",
            "anthropic",
            "expected one without /v1 at its end: it would ask POST http://there/v1/v1/messages",
        ),
        (
            "http://there/a/v1/messages/",
            "anthropic",
            (
                "expected one without /v1/messages at its end: it would ask POST "
                "http://there/a/v1/messages/v1/messages"
            ),
        ),
        (
            "http://there/v1/chat/completions?key=s3cret",
            "openai",
            (
                "expected one without /chat/completions at its end: it would ask POST "
                "http://there/v1/chat/completions/chat/completions?***"
            ),
        ),
        (
            "https://api.openai.com/",
            "openai",
            (
                "expected https://api.openai.com/v1, as POST "
                "https://api.openai.com/chat/completions is no path of it"
            ),
        ),
    ],
)
def test_a_base_url_that_surely_makes_a_wrong_address_is_told(
    base_url: str, format_: FormatName, words: str
) -> None:
    assert wrong_end(base_url, format_) == words
