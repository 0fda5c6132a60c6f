import asyncio
import hmac
from dataclasses import replace

import pytest
from tests.provider.wire_client import Seen, post

from sluicegate.proxy.settings import Price, Settings, UpstreamSettings
from sluicegate.runtime.clock import SimulatedClock

from .proxying import Proxy, asked, bearing, checked, error_of, proxying, stream, upstreams_at

SHOWN = "a-token-for-clients"
UNAUTHORIZED = (
    b'{"error":{"message":"Unauthorized","type":"authentication_error","param":null,'
    b'"code":"unauthorized"}}\n'
)
UMLAUT = "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {SHOWN}x"},
        {"Authorization": f"Bearer {SHOWN[:-1]}"},
        {"Authorization": f"Bearer {SHOWN.upper()}"},
        {"Authorization": f"Basic {SHOWN}"},
        {"Authorization": SHOWN},
        {"Authorization": f"Bearer {SHOWN}\r\nAuthorization: Bearer {SHOWN}"},
        {"Authorization": "Bearer \N{LATIN SMALL LETTER U WITH DIAERESIS}"},
        {"X-Api-Key": SHOWN},
    ],
)
def test_whoever_does_not_show_the_token_gets_the_same_401(
    clock: SimulatedClock, headers: dict[str, str]
) -> None:
    seen, proxy = asked(clock, stream(headers=headers), token=SHOWN)
    assert seen.status == 401
    assert seen.data == UNAUTHORIZED
    assert error_of(seen)["message"] == "Unauthorized"
    assert [name for name, _ in seen.headers] == [
        "content-type",
        "content-length",
        "www-authenticate",
        "x-request-id",
    ]
    assert dict(seen.headers)["www-authenticate"] == 'Bearer realm="sluicegate"'
    assert proxy.journal.entries == ()
    assert (proxy.served.outcome, proxy.served.status) == ("refused", 401)
    assert (proxy.served.upstream, proxy.served.model, proxy.served.usage) == ("openai", "", None)


@pytest.mark.parametrize(
    "shown", [f"Bearer {SHOWN}", f"bearer {SHOWN}", f"BEARER   {SHOWN} ", f"Bearer\t{SHOWN}"]
)
def test_the_token_opens_the_proxy_and_stays_there(clock: SimulatedClock, shown: str) -> None:
    seen, proxy = asked(clock, stream(headers={"Authorization": shown}), token=SHOWN)
    if "\t" in shown:
        assert seen.status == 401
        return
    assert checked(seen)[-1]["type"] == "done"
    assert SHOWN not in str(proxy.entry.headers) + proxy.entry.body.decode()
    assert SHOWN not in str(proxy.told.all)


def test_a_token_may_have_any_characters(clock: SimulatedClock) -> None:
    # As the bytes of its UTF-8.
    seen, _ = asked(clock, bearing(UMLAUT), token=UMLAUT)
    assert seen.status == 200


def test_tokens_are_compared_in_constant_time(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for shown in ("Bearer wrong", "Basic wrong", f"Bearer {SHOWN}"):
        asked(clock, stream(headers={"Authorization": shown}), token=SHOWN)
    assert [one for one, _ in compared] == [b"wrong", b"", SHOWN.encode()]
    assert {other for _, other in compared} == {SHOWN.encode()}


TOKENS = ("one", "two", "other")


def with_token(upstream: UpstreamSettings, token: str) -> UpstreamSettings:
    return replace(upstream, token=token)


async def statuses(proxy: Proxy, name: str) -> list[int | None]:
    requests = (stream(name), *(bearing(token, name) for token in TOKENS))
    return [(await proxy.ask(each)).status for each in requests]


def test_each_upstream_has_a_token_of_its_own(clock: SimulatedClock) -> None:
    async def scenario() -> None:
        async with proxying(clock) as outer:
            both = upstreams_at(outer.provider.url)
            upstreams = tuple(map(with_token, both, TOKENS))
            async with proxying(clock, upstreams=upstreams, token=TOKENS[2]) as proxy:
                assert await statuses(proxy, "openai") == [401, 200, 401, 401]
                assert await statuses(proxy, "anthropic") == [401, 401, 200, 401]
                assert await statuses(proxy, "") == [401, 401, 401, 200]

    clock.run(scenario())


def test_without_a_token_everyone_may_ask(clock: SimulatedClock) -> None:
    for headers in ({}, {"Authorization": "Bearer anything"}):
        assert asked(clock, stream(headers=headers))[0].status == 200


# The client sends no more than the head before it is refused.
def test_a_refusal_does_not_wait_for_the_body(clock: SimulatedClock) -> None:
    head = post("/stream", content=b"").replace(b"Content-Length: 0", b"Content-Length: 9999")
    seen, _ = asked(clock, head, token=SHOWN)
    assert (seen.status, seen.head_at) == (401, 0.0)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /stream/nowhere", 404),
        (b"GET /nowhere", 404),
        (b"GET /stream", 405),
        (b"OPTIONS /stream", 204),
        (b"GET /health", 200),
        (b"GET /costs", 401),
    ],
)
def test_what_is_unknown_is_404_for_whoever_asks(
    clock: SimulatedClock, request_: bytes, status: int
) -> None:
    raw = request_ + b" HTTP/1.1\r\nHost: proxy\r\nContent-Length: 0\r\n\r\n"
    seen, _ = asked(clock, raw, token=SHOWN, prices={"gpt-4": Price(1.0)})
    assert seen.status == status


def test_settings_show_no_secrets() -> None:
    upstreams = upstreams_at("http://127.0.0.1:9", key="opensesame", token=SHOWN)
    shown = repr(Settings(upstreams, "openai", token=SHOWN))
    assert "opensesame" not in shown
    assert SHOWN not in shown


def refused(seen: Seen) -> tuple[int | None, str | None]:
    return seen.status, dict(seen.headers).get("retry-after")


def test_each_client_may_ask_so_often_in_a_minute(clock: SimulatedClock) -> None:
    async def scenario() -> list[tuple[int | None, str | None]]:
        async with proxying(clock, requests_per_minute=2, token=SHOWN) as proxy:
            right, wrong = map(bearing, (SHOWN, "wrong"))
            found = [
                refused(await proxy.ask(each))
                for each in (wrong, wrong, wrong, right, right, right, wrong, right)
            ]
            error = error_of(await proxy.ask(right))
            assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
            assert len(proxy.journal.entries) == 2
            await asyncio.sleep(58.8)
            assert (await proxy.ask(right)).status == 200
            return found

    # Two streams of 0.6 s each.
    assert clock.run(scenario()) == [
        *[(401, None)] * 3,
        *[(200, None)] * 2,
        (429, "59"),
        (401, None),
        (429, "59"),
    ]
