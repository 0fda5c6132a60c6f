import threading

import pytest

from sluicegate.proxy import app
from sluicegate.proxy.pages import check_host, check_json, check_origin
from sluicegate.proxy.refusals import RefusedError
from sluicegate.proxy.request import read
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.wire.assistant.request import StreamRequest

from .proxying import asked, body, stream
from .test_app import plain

CHOSEN = ("https://app.example",)


@pytest.mark.parametrize("origin", [None, "https://app.example", "http://here:8080"])
def test_who_is_no_page_or_a_chosen_one_or_of_this_host_may_ask(origin: str | None) -> None:
    check_origin(origin, "here:8080", CHOSEN)
    check_origin("https://anyone.example", "here", ("*",))


@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://here", "http://"])
def test_other_pages_may_not(origin: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_origin(origin, "here:8080", CHOSEN)
    assert caught.value.status == 403


LOCAL = ["localhost", "LOCALHOST.:80", "me.localhost:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:80"]


@pytest.mark.parametrize("host", [*LOCAL, "[::1]", "[::ffff:127.0.0.1]"])
@pytest.mark.parametrize("server", [("127.0.0.1", 80), ("::1", 80), ("10.0.0.7", 80), None])
def test_this_machine_has_names_of_its_own(host: str, server: tuple[str, int] | None) -> None:
    check_host(host, {"server": server})


FOREIGN = [
    "evil.example",
    "localhost.evil.example:80",
    "evillocalhost",
    "10.0.0.7",
    "",
    "1.127.0.0",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_does_not_lead_to_this_machine(host: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_host(host, {"server": ("127.0.0.1", 8080)})
    assert caught.value.status == 421
    check_host(host, {"server": ("10.0.0.7", 8080)})


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "application/x-json"])
def test_what_is_not_called_json_is_refused(kind: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_json(kind)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("request_", "status", "token"),
    [
        (stream(headers={"Content-Type": "text/plain"}), 415, ""),
        (stream(headers={"Content-Type": "application/json; charset=utf-8"}), 200, ""),
        (stream(headers={"Origin": "http://evil.example"}), 403, ""),
        (stream(headers={"Origin": "http://localhost"}), 200, ""),
        (stream().replace(b"Host: localhost", b"Host: evil.example"), 421, ""),
        (stream().replace(b"Host: localhost", b"Host: evil.example"), 401, "let-me-in"),
        (plain("GET", "/costs").replace(b"Host: localhost", b"Host: evil.example"), 404, ""),
        (plain("GET", "/health").replace(b"Host: localhost", b"Host: evil.example"), 200, ""),
    ],
)
def test_a_page_cannot_spend_the_key(
    clock: SimulatedClock, request_: bytes, status: int, token: str
) -> None:
    seen, proxy = asked(clock, request_, token=token)
    assert seen.status == status
    assert len(proxy.journal.entries) == (status == 200 and b"POST" in request_)


@pytest.mark.parametrize("path", [b"//stream", b"///stream", b"//stream/openai", b"/%2Fstream"])
def test_a_path_is_what_it_says(clock: SimulatedClock, path: bytes) -> None:
    seen, proxy = asked(clock, stream().replace(b"/stream", path, 1))
    assert (seen.status, proxy.journal.entries) == (404, ())


@pytest.mark.parametrize(("size", "beside"), [(1000, False), (100_000, True)])
def test_a_large_body_is_checked_beside_what_else_happens(
    clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch, size: int, *, beside: bool
) -> None:
    threads = []

    def witnessed(content: bytes) -> StreamRequest:
        threads.append(threading.current_thread() is not threading.main_thread())
        return read(content)

    monkeypatch.setattr(app, "read", witnessed)
    seen, _ = asked(clock, stream(content=body().ljust(size)))
    assert (seen.status, threads) == (200, [beside])
