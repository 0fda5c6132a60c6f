import json
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.proxy.settings import ORIGIN, Settings, UpstreamSettings
from sluicegate.shipped import SCHEMAS

URL = "http://there:1"
ONE = UpstreamSettings("one", "anthropic", URL)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"name": "a/b"}, "name: expected a name of letters, digits and -_. that begins with a"),
        ({"name": ".."}, "got '..'"),
        ({"name": ""}, "got ''"),
        ({"name": None}, "got None"),
        ({"format": "gemini"}, "format of one: expected openai, anthropic, proxy, got 'gemini'"),
        ({"token": None}, 'token of one: expected a text, "" for none, got one of type NoneType'),
        ({"key": b"s3cret"}, 'key of one: expected a text, "" for none, got one of type bytes'),
    ],
)
def test_what_no_upstream_can_be_told_is_refused(members: dict[str, Any], words: str) -> None:
    told = {"name": "one", "format": "anthropic", "base_url": URL, **members}
    with pytest.raises(SluicegateError) as refused:
        UpstreamSettings(**told)
    assert words in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"upstreams": (ONE, ONE)}, "expected one of each name, as it is its path, got two 'one'"),
        ({"token": None}, 'token: expected a text, "" for none, got one of type NoneType'),
        ({"origins": "*"}, "origins: expected several in a tuple, got the text '*'"),
        ({"origins": ("app.example",)}, "'https://app.example', or '*', got 'app.example'"),
        ({"origins": ("https://app.example/",)}, "got 'https://app.example/'"),
        ({"origins": (None,)}, "got None"),
        ({"origins": ("*", "https://app.example")}, "expected '*' alone"),
        ({"origins": ("https://app.example:443",)}, "without :443, which browsers leave out, got"),
        ({"requests_per_minute": 0}, "requests_per_minute: expected a whole number above 0, got 0"),
        ({"requests_per_minute": 1.5}, "requests_per_minute: expected a whole number above 0"),
        ({"requests_per_minute": True}, "above 0, got True"),
        ({"largest_body": -1}, "largest_body: expected a whole number above 0, got -1"),
    ],
)
def test_what_no_proxy_can_be_told_is_refused(members: dict[str, Any], words: str) -> None:
    with pytest.raises(SluicegateError) as refused:
        Settings(**{"upstreams": (ONE,), "default": "one", **members})
    assert words in str(refused.value)


def test_an_origin_is_what_the_schema_of_files_says() -> None:
    schema = json.loads((SCHEMAS / "sluicegate" / "proxy.json").read_text())
    pattern = schema["properties"]["cors"]["properties"]["origins"]["items"]["pattern"]
    assert pattern == f"^({ORIGIN.pattern})$"
