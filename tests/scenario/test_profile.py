from pathlib import Path

import pytest

from sluicegate.scenario.profile import External, Profile, ProfileError, Readiness, load


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text)
    return path


def test_a_profile_with_an_url_is_enough(tmp_path: Path) -> None:
    profile = load(written(tmp_path, '[provider]\nurl = "http://127.0.0.1:8001/"\n'))
    assert profile == Profile({"provider": External({"default": "http://127.0.0.1:8001"})})


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
    assert profile.systems["provider"] == External(
        {"default": "http://127.0.0.1:8001", "unhealthy": "http://127.0.0.1:8002"},
        Readiness("/ready", (200, 204), 2.5),
        "http://127.0.0.1:8003",
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
    assert profile.systems == {
        "proxy": External(
            {"default": "https://127.0.0.1:8080/agents", "logs": "http://127.0.0.1:8081"},
            logs={"default": tmp_path / "proxy.log", "logs": Path("/var/log/proxy.log")},
        )
    }


def test_a_profile_names_a_proxy_and_the_provider_that_it_asks(tmp_path: Path) -> None:
    text = '[proxy]\nurl = "http://a"\n[provider]\nurl = "http://b"\nagent = "cheap"\n'
    profile = load(written(tmp_path, text))
    assert list(profile.systems) == ["proxy", "provider"]
    assert profile.systems["provider"].agent == "cheap"


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
        ("", "names no system"),
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
        ("[proxy]", "$.proxy.url"),
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
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="is not TOML"):
        load(path)


def test_a_missing_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"cannot be read: No such file"):
        load(tmp_path / "none.toml")
