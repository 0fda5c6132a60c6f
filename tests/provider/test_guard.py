import pytest

from sluicegate.errors import SluicegateError
from sluicegate.provider.guard import Guard, is_loopback
from sluicegate.provider.refusal import RefusedError

ANYWHERE = "0.0.0.0"  # noqa: S104 - bound by nobody here
SECRET = "s3cret"  # noqa: S105 - of these tests alone


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST."]
)
def test_a_loopback_host_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [ANYWHERE, "::", "192.0.2.1", "localhost.evil", "", "127.1.evil"])
def test_any_other_host_is_none(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("bound", ["127.0.0.1", ANYWHERE, "192.0.2.1"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_control_token_opens_from_anywhere(bound: str, scheme: str) -> None:
    Guard(bound, SECRET).check(f"{scheme} {SECRET}", "https://page.example", "evil.example")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer s3cre",
        "Bearer s3cret2",
        "Basic s3cret",
        "s3cret",
        "ä",
    ],
)
def test_a_wrong_control_token_is_refused_even_on_loopback(authorization: str | None) -> None:
    with pytest.raises(RefusedError) as caught:
        Guard("127.0.0.1", SECRET).check(authorization, None, "127.0.0.1:8001")
    assert (caught.value.status, caught.value.code) == (401, "invalid_control_token")
    assert "SLUICEGATE_CONTROL_TOKEN" in caught.value.message
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8001", "localhost:8001", "localhost", "[::1]:8001", "[::1]", "127.0.0.2"]
)
def test_without_a_control_token_this_machine_may_do_anything(host: str) -> None:
    Guard("127.0.0.1").check(None, None, host)


def test_the_name_that_the_provider_is_bound_to_is_its_own() -> None:
    Guard("::1").check(None, None, "[::1]:8001")
    Guard("localhost").check(None, None, "localhost:8001")


@pytest.mark.parametrize(
    ("bound", "origin", "host", "message"),
    [
        (ANYWHERE, None, "127.0.0.1:8001", "Other machines may reach 0.0.0.0"),
        ("::", None, "[::1]:8001", "Other machines may reach ::"),
        (
            "127.0.0.1",
            "https://page.example",
            "127.0.0.1:8001",
            "A web page (https://page.example)",
        ),
        ("127.0.0.1", "null", "127.0.0.1:8001", "A web page (null)"),
        ("127.0.0.1", "http://localhost:3000", "localhost:8001", "A web page"),
        ("127.0.0.1", None, "evil.example:8001", "The host 'evil.example:8001'"),
        ("127.0.0.1", None, "0.0.0.0:8001", "The host '0.0.0.0:8001'"),
        ("127.0.0.1", None, "127.0.0.1.evil.example", "The host '127.0.0.1.evil.example'"),
        ("127.0.0.1", None, "localhost@evil.example", "The host"),
        ("127.0.0.1", None, ":8001", "The host"),
        ("127.0.0.1", None, None, "The host ''"),
    ],
)
def test_without_a_control_token_nobody_else_may(
    bound: str, origin: str | None, host: str | None, message: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        Guard(bound).check("Bearer guess", origin, host)
    assert (caught.value.status, caught.value.code) == (403, "control_forbidden")
    assert caught.value.message.startswith(message)
    assert "set SLUICEGATE_CONTROL_TOKEN" in caught.value.message


@pytest.mark.parametrize("token", ["", " ", "a b", "ä", "a\n"])
def test_a_control_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(SluicegateError, match="a control token of visible ASCII characters"):
        Guard(token=token)


def test_the_control_token_is_never_shown() -> None:
    assert SECRET not in repr(Guard(token=SECRET))
