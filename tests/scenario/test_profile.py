import json
from datetime import date
from pathlib import Path

import pytest

from sluicegate import shipped
from sluicegate.scenario.claims import DEFAULTS, Capability, KnownFailure
from sluicegate.scenario.document import departures, rest
from sluicegate.scenario.profile import (
    Place,
    Profile,
    ProfileError,
    Readiness,
    Start,
    System,
    at_url,
    load,
)
from sluicegate.scenario.urls import PATTERN, api_trouble


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text)
    return path


def test_a_profile_with_an_url_is_enough(tmp_path: Path) -> None:
    profile = load(written(tmp_path, '[provider]\nurl = "http://127.0.0.1:8001/"\n'))
    assert profile == Profile({"provider": at_url("http://127.0.0.1:8001", name="profile")})


def test_a_profile_says_everything(tmp_path: Path) -> None:
    text = """
    [provider]
    url = "http://127.0.0.1:8001"
    control = "http://127.0.0.1:8003"
    ready.path = "/ready"
    ready.statuses = [200, 204]
    ready.within_seconds = 2.5
    [provider.variants]
    unhealthy = "http://127.0.0.1:8002"
    [clock]
    tolerance_ms = 80
    """
    profile = load(written(tmp_path, text))
    assert profile.tolerance == 0.08
    assert profile.systems["provider"] == System(
        {"default": Place("http://127.0.0.1:8001"), "unhealthy": Place("http://127.0.0.1:8002")},
        name="profile",
        ready=Readiness("/ready", (200, 204), 2.5),
        control="http://127.0.0.1:8003",
    )


def test_a_profile_names_a_proxy_its_variants_and_where_they_log(tmp_path: Path) -> None:
    text = """
    [proxy]
    url = "https://127.0.0.1:8080/agents/"
    [proxy.variants]
    logs = "http://127.0.0.1:8081/"
    [proxy.logs]
    default = "proxy.log"
    logs = "/var/log/proxy.log"
    """
    profile = load(written(tmp_path, text))
    assert profile.tolerance is None
    proxy = profile.systems["proxy"]
    assert proxy.urls == {
        "default": "https://127.0.0.1:8080/agents",
        "logs": "http://127.0.0.1:8081",
    }
    assert proxy.logs == {"default": tmp_path / "proxy.log", "logs": Path("/var/log/proxy.log")}


def test_a_profile_names_a_proxy_and_the_provider_that_it_asks(tmp_path: Path) -> None:
    text = '[proxy]\nurl = "http://a"\n[provider]\nurl = "http://b"\nagent = "cheap"\n'
    profile = load(written(tmp_path, text))
    assert list(profile.systems) == ["proxy", "provider"]
    assert profile.systems["provider"].agent == "cheap"


GATEWAY = """
[gateway]
name = "LiteLLM"
version_command = ["litellm", "--version"]
command = ["litellm", "--config", "{{ config }}", "--port", "{{ port }}"]
template = "litellm.yaml"
environment = { LOG = "INFO" }
key = "sk-1"
headers = { X-Tenant = "ci" }
models = { "gpt-4" = "mine" }
workers = 4
ready.within_seconds = 60

[gateway.variants]
sse = {}
elsewhere = "http://127.0.0.1:4000"
keys = { environment = { KEYS = "a" }, key = "a", isolation = "none" }

[gateway.needing.breaker]
template = "breaker.yaml"

[gateway.capabilities]
logs = false
half_open = { claim = "unknown", reason = "documented nowhere" }

[gateway.values]
final_error_status = [500, 502]
open_seconds = 5

[[gateway.known_failures]]
requirement = "PARTIAL-003"
scenarios = ["The agent resets *"]
reason = "no type"
expires = 2027-06-30
"""


def test_a_gateway_is_started_by_its_command_and_told_of_its_agents(tmp_path: Path) -> None:
    system = load(written(tmp_path, GATEWAY)).systems["gateway"]
    command = ("litellm", "--config", "{{ config }}", "--port", "{{ port }}")
    assert system.places["default"] == system.places["sse"]
    assert system.place("default") == Place(
        start=Start(command, tmp_path, tmp_path / "litellm.yaml", {"LOG": "INFO"}),
        isolation="process",
        headers={"Authorization": "Bearer sk-1", "X-Tenant": "ci"},
    )
    assert (system.name, system.workers, system.ready.within) == ("LiteLLM", 4, 60)
    assert system.models == {"gpt-4": "mine"}


def test_a_key_is_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "sk-2")
    path = written(tmp_path, '[gateway]\nurl = "http://a"\nkey = "${THE_KEY}"')
    place = load(path).systems["gateway"].places["default"]
    assert place.headers == {"Authorization": "Bearer sk-2"}
    monkeypatch.delenv("THE_KEY")
    with pytest.raises(ProfileError, match=r"^is not right: \[gateway\] key: .*THE_KEY"):
        load(path)


def test_a_variant_says_only_what_is_different(tmp_path: Path) -> None:
    system = load(written(tmp_path, GATEWAY)).systems["gateway"]
    keys, elsewhere = system.places["keys"], system.places["elsewhere"]
    assert keys.start is not None
    assert keys.start.environment == {"LOG": "INFO", "KEYS": "a"}
    assert keys.headers["Authorization"] == "Bearer a"
    assert keys.isolation == "none"
    assert (elsewhere.url, elsewhere.start) == ("http://127.0.0.1:4000", None)
    assert system.place("tls") is None


def test_scenarios_that_need_a_capability_get_places_of_their_own(tmp_path: Path) -> None:
    system = load(written(tmp_path, GATEWAY)).systems["gateway"]
    own = system.place("keys", frozenset({"streaming", "breaker"}))
    assert own is not None
    assert own.start is not None
    assert own.start.template == tmp_path / "breaker.yaml"
    assert own.start.environment["KEYS"] == "a"


def test_what_a_profile_does_not_claim_otherwise_is_as_in_the_contract(tmp_path: Path) -> None:
    claims = load(written(tmp_path, GATEWAY)).systems["gateway"].claims
    assert claims.of("streaming") == Capability(claim=True)
    assert claims.of("logs") == Capability(claim=False)
    assert claims.of("half_open") == Capability("unknown", "documented nowhere")
    assert claims.values == {**DEFAULTS, "final_error_status": (500, 502), "open_seconds": 5}
    day = date(2027, 6, 30)
    known = KnownFailure("PARTIAL-003", "no type", day, ("The agent resets *",))
    assert claims.known == (known,)
    assert not known.has_expired(day)
    assert known.has_expired(date(2027, 7, 1))
    assert known.covers(frozenset({"PARTIAL-003"}), "The agent resets the connection")
    assert not known.covers(frozenset({"PARTIAL-001"}), "The agent resets the connection")
    assert not known.covers(frozenset({"PARTIAL-003"}), "The agent drops the connection")


_STARTS = '[gateway]\ncommand = ["x"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gateway]", "is not right: [gateway] has neither a command nor a url"),
        (_STARTS + 'variants.sse.isolation = "reset"', "[gateway.variants.sse] isolation"),
        (_STARTS + 'needing.breaker.isolation = "reset"', "[gateway.needing.breaker] isol"),
        (_STARTS + 'url = "http://a"', "both a command and a url"),
        (_STARTS + 'isolation = "reset"', 'needs reset = "/..."'),
        (_STARTS + 'isolation = "fork"', "$.gateway.isolation"),
        (_STARTS + "command2 = []", "command2"),
        (_STARTS + "capabilities.strreaming = true", "strreaming"),
        (_STARTS + 'capabilities.streaming = "yes"', "$.gateway.capabilities.streaming"),
        (_STARTS + "values.timeout_status = 99", "$.gateway.values.timeout_status"),
        (_STARTS + "values.timeout = 504", "timeout"),
        (_STARTS + "known_failures = [{ requirement = 'A-1', reason = 'x' }]", "expires"),
        (
            _STARTS
            + "known_failures = [{requirement = 'A-1', reason = 'x', expires = '2027-02-30'}]",
            "is no day",
        ),
        ('[gateway]\nurl = "http://a"\nisolation = "process"', "needs a command"),
        ('[gateway]\nurl = "http://a"\nagents = { cc = 1 }', "$.gateway.agents"),
    ],
)
def test_a_wrong_gateway_is_refused_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load(written(tmp_path, text))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[provider]", "$.provider.url"),
        ("[provider]\nurl = 8001", "$.provider.url"),
        ('[provider]\nurl = "127.0.0.1:8001"', "$.provider.url"),
        ('[provider]\nurl = "ftp://127.0.0.1"', "$.provider.url"),
        ('[provider]\nurl = "http://"', "$.provider.url"),
        ('[provider]\nurl = "http://127.0.0.1:65536"', "$.provider.url"),
        ('[provider]\nurl = "http://user:secret@127.0.0.1"', "$.provider.url"),
        ('[provider]\nurl = "http://127.0.0.1/?x=1"', "$.provider.url"),
        ('[provider]\nurl = "http://a"\ncontrol = 8003', "$.provider.control"),
        ('[provider]\nurl = "http://a"\ncontrol = "127.0.0.1:8003"', "$.provider.control"),
        ('[provider]\nurl = "http://a"\ncontrol = "http://a/?x=1"', "$.provider.control"),
        ('[provider]\ncontrol = "http://a"', "$.provider.url"),
        ("", "names no system: add [gateway] with command"),
        ("[clock]\ntolerance_ms = 10", "names no system"),
        ('provider = "http://127.0.0.1:8001"', "$.provider"),
        ('[provider]\nurl = "http://a"\nurll = "http://b"', "urll"),
        ('[provider]\nurl = "http://a"\nready.path = "health"', "$.provider.ready.path"),
        ('[provider]\nurl = "http://a"\nready.statuses = [2000]', "$.provider.ready.statuses[0]"),
        ('[provider]\nurl = "http://a"\nready.statuses = []', "$.provider.ready.statuses"),
        ('[provider]\nurl = "http://a"\nready.within_seconds = -1', "$.provider.ready.within"),
        ('[provider]\nurl = "http://a"\n[provider.variants]\nx = 1', "$.provider.variants.x"),
        ("[clock]\ntolerance_ms = 0", "$.clock.tolerance_ms"),
        ("[proxxy]\nurl = 1", "proxxy"),
        ("[proxy]", "neither a command nor a url"),
        ('[proxy]\nurl = "127.0.0.1:8080"', "$.proxy.url"),
        ('[proxy]\nurl = "http://a"\ncontrol = "http://b"', "control"),
        ('[proxy]\nurl = "http://a"\nagent = "cheap"', "agent"),
        ('[proxy]\nurl = "http://a"\nlogs = "proxy.log"', "$.proxy.logs"),
        ('[proxy]\nurl = "http://a"\nlogs.default = ""', "$.proxy.logs.default"),
        ('[proxy]\nurl = "http://a"\nlogs.default = 5', "$.proxy.logs.default"),
        ('[proxy]\nurl = "http://a"\nvariants.tls = "b"', "$.proxy.variants.tls"),
        ('[provider]\nurl = "http://a"\nlogs.default = "x"', "logs"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_key(tmp_path: Path, text: str, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ProfileError) as caught:
        load(path)
    assert place in str(caught.value)


def test_all_mistakes_of_a_profile_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        load(written(tmp_path, "[provider]\nurl = 1\nready.path = 2\n[clock]\ntolerance_ms = -1"))
    assert len(str(caught.value).splitlines()) == 4


def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"is not TOML: .*line 2"):
        load(written(tmp_path, "[provider]\nurl =\n"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(b"[provider]\n\xff\xfe")
    with pytest.raises(ProfileError, match="is not UTF-8 in line 2: save it as UTF-8"):
        load(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "profile.toml"
    path.write_bytes(b'\xef\xbb\xbf[provider]\nurl = "http://a"\n')
    assert load(path).systems["provider"].urls == {"default": "http://a"}


def test_a_directory_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="is a directory: name the file in it"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("said", "ready"),
    [
        ("", Readiness()),
        ("ready.within_seconds = 2", Readiness(within=2)),
        ('ready.path = "/up"', Readiness("/up", (200,))),
        ("ready.statuses = [204]", Readiness("/health", (204,))),
    ],
)
def test_only_a_path_or_statuses_say_what_tells_that_a_system_is_ready(
    tmp_path: Path, said: str, ready: Readiness
) -> None:
    profile = load(written(tmp_path, f'[gateway]\nurl = "http://a"\n{said}'))
    assert profile.systems["gateway"].ready == ready


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('key = "s p\\u00e9 c"', "[gateway] key: expected letters, digits and signs of ASCII"),
        ('key = "s3cret\\n"', "[gateway] key: expected letters"),
        ('key = "${THE_KEY}"', "[gateway] key: expected letters"),
        ('key = "${EMPTY}"', "[gateway] key: expected a key, got an empty one"),
        ('headers = { X = "s3cret\\r\\nY: 1" }', "[gateway] headers, X: expected letters"),
        ('headers = { "X Y" = "1" }', "headers: expected a name of letters, digits and any of"),
        ('headers = { "A: s3cret" = "1" }', "got one that goes on otherwise after 'A'"),
        ('headers = { "" = "1" }', "[gateway] headers: expected a name"),
        (
            'variants.keys = { url = "http://b", key = " " }',
            "[gateway.variants.keys] key: expected letters",
        ),
    ],
)
def test_what_no_header_can_carry_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, place: str
) -> None:
    monkeypatch.setenv("THE_KEY", "s3cret\t\n")
    monkeypatch.setenv("EMPTY", "")
    with pytest.raises(ProfileError) as caught:
        load(written(tmp_path, f'[gateway]\nurl = "http://a"\n{text}'))
    assert place in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_what_headers_can_carry_is_taken(tmp_path: Path) -> None:
    text = '[gateway]\nurl = "http://a"\nkey = "a b~!"\nheaders = { X-Tenant = "" }'
    place = load(written(tmp_path, text)).systems["gateway"].places["default"]
    assert place.headers == {"Authorization": "Bearer a b~!", "X-Tenant": ""}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://user:s3cret@a", "leave the user and the password before the @ out of the URL"),
        ("http://user:s3c/ret#@a", "leave the user and the password"),
        ("http://a/?x=s3cret", "leave the query out"),
        ("http://a/#s3cret", "leave the fragment out"),
        ("http://a:99999", "expected a port from 1 to 65535"),
        ("http://[::1]:0", "expected a port from 1 to 65535"),
        ("http://a b", "expected no spaces in the URL"),
        ("ftp://a", "expected http:// or https:// at the beginning"),
        ("http://", "expected a URL such as http://127.0.0.1:8001"),
    ],
)
def test_a_wrong_url_is_refused_with_its_cause_and_not_shown(
    tmp_path: Path, url: str, said: str
) -> None:
    for text in (f'url = "{url}"', f'url = "http://a"\nvariants.sse = "{url}"'):
        with pytest.raises(ProfileError) as caught:
            load(written(tmp_path, f"[gateway]\n{text}"))
        assert said in str(caught.value)
        assert "s3c" not in str(caught.value)


def test_the_schema_has_the_same_pattern_of_urls() -> None:
    schema = json.loads((shipped.SCHEMAS / "sluicegate" / "profile.json").read_bytes())
    assert schema["$defs"]["url"]["pattern"] == PATTERN


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://a/v1", "/v1"),
        ("http://a/x/v1//", "/v1"),
        ("http://a/v1/chat/completions", "/v1/chat/completions"),
        ("http://a/v1/x", ""),
        ("http://v1", ""),
    ],
)
def test_the_url_of_an_api_is_told_from_that_of_a_gateway(url: str, part: str) -> None:
    said = f"leave {part} out: the gateway's URL is what comes before it"
    assert api_trouble(url) == (said if part else "")


def test_what_is_wrong_is_left_out_and_the_rest_stays() -> None:
    document = {
        "gateway": {
            "url": 1,
            "nmae": "x",
            "known_failures": [{"reason": "x"}, {"requirement": "A-1"}, _KNOWN],
        },
        "proxy": {"ulr": "http://a"},
        "clokc": {},
    }
    left = rest(document)
    assert left == {
        "gateway": {"url": "http://127.0.0.1:9", "known_failures": [_KNOWN]},
        "proxy": {"url": "http://127.0.0.1:9"},
    }
    assert departures(left) == []


_KNOWN = {"requirement": "A-1", "reason": "x", "expires": "2020-01-01"}


def test_a_missing_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"cannot be read: No such file"):
        load(tmp_path / "none.toml")
