import asyncio
import gc
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
import trustme
from quart import Quart, request

from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Certificate


@pytest.fixture
def clock() -> Iterator[SimulatedClock]:
    with SimulatedClock() as clock:
        yield clock
        assert clock.run(_tasks_left()) == set()
    gc.collect()  # what was left unclosed warns here, inside the test that left it


async def _tasks_left() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}}


# Answers at once, late, piece by piece, or with what it was sent.
@pytest.fixture
def app() -> Quart:
    app = Quart("test")
    app.config.update(RESPONSE_TIMEOUT=None, BODY_TIMEOUT=None)
    app.add_url_rule("/", view_func=hello)
    app.add_url_rule("/slow/<float:seconds>", view_func=slow)
    app.add_url_rule("/stream/<float:seconds>", view_func=stream)
    app.add_url_rule("/echo", view_func=echo, methods=["POST"])
    return app


async def hello() -> str:
    return "hello"


async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "at last"


async def stream(seconds: float) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(seconds)
        yield b"second"

    return pieces()


async def echo() -> bytes:
    body: bytes = await request.body
    return body


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    # Made once: reading the CA files takes longer than most of these tests.
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    return Certificate(folder / "chain.pem", folder / "key.pem")


# Not for ever: a run that is killed leaves no busy process behind.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"


@pytest.fixture
def busy_cores() -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(3):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", BUSY]))
            stack.callback(process.kill)
        yield
