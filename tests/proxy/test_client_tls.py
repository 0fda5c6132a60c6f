import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from sluicegate.errors import SluicegateError
from sluicegate.provider.transport import FaultyServer
from sluicegate.proxy.app import create_app
from sluicegate.proxy.client import Client, UnreachableError
from sluicegate.proxy.settings import Settings, UpstreamSettings
from sluicegate.runtime.clock import SimulatedClock
from sluicegate.runtime.server import Certificate
from sluicegate.wire.assistant.message import AssistantMessage

# What nobody listens at: an answer is then an error, and one nevertheless.
SETTINGS: Final = Settings((UpstreamSettings("none", "openai", "http://127.0.0.1:1"),), "none")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def authorities(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


def written(issued: trustme.LeafCert, folder: Path) -> Certificate:
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    return Certificate(folder / "server.pem", folder / "server.pem")


def ask(
    clock: SimulatedClock,
    certificate: Certificate | None,
    scheme: str = "https",
    **trusting: Any,  # noqa: ANN401 - authorities or trust
) -> AssistantMessage:
    async def scenario() -> AssistantMessage:
        app = create_app(SETTINGS)
        async with app, FaultyServer(app, certificate=certificate) as server:
            url = f"{scheme}://{server.host}:{server.port}"
            async with Client(url, model="m", **trusting) as client:
                return await client.ask("Hi")

    return clock.run(scenario())


def test_a_certificate_of_a_trusted_authority_is_taken(
    clock: SimulatedClock, authority: trustme.CA, authorities: Path, tmp_path: Path
) -> None:
    certificate = written(authority.issue_cert("127.0.0.1"), tmp_path)
    assert ask(clock, certificate, authorities=authorities).stop_reason == "error"


def test_a_context_can_say_what_to_trust(
    clock: SimulatedClock, authority: trustme.CA, authorities: Path, tmp_path: Path
) -> None:
    certificate = written(authority.issue_cert("127.0.0.1"), tmp_path)
    trust = ssl.create_default_context(cafile=authorities)
    assert ask(clock, certificate, trust=trust).stop_reason == "error"


def _stranger(_: trustme.CA) -> trustme.LeafCert:
    return trustme.CA().issue_cert("127.0.0.1")


def _expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))


def _premature(authority: trustme.CA) -> trustme.LeafCert:
    before = datetime(2100, 1, 1, tzinfo=UTC)
    return authority.issue_cert("127.0.0.1", not_before=before)


def _other_host(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("proxy.example")


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        (_stranger, "its certificate is not signed by a trusted authority"),
        (_expired, "its certificate has expired: the proxy needs a new one"),
        (_premature, "its certificate is not valid yet: compare the clocks of both machines"),
        (_other_host, "or have a certificate issued for 127.0.0.1"),
    ],
)
def test_a_certificate_that_proves_nothing_is_refused(
    clock: SimulatedClock,
    authority: trustme.CA,
    authorities: Path,
    issue: Callable[[trustme.CA], trustme.LeafCert],
    words: str,
) -> None:
    certificate = written(issue(authority), authorities.parent)
    with pytest.raises(UnreachableError) as caught:
        ask(clock, certificate, authorities=authorities)
    assert words in str(caught.value)


def test_a_public_authority_did_not_sign_it(
    clock: SimulatedClock, authority: trustme.CA, tmp_path: Path
) -> None:
    certificate = written(authority.issue_cert("127.0.0.1"), tmp_path)
    with pytest.raises(UnreachableError, match="pass authorities= with the PEM file"):
        ask(clock, certificate)


def test_a_proxy_without_tls_is_told_from_one_with_it(
    clock: SimulatedClock, authority: trustme.CA, tmp_path: Path
) -> None:
    with pytest.raises(UnreachableError, match="if it serves plain HTTP, its URL begins with"):
        ask(clock, None)
    certificate = written(authority.issue_cert("127.0.0.1"), tmp_path)
    with pytest.raises(UnreachableError, match="if the proxy serves TLS, its URL begins with"):
        ask(clock, certificate, "http")


def _blind() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _unverified() -> ssl.SSLContext:
    context = _blind()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _careless() -> ssl.SSLContext:
    context = _blind()
    context.check_hostname = False
    return context


@pytest.mark.parametrize("make", [_unverified, _careless])
def test_no_context_is_taken_that_does_not_verify(make: Callable[[], ssl.SSLContext]) -> None:
    with pytest.raises(SluicegateError, match="expected trust to verify certificates"):
        Client("https://host", trust=make())


def test_there_is_one_way_to_say_what_to_trust(tmp_path: Path) -> None:
    with pytest.raises(SluicegateError, match="expected authorities or trust, got both"):
        Client("https://host", trust=_blind(), authorities=tmp_path)


@pytest.mark.parametrize("content", [None, b"no PEM"])
def test_authorities_are_a_file_that_can_be_read(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SluicegateError, match=r"authorities: expected a PEM file, got '.*ca\.pem'"):
        Client("https://host", authorities=path)
