import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.provider.wire_client import Seen

from sluicegate.errors import SluicegateError
from sluicegate.proxy.app import Proxy, create_app
from sluicegate.proxy.settings import Price, Settings, UpstreamSettings
from sluicegate.runtime.clock import SimulatedClock

from .proxying import asked, body, checked, error_of, proxying, stream, upstreams_at

EXAMPLE = b"""{
  "model": "claude-sonnet-4-5",
  "context": {
    "system_prompt": "You are a helpful assistant.",
    "messages": [
      {
        "role": "user",
        "content": [{"type": "text", "text": "Hello!"}]
      }
    ]
  },
  "options": {
    "max_tokens": 1024,
    "temperature": 0.7,
    "thinking_level": "medium",
    "cache_retention": "short"
  }
}"""


# Backwards, the words of a mistake: the log has the source's lines, too.
WORDS = "tpmorp a"


def plain(method: str, target: str, headers: dict[str, str] | None = None) -> bytes:
    lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
    head = [f"{method} {target} HTTP/1.1", "Host: localhost", "Content-Length: 0", *lines]
    return "\r\n".join([*head, "", ""]).encode()


def header(seen: Seen, name: str) -> str | None:
    return dict(seen.headers).get(name)


def test_the_documented_request_works_literally(clock: SimulatedClock) -> None:
    seen, proxy = asked(clock, stream("anthropic", content=EXAMPLE))
    assert checked(seen)[-1]["type"] == "done"
    sent = json.loads(proxy.entry.body)
    assert (sent["model"], sent["max_tokens"]) == ("claude-sonnet-4-5", 1024 + 8192)


def test_the_default_upstream_is_asked_where_none_is_named(clock: SimulatedClock) -> None:
    for default, path in [("openai", "/v1/chat/completions"), ("anthropic", "/v1/messages")]:
        _, proxy = asked(clock, stream(), default=default)
        assert (proxy.entry.path, proxy.served.upstream) == (path, default)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/"),
        ("POST", "/stream/"),
        ("POST", "/stream/nowhere"),
        ("GET", "/stream/nowhere"),
        ("POST", "/stream//openai"),
        ("POST", "/stream/openai/"),
        ("POST", "/streams"),
        ("GET", "/static/x"),
        ("GET", "/costs"),
        ("GET", "/%00%ff"),
    ],
)
def test_an_unknown_path_is_404(clock: SimulatedClock, method: str, target: str) -> None:
    seen, proxy = asked(clock, plain(method, target))
    error = error_of(seen)
    assert (seen.status, error["code"]) == (404, "unknown_url")
    assert "POST /stream, POST /stream/NAME and GET /health" in error["message"]
    assert (proxy.served.outcome, proxy.served.status) == ("refused", 404)


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", "/stream", "OPTIONS, POST"),
        ("HEAD", "/stream", "OPTIONS, POST"),
        ("PUT", "/stream/openai", "OPTIONS, POST"),
        ("POST", "/health", "GET, HEAD, OPTIONS"),
        ("DELETE", "/costs", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_405_and_says_what_is_allowed(
    clock: SimulatedClock, method: str, target: str, allowed: str
) -> None:
    seen, _ = asked(clock, plain(method, target), prices={"gpt-4": Price(1.0)})
    assert (seen.status, header(seen, "allow")) == (405, allowed)
    if method != "HEAD":
        assert error_of(seen)["code"] == "method_not_allowed"


def test_options_says_what_is_allowed(clock: SimulatedClock) -> None:
    seen, proxy = asked(clock, plain("OPTIONS", "/stream"))
    assert (seen.status, seen.data) == (204, b"")
    assert [name for name, _ in seen.headers] == ["allow", "x-request-id"]
    assert proxy.told.all == []


def message(**members: object) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": "Hi"}], **members}


def context(*messages: object) -> dict[str, Any]:
    return {"context": {"messages": list(messages)}}


WRONG: dict[str | None, bytes | dict[str, Any]] = {
    "model": {"model": ""},
    "context": {"context": None},
    "context.messages": context(),
    "context.messages[0].role": context(message(role="system")),
    "context.messages[0].content[0].type": context(message(content=[{"type": "video"}])),
    "context.messages[1].content": context(message(), message(content="Hi")),
    "options.temperature": {"options": {"temperature": "hot"}},
    "options.thinking_level": {"options": {"thinking_level": "most"}},
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_field_is_refused_by_name(clock: SimulatedClock, field: str) -> None:
    members: Any = WRONG[field]
    seen, proxy = asked(clock, stream(content=body(**members)))
    error = error_of(seen)
    assert (seen.status, error["param"]) == (400, field)
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith(f"{field}: ")
    assert proxy.journal.entries == ()
    assert (proxy.served.outcome, proxy.served.status) == ("refused", 400)


NO_JSON = {
    b"": "Expected a JSON object as the body, got no body.",
    b"\xff{}": "The body is not UTF-8: invalid start byte at byte 0.",
    b'{"model": ': "The body is not valid JSON: Expecting value: line 1 column 11 (char 10).",
    b'{"model": NaN}': "The body is not valid JSON: NaN is no number that can be passed on.",
    b'{"model": 1e999}': "The body is not valid JSON: 1e999 is no number that can be passed on.",
    b"[" * 100_000: "The body is nested too deeply.",
    b"[]": None,
    b"1" * 5000: None,
}


@pytest.mark.parametrize("content", NO_JSON, ids=lambda content: content[:12])
def test_a_body_that_is_no_json_object_is_refused(clock: SimulatedClock, content: bytes) -> None:
    seen, _ = asked(clock, stream(content=content))
    error = error_of(seen)
    assert (seen.status, error["param"]) == (400, None)
    assert error["message"] == (NO_JSON[content] or error["message"])


def test_deep_nesting_where_anything_may_stand_is_refused_or_taken(clock: SimulatedClock) -> None:
    for depth in (500, 3000):
        deep: Any = b"[" * depth + b"]" * depth
        tool = b'{"name": "t", "parameters": {"x": %b}}' % deep
        content = body()[:-2] + b', "tools": [%b]}}' % tool
        seen, _ = asked(clock, stream(content=content))
        assert seen.status in {200, 400}


@pytest.mark.parametrize("value", ["1", "false", "", "True", "true&framing=no"])
def test_framing_is_true_or_absent(clock: SimulatedClock, value: str) -> None:
    seen, _ = asked(clock, stream("", f"framing={value}"))
    assert (seen.status, error_of(seen)["param"]) == (400, "framing")


def chunked(content: bytes) -> bytes:
    head = stream(content=b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


@pytest.mark.parametrize("is_declared", [True, False])
def test_an_oversized_body_is_413_with_its_length_declared_or_not(
    clock: SimulatedClock, *, is_declared: bool
) -> None:
    make = (lambda content: stream(content=content)) if is_declared else chunked
    seen, _ = asked(clock, make(body().ljust(1001)), largest_body=1000)
    assert (seen.status, error_of(seen)["code"]) == (413, "request_too_large")
    assert error_of(seen)["message"] == "The body is too large: at most 1000 bytes are accepted."
    seen, _ = asked(clock, make(body().ljust(1000)), largest_body=1000)
    assert seen.status == 200


def test_a_large_body_does_not_break_the_connection_before_its_answer(
    clock: SimulatedClock,
) -> None:
    seen, _ = asked(clock, stream(content=body().ljust(4_000_000)), largest_body=1000)
    assert (seen.status, seen.ending) == (413, "complete")


def test_health_answers_everyone_and_reveals_nothing(clock: SimulatedClock) -> None:
    seen, proxy = asked(clock, plain("GET", "/health"), token="let-me-in")  # noqa: S106 - it is the token
    assert (seen.status, seen.data) == (200, b'{"status":"ok"}\n')
    assert proxy.told.all == []


def test_costs_are_told_where_there_are_prices(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock, prices={"gpt-4": Price(1.0, 2.0)}) as proxy:
            for name in ("", "anthropic", "anthropic"):
                await proxy.ask(stream(name))
            seen = await proxy.ask(plain("GET", "/costs"))
            costs = json.loads(seen.data)
            assert (seen.status, costs["total"]["requests"]) == (200, 3)
            assert costs["total"]["cost"]["total"] == 0.00012
            assert costs["upstreams"]["anthropic"]["gpt-4"]["tokens"]["total_tokens"] == 50

    clock.run(scenario())


def test_each_answer_has_a_number_of_its_own(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as proxy:
            own = stream(headers={"X-Request-Id": "mine"})
            requests = (own, stream(), plain("GET", "/health"), plain("GET", "/nowhere"))
            numbers = [header(await proxy.ask(each), "x-request-id") for each in requests]
            assert len({*numbers, "mine", None}) == 6
            told = [served.request_id for served in proxy.told.all]
            assert told == [numbers[0], numbers[1], numbers[3]]
            assert {served.client for served in proxy.told.all} == {"127.0.0.1"}

    clock.run(scenario())


OURS, OTHER = "https://app.example", "https://other.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}
ALLOWED, METHODS = "access-control-allow-origin", "access-control-allow-methods"


def test_a_preflight_needs_no_token(clock: SimulatedClock) -> None:
    request = plain("OPTIONS", "/stream/openai", {"Origin": OURS, **PREFLIGHT})
    seen, _ = asked(clock, request, origins=(OURS,), token="let-me-in")  # noqa: S106 - it is the token
    assert (seen.status, header(seen, ALLOWED), header(seen, "vary")) == (204, OURS, "Origin")
    assert header(seen, METHODS) == "GET, HEAD, OPTIONS, POST"
    allowed = header(seen, "access-control-allow-headers") or ""
    assert {*allowed.split(", ")} == {"authorization", "content-type"}
    assert header(seen, "access-control-allow-credentials") is None


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_another_origin_gets_no_permission(clock: SimulatedClock, method: str) -> None:
    request = plain(method, "/stream", {"Origin": OTHER, **PREFLIGHT})
    seen, _ = asked(clock, request, origins=(OURS,))
    assert (header(seen, ALLOWED), header(seen, METHODS)) == (None, None)
    assert header(seen, "vary") == "Origin"


def test_no_origin_has_permission_by_default(clock: SimulatedClock) -> None:
    for request in (stream(headers={"Origin": OURS}), plain("OPTIONS", "/stream", PREFLIGHT)):
        seen, _ = asked(clock, request)
        assert not {name for name, _ in seen.headers if name.startswith("access-control")}


@pytest.mark.parametrize(
    ("request_", "status", "given"),
    [
        (stream(headers={"Origin": OURS, "Authorization": "Bearer let-me-in"}), 200, {}),
        (stream(headers={"Origin": OURS}), 401, {"token": "another"}),
        (plain("GET", "/nowhere", {"Origin": OURS}), 404, {}),
        (plain("GET", "/stream", {"Origin": OURS}), 405, {}),
        (plain("POST", "/stream", {"Origin": OURS}), 400, {}),
        (stream(headers={"Origin": OURS}), 413, {"largest_body": 5}),
        (plain("GET", "/health", {"Origin": OURS}), 200, {}),
    ],
)
def test_a_browser_may_read_every_answer(
    clock: SimulatedClock, request_: bytes, status: int, given: dict[str, Any]
) -> None:
    seen, _ = asked(clock, request_, origins=(OTHER, OURS), **given)
    assert (seen.status, header(seen, ALLOWED)) == (status, OURS)
    assert header(seen, "access-control-expose-headers") == "Retry-After, X-Request-Id"


def test_a_browser_may_read_when_to_come_back(clock: SimulatedClock) -> None:
    async def scenario() -> Seen:
        async with proxying(clock, origins=(OURS,), requests_per_minute=1) as proxy:
            await proxy.ask(stream(headers={"Origin": OURS}))
            return await proxy.ask(stream(headers={"Origin": OURS}))

    seen = clock.run(scenario())
    assert (seen.status, header(seen, ALLOWED)) == (429, OURS)
    assert header(seen, "retry-after") == "60"
    assert "Retry-After" in (header(seen, "access-control-expose-headers") or "")


def test_every_origin_may_be_let_in(clock: SimulatedClock) -> None:
    seen, _ = asked(clock, stream(headers={"Origin": OURS}), origins=("*",))
    assert header(seen, ALLOWED) == "*"


@pytest.mark.parametrize("origins", [(), (OURS,)])
@pytest.mark.parametrize(("target", "status"), [("/stream", 405), ("/nowhere", 404)])
def test_a_websocket_is_refused_in_words(
    clock: SimulatedClock, target: str, status: int, origins: tuple[str, ...]
) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Origin": OURS,
    }
    seen, _ = asked(clock, plain("GET", target, headers), origins=origins)
    assert seen.status in {status, 400}
    assert "speaks no WebSocket" in error_of(seen)["message"]


def test_a_mistake_before_the_stream_is_a_500_that_gives_nothing_away(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistake(*_: object) -> None:
        raise ZeroDivisionError(WORDS[::-1])

    monkeypatch.setattr(Proxy, "_count", mistake)
    seen, proxy = asked(clock, stream())
    assert (seen.status, error_of(seen)["type"]) == (500, "server_error")
    assert WORDS[::-1].encode() not in seen.data
    assert "ZeroDivisionError" in caplog.text
    assert WORDS[::-1] not in caplog.text
    assert (proxy.served.outcome, proxy.served.status) == ("refused", 500)


def test_settings_that_cannot_be_followed_are_refused() -> None:
    upstreams = upstreams_at("http://127.0.0.1:9")
    with pytest.raises(SluicegateError, match="'nobody'; known are: openai, anthropic"):
        create_app(Settings(upstreams, "nobody"))
    with pytest.raises(SluicegateError, match="none"):
        create_app(Settings((), ""))
    with pytest.raises(SluicegateError, match="expected a base URL"):
        create_app(Settings((UpstreamSettings("a", "openai", "ftp://x"),), "a"))


def test_authorities_that_cannot_be_read_are_refused(tmp_path: Any) -> None:  # noqa: ANN401 - a Path
    for name, content in (("nowhere.pem", None), ("empty.pem", "")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        (upstream, _) = upstreams_at("https://127.0.0.1:9", authorities=path)
        with pytest.raises(SluicegateError, match=r"authorities of 'openai', cannot read .*\.pem"):
            create_app(Settings((upstream,), "openai"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["model", "context", "messages", "role", "content", "options"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ).map(lambda document: json.dumps(document).encode()),
    )
)
def test_no_body_makes_the_proxy_break(clock: SimulatedClock, content: bytes) -> None:
    seen, _ = asked(clock, stream(content=content))
    assert seen.status == 400
    assert error_of(seen)["type"] == "invalid_request_error"
