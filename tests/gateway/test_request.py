import json
from typing import Any

import pytest

from sluicegate.gateway.errors import RefusedError
from sluicegate.gateway.request import read

MESSAGES = [{"role": "user", "content": "Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}\ud83d"}]


def asked(**members: Any) -> bytes:  # noqa: ANN401 - any JSON
    return json.dumps({"model": "gpt-4", "messages": MESSAGES, **members}).encode()


@pytest.mark.parametrize(
    ("members", "mode"),
    [({}, "plain"), ({"stream": None}, "plain"), ({"stream": False}, "plain")],
)
def test_a_plain_request_stays_as_it_is(members: dict[str, Any], mode: str) -> None:
    found = read(asked(**members))
    assert (found.mode, found.model) == (mode, "gpt-4")
    assert json.loads(found.body("plain")) == json.loads(asked(**members))


def test_a_stream_is_asked_for_as_it_is_and_plainly_without_its_options() -> None:
    members = {"stream": True, "stream_options": {"include_usage": True}, "x": [1e300, 10**40]}
    found = read(asked(**members))
    assert (found.mode, found.with_usage) == ("streamed", True)
    assert json.loads(found.body("streamed")) == json.loads(asked(**members))
    assert json.loads(found.body("plain")) == json.loads(asked(stream=False, x=members["x"]))


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}])
def test_usage_is_wanted_only_where_it_is_asked_for(options: object) -> None:
    assert not read(asked(stream=True, stream_options=options)).with_usage


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000])
def test_a_number_with_too_many_digits_is_refused_without_words_of_python(number: str) -> None:
    with pytest.raises(RefusedError, match=r"9{19,20} is no number that can be passed") as caught:
        read(asked(x=1).replace(b'"x": 1', b'"x": ' + number.encode()))
    assert caught.value.answer.status == 400
    assert len(caught.value.answer.message) < 100
    assert "sys." not in caught.value.answer.message


def test_the_place_of_a_mistake_is_named() -> None:
    with pytest.raises(RefusedError, match=r"messages\[0\]\.role") as caught:
        read(asked(messages=[{"role": 3, "content": ""}]))
    assert caught.value.answer.param == "messages[0].role"
