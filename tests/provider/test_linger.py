import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from sluicegate.runtime import linger

if TYPE_CHECKING:
    from tests.provider.conftest import Provider

LARGE = 4 * 1024 * 1024


async def slowly(pieces: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield b"x" * size
        await asyncio.sleep(1)


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("POST", 404)])
def test_an_answer_survives_a_body_that_nobody_reads(
    provider: "Provider", method: str, status: int
) -> None:
    target = "/v1/models" if method == "PUT" else "/nowhere"
    assert provider.request(method, target, b"x" * LARGE).status == status


def test_an_early_answer_is_sent_at_once(provider: "Provider") -> None:
    provider.request("POST", "/nowhere", slowly(5, 1000))
    assert provider.last.headers_at == provider.last.started
    assert provider.last.ended == provider.last.started


def test_the_connection_ends_when_the_body_does(provider: "Provider") -> None:
    assert provider.request("POST", "/nowhere", slowly(5, 1000)).took == pytest.approx(5, abs=1e-9)


def test_a_body_without_end_is_given_up(
    provider: "Provider", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send_three_pieces() -> tuple[bytes, float]:
        url = provider.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            await asyncio.sleep(1)
            writer.write(b"3E8\r\n%s\r\n" % (b"x" * 1000))
        answer = await reader.read()  # to the end of the connection
        writer.close()
        await writer.wait_closed()
        return answer, provider.clock.time() - provider.last.started

    monkeypatch.setattr(linger, "LONGEST_REST", 2500)
    answer, took = provider.clock.run(send_three_pieces())
    assert answer.startswith(b"HTTP/1.1 404")
    assert took == pytest.approx(3, abs=1e-9)
