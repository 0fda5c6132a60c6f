import re
import ssl
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from types import ModuleType
from urllib.parse import parse_qsl

import pytest
import trustme

from sluicegate.provider import anthropic, openai
from sluicegate.provider.parameters import PARAMETERS, Parameter
from sluicegate.runtime.clock import Clock, SimulatedClock, WallClock
from sluicegate.runtime.server import Certificate

from . import anthropic_cases, openai_cases, openai_quirk_cases
from .wire_cases import Case
from .wire_client import (
    CHAT,
    MESSAGES,
    NO_TLS,
    Headers,
    Security,
    Seen,
    ask,
    connect,
    post,
    serving,
)


def seen_by_a_client(clock: Clock, path: str, case: Case, security: Security = NO_TLS) -> Seen:
    async def scenario() -> Seen:
        async with serving(clock, security=security) as server:
            request = post(path, case.query, case.content)
            return await ask(clock, server, request, longest=case.longest, trust=security.trust)

    return unzipped(clock.run(scenario()))


# Each read of a compressed body is of use at once.
def unzipped(seen: Seen) -> Seen:
    if ("content-encoding", "gzip") not in seen.headers:
        return seen
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress
    reads = tuple((at, inflate(data)) for at, data in seen.reads)
    return replace(seen, reads=tuple(read for read in reads if read[1]))


# How long a compressed document is, is zlib's business.
def compared(headers: Headers) -> Headers:
    is_zipped = ("content-encoding", "gzip") in headers
    return tuple(each for each in headers if not (is_zipped and each[0] == "content-length"))


def check(seen: Seen, case: Case) -> None:
    assert seen.reads == case.reads
    assert (seen.status, seen.head_at) == (case.status, case.head_at)
    assert compared(seen.headers) == compared(case.headers)
    assert (seen.ending, seen.ended, seen.surplus) == (case.ending, case.last, case.surplus)


OPENAI = [*openai_cases.CASES, *openai_quirk_cases.CASES]
ANTHROPIC = anthropic_cases.CASES


@pytest.mark.parametrize("case", OPENAI, ids=str)
def test_an_openai_answer_is_what_the_request_asked_for(clock: SimulatedClock, case: Case) -> None:
    check(seen_by_a_client(clock, CHAT, case), case)


@pytest.mark.parametrize("case", ANTHROPIC, ids=str)
def test_an_anthropic_answer_is_what_the_request_asked_for(
    clock: SimulatedClock, case: Case
) -> None:
    check(seen_by_a_client(clock, MESSAGES, case), case)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Security:
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(folder / "chain.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trust)
    return Security(Certificate(folder / "chain.pem", folder / "key.pem"), trust)


OF_THE_TRANSPORT = [case for case in OPENAI if not case.ending.startswith("complete")]


@pytest.mark.parametrize("case", OF_THE_TRANSPORT, ids=str)
def test_a_fault_of_the_transport_is_the_same_under_tls(
    clock: SimulatedClock, secured: Security, case: Case
) -> None:
    check(seen_by_a_client(clock, CHAT, case, secured), case)


def test_an_answer_under_tls_that_closes_its_connection_says_goodbye(
    clock: SimulatedClock, secured: Security
) -> None:
    (case,) = (each for each in OPENAI if each.surplus)
    seen = seen_by_a_client(clock, CHAT, case, secured)
    check(seen, replace(case, ending="complete, close_notify"))


ON_THE_WALL = [
    "fail=reset",
    "fail=close",
    "fail=hang",
    "stream=true&text=Hi+you&fail=silence",
    "stream=true&text=Hi+you&fail_chunk=1&fail_chunk_mode=reset",
    "stream=true&text=Hi+you&fail_chunk=2&fail_chunk_mode=reset",
    "stream=true&text=Hi+you&fail_chunk=2&fail_chunk_mode=cut",
    "stream=true&text=Hi+you&fail_chunk=2&fail_chunk_mode=silence",
    "stream=true&text=Hi+you&end=open",
]


@pytest.mark.parametrize("query", ON_THE_WALL)
@pytest.mark.parametrize("wire", ["plain", "TLS"])
def test_a_fault_of_the_transport_is_the_same_on_the_wall_clock(
    secured: Security, query: str, wire: str
) -> None:
    (case,) = (each for each in OPENAI if each.query == query)
    with WallClock() as clock:
        seen = clock.run(visit(clock, case, secured if wire == "TLS" else NO_TLS))
    assert (seen.status, seen.ending, seen.surplus) == (case.status, case.ending, b"")
    data = re.sub(rb'"created":\d+', b'"created":1735689600', seen.data)
    assert data == b"".join(data for _, data in case.reads)


async def visit(clock: Clock, case: Case, security: Security) -> Seen:
    async with serving(clock, security=security) as server:
        client = await connect(server, security.trust)
        client.send(post(CHAT, f"{case.query}&pace=10"))
        if case.ending == "open" and case.status:
            await client.arrival(sum(len(data) for _, data in case.reads))
        await client.watch(0.02 if case.ending == "open" else 60.0)
        client.transport.close()
        return client.seen()


GROUPS = ("when", "failures", "bytes", "headers")
MET = {
    "openai": set(chain.from_iterable(parse_qsl(case.query) for case in OPENAI)),
    "anthropic": set(chain.from_iterable(parse_qsl(case.query) for case in ANTHROPIC)),
}
ON_WIRE = [name for name, parameter in PARAMETERS.items() if parameter.group in GROUPS]


def values_of(parameter: Parameter) -> Iterator[str]:
    if parameter.accepts == "true or false":
        yield from ("true", "false")
    yield from parameter.values


@pytest.mark.parametrize("name", ON_WIRE)
def test_every_value_of_a_parameter_has_a_case(name: str) -> None:
    parameter, met = PARAMETERS[name], {value for each, value in MET["openai"] if each == name}
    named = {"400 to 599" if value.isdigit() and name == "fail" else value for value in met}
    assert met
    assert set(values_of(parameter)) <= named


@pytest.mark.parametrize("format_", [openai, anthropic], ids=["openai", "anthropic"])
def test_every_quirk_has_a_case(format_: ModuleType, request: pytest.FixtureRequest) -> None:
    met = MET[request.node.callspec.id]
    quirks = {quirk for name, value in met if name == "quirks" for quirk in value.split(",")}
    assert quirks == set(format_.QUIRKS)
