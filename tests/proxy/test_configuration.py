import json
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from sluicegate.errors import SluicegateError
from sluicegate.proxy.configuration import Configuration, ConfigurationError, configuration
from sluicegate.proxy.environment import PROVIDERS
from sluicegate.proxy.settings import Price, Settings, UpstreamSettings
from sluicegate.runtime.server import Certificate
from sluicegate.shipped import FEATURES, SCHEMAS
from sluicegate.upstream.formats import FORMATS
from sluicegate.upstream.limits import Limits

ANTHROPIC = "https://api.anthropic.com"
OPENAI = "https://api.openai.com/v1"
ENVIRON = {
    "ANTHROPIC_API_KEY": "sk-ant-1",
    "OPENAI_API_KEY": "sk-2",
    "PROXY_TOKEN": "t0ken",
    "HOME": "/root",
}
VARIANTS = sorted((FEATURES / "proxy" / "variants").glob("*.toml"))
TOKEN, OWN = "t0ken", "another"
WHOLE = """
token = "${PROXY_TOKEN}"
default = "local"
host = "0.0.0.0"
port = 8443

[upstreams.anthropic]
key = "${ANTHROPIC_API_KEY}"

[upstreams.local]
format = "openai"
base_url = "https://gpu.example/v1"
key = "sk-$$1"
token = "another"
authorities = "ca.pem"
limits = { connect_seconds = 1, first_content_seconds = 2.5, gap_seconds = 3, whole_seconds = inf }
takes_unmarked_end = true

[tls]
certfile = "cert.pem"
keyfile = "key.pem"

[cors]
origins = ["https://app.example", "http://localhost:3000"]

[rate_limit]
requests_per_minute = 60

[prices."claude-sonnet-4-5"]
input = 3.0
output = 15
cache_read = 0.3
cache_write = 3.75

[log]
requests = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configured")
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    return folder


def made(
    folder: Path, text: str, environ: Mapping[str, str] = ENVIRON, suffix: str = ".toml"
) -> Configuration:
    file = folder / f"proxy{suffix}"
    file.write_text(text, encoding="utf-8")
    return configuration(file, environ)


def refused(
    folder: Path, text: str, environ: Mapping[str, str] = ENVIRON, suffix: str = ".toml"
) -> list[str]:
    """Return the lines that a configuration is refused with, without the first."""
    with pytest.raises(ConfigurationError) as error:
        made(folder, text, environ, suffix)
    first, *lines = str(error.value).split("\n  ")
    assert first == f"{folder / 'proxy'}{suffix} makes no proxy:"
    return lines


def upstream(text: str) -> str:
    """Write the table of an upstream that has no other mistakes."""
    return f'[upstreams.openai]\nkey = "sk-3"\n{text}'


NO_UPSTREAM = (
    "upstreams: there is none: set one of ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL, OPENAI_API_KEY,"
    " OPENAI_BASE_URL, or give a file with a table [upstreams.NAME], such as [upstreams.anthropic]"
)


def test_a_whole_file_says_everything(folder: Path) -> None:
    found = made(folder, WHOLE)
    assert found.settings == Settings(
        upstreams=(
            UpstreamSettings("anthropic", "anthropic", ANTHROPIC, "sk-ant-1", TOKEN),
            UpstreamSettings(
                name="local",
                format="openai",
                base_url="https://gpu.example/v1",
                key="sk-$1",
                token=OWN,
                limits=Limits(1, 2.5, 3, math.inf),
                authorities=folder / "ca.pem",
                takes_unmarked_end=True,
            ),
        ),
        default="local",
        token=TOKEN,
        origins=("https://app.example", "http://localhost:3000"),
        requests_per_minute=60,
        prices={"claude-sonnet-4-5": Price(3.0, 15, 0.3, 3.75)},
    )
    assert (found.host, found.port, found.log_requests) == ("0.0.0.0", 8443, True)  # noqa: S104 - as it was written
    assert found.certificate == Certificate(folder / "cert.pem", folder / "key.pem")


def test_yaml_says_the_same(folder: Path) -> None:
    document = tomllib.loads(WHOLE)
    document["upstreams"]["local"]["limits"]["whole_seconds"] = 5
    text = json.dumps(document)
    by_yaml = made(folder, text, suffix=".yaml").settings
    assert by_yaml == made(folder, WHOLE.replace("= inf", "= 5")).settings


def test_the_values_that_are_left_out_are_the_documented_ones(folder: Path) -> None:
    found = made(folder, "", {"OPENAI_API_KEY": "sk-2"})
    assert found.settings == Settings(
        (UpstreamSettings("openai", "openai", OPENAI, "sk-2"),), "openai"
    )
    assert (found.host, found.port, found.certificate) == ("127.0.0.1", 8080, None)
    assert not found.log_requests


@pytest.mark.parametrize(
    ("environ", "upstreams"),
    [
        ({"ANTHROPIC_API_KEY": "a"}, [("anthropic", ANTHROPIC, "a")]),
        ({"OPENAI_API_KEY": "b"}, [("openai", OPENAI, "b")]),
        (
            {"OPENAI_API_KEY": "b", "ANTHROPIC_API_KEY": "a"},
            [("anthropic", ANTHROPIC, "a"), ("openai", OPENAI, "b")],
        ),
        ({"OPENAI_BASE_URL": "http://localhost:1/v1"}, [("openai", "http://localhost:1/v1", "")]),
        (
            {"ANTHROPIC_BASE_URL": "http://localhost:1", "ANTHROPIC_API_KEY": "a"},
            [("anthropic", "http://localhost:1", "a")],
        ),
        ({"OPENAI_API_KEY": "b", "ANTHROPIC_API_KEY": ""}, [("openai", OPENAI, "b")]),
    ],
)
def test_without_a_file_the_environment_says_which_upstreams_there_are(
    environ: dict[str, str], upstreams: list[tuple[str, str, str]]
) -> None:
    settings = configuration(None, {**environ, "PROXY_TOKEN": "t0ken"}).settings
    assert [(each.name, each.base_url, each.key) for each in settings.upstreams] == upstreams
    assert settings.default == upstreams[0][0]
    assert {settings.token, *(each.token for each in settings.upstreams)} == {"t0ken"}


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": "", "PROXY_TOKEN": "t0ken"}])
def test_without_anything_it_is_said_what_to_set(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as error:
        configuration(None, environ)
    assert str(error.value) == (
        "the environment makes no proxy:\n  upstreams: there is none: set one of ANTHROPIC_API_KEY,"
        " ANTHROPIC_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL, or give a file with a table"
        " [upstreams.NAME], such as [upstreams.anthropic]"
    )


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("[upstreams.openai]\n[upstreams.anthropic]", "openai"),
        ('default = "anthropic"\n[upstreams.openai]\n[upstreams.anthropic]', "anthropic"),
    ],
)
def test_the_first_upstream_of_a_file_is_asked_by_default(
    folder: Path, text: str, default: str
) -> None:
    assert made(folder, text).settings.default == default


@pytest.mark.parametrize(
    ("text", "base_url", "key"),
    [
        ("", "http://there:1/v1", "sk-2"),
        ('base_url = ""', "http://there:1/v1", "sk-2"),
        # The file comes before the environment.
        ('key = ""', "http://there:1/v1", ""),
        ('base_url = "http://there:1/v1/"', "http://there:1/v1/", "sk-2"),
        # A key that is somebody else's is not shown to just any server.
        ('base_url = "http://elsewhere:1/v1"', "http://elsewhere:1/v1", ""),
        ('base_url = "http://elsewhere:1/v1"\nkey = "sk-3"', "http://elsewhere:1/v1", "sk-3"),
        ('key = "sk-3"', "http://there:1/v1", "sk-3"),
    ],
)
def test_the_environment_has_what_an_upstream_leaves_out(
    folder: Path, text: str, base_url: str, key: str
) -> None:
    environ = {"OPENAI_API_KEY": "sk-2", "OPENAI_BASE_URL": "http://there:1/v1"}
    settings = made(folder, f'[upstreams.mine]\nformat = "openai"\n{text}', environ).settings
    assert [(each.base_url, each.key) for each in settings.upstreams] == [(base_url, key)]


def test_an_upstream_that_is_a_proxy_gets_nothing_from_the_environment(folder: Path) -> None:
    text = '[upstreams.proxy]\nbase_url = "http://there:8080"'
    (found,) = made(folder, text).settings.upstreams
    assert (found.format, found.key, found.token) == ("proxy", "", "t0ken")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", ["t0ken", "t0ken", "t0ken"]),
        # The file comes before the environment.
        ('token = ""', ["", "", ""]),
        ('token = ""\nupstreams.openai.token = "its"', ["its", "its", ""]),
        ('upstreams.openai.token = ""', ["t0ken", "t0ken", "t0ken"]),
        ('token = "mine"', ["mine", "mine", "mine"]),
        ('token = "mine"\nupstreams.openai.token = "its"', ["mine", "its", "mine"]),
        ('token = "mine"\nupstreams.openai.token = ""', ["mine", "mine", "mine"]),
    ],
)
def test_an_upstream_asks_for_its_own_token_or_else_for_that_of_all(
    folder: Path, text: str, tokens: list[str]
) -> None:
    settings = made(folder, f"{text}\nupstreams.openai.key = 'x'\n[upstreams.anthropic]").settings
    assert [settings.token, *(each.token for each in settings.upstreams)] == tokens


def test_an_upstream_with_a_token_of_its_own_is_not_open_by_default(folder: Path) -> None:
    settings = made(folder, upstream('token = "its"'), {}).settings
    assert (settings.default, settings.token) == ("openai", "its")


def test_no_secret_is_in_the_representation(folder: Path) -> None:
    shown = repr(made(folder, WHOLE))
    assert not [secret for secret in ("sk-", "t0ken", "another") if secret in shown]


def test_it_is_known_where_a_value_comes_from(folder: Path) -> None:
    text = 'token = "x${PROXY_TOKEN}-${HOME}"\n[upstreams.openai]\n[upstreams.anthropic]\nkey = "x"'
    found = made(folder, text)
    assert found.source("token") == "PROXY_TOKEN, HOME"
    assert found.source("upstreams", "openai", "key") == "OPENAI_API_KEY"
    assert found.source("upstreams", "openai", "base_url") == "the default"
    assert found.source("upstreams", "openai", "format") == "its name"
    assert found.source("upstreams", "anthropic", "key") == "the file"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('tokn = "s3cret"', "tokn: is unknown; did you mean token?"),
        (
            "xyzzy = 1",
            (
                "xyzzy: is unknown; known are token, default, host, port, upstreams, tls, cors,"
                " rate_limit, prices, log"
            ),
        ),
        ('port = "8080"', "port: expected an integer, got the string '8080'"),
        ("port = 65536", "port: expected a number of at most 65535, got 65536"),
        ('host = ""', "host: expected at least 1 character, got 0"),
        ("token = 123456", "token: expected a string, got something else"),
        (
            'token = "a s3cret"',
            ("token: expected visible ASCII characters without spaces (the value is secret)"),
        ),
        (
            'default = "opnai"\n[upstreams.openai]',
            ("default: there is no upstream 'opnai'; did you mean openai?"),
        ),
        (
            'default = "x"\n[upstreams.openai]\n[upstreams.anthropic]',
            ("default: there is no upstream 'x'; there are openai, anthropic"),
        ),
        ("[upstreams]", NO_UPSTREAM),
        (
            'token = "$PROXY_TOKEN"',
            (
                "token: expected braces around the name of an environment variable: write"
                " ${PROXY_TOKEN}; to mean the text itself, write $$PROXY_TOKEN"
            ),
        ),
        (
            upstream("base_url = 'https://there/v1/chat/completions'"),
            (
                "upstreams.openai.base_url: expected one without /chat/completions at its end: it"
                " would ask POST https://there/v1/chat/completions/chat/completions"
            ),
        ),
        (
            '[upstreams]\nopenai = "sk-s3cret"',
            ("upstreams.openai: expected a table, with keys and values, got something else"),
        ),
        (
            '[[upstreams]]\nkey = "sk-s3cret"',
            ("upstreams: expected a table, with keys and values, got something else"),
        ),
        (
            '[upstreams."a/b"]\nformat = "openai"',
            (
                'upstreams["a/b"]: expected a name of letters, digits and -_. that begins with a'
                " letter or a digit"
            ),
        ),
        (
            '[upstreams.".."]\nformat = "openai"',
            (
                'upstreams[".."]: expected a name of letters, digits and -_. that begins with a'
                " letter or a digit"
            ),
        ),
        (
            "[upstreams.local]",
            (
                "upstreams.local.format: is missing, as the name is none of them: openai,"
                " anthropic, proxy"
            ),
        ),
        (
            "[upstreams.proxy]",
            (
                "upstreams.proxy.base_url: is missing: it is that of a proxy, such as"
                " http://127.0.0.1:8080"
            ),
        ),
        (
            upstream('format = "gemini"'),
            ("upstreams.openai.format: expected one of anthropic, openai, proxy, got 'gemini'"),
        ),
        (
            upstream('base_url = "ftp://u:s3cret@x"'),
            (
                "upstreams.openai.base_url: expected a base URL such as https://api.openai.com/v1,"
                " without user, password or #, got one with scheme 'ftp' and host 'x'"
            ),
        ),
        (
            upstream('base_url = "http://s3cret:x:y"'),
            ("upstreams.openai.base_url: expected a URL as the base URL, got one with mistakes"),
        ),
        (
            '[upstreams.openai]\nkey = "sk-s3cr\u00e9t"',
            (
                "upstreams.openai.key: expected visible ASCII characters without spaces (the value"
                " is secret)"
            ),
        ),
        (
            '[upstreams.openai]\nkey = ["sk-s3cret"]',
            ("upstreams.openai.key: expected a string, got something else"),
        ),
        (
            upstream('token = "${NOWHERE}"'),
            (
                "upstreams.openai.token: the environment variable NOWHERE is not set; export it, or"
                " write the value itself"
            ),
        ),
        (upstream('base_ur = "x"'), "upstreams.openai.base_ur: is unknown; did you mean base_url?"),
        (
            upstream("limits = { gap = 1 }"),
            (
                "upstreams.openai.limits.gap: is unknown; known are connect_seconds,"
                " first_content_seconds, gap_seconds, whole_seconds"
            ),
        ),
        (
            upstream("limits = { gap_seconds = 0 }"),
            ("upstreams.openai.limits.gap_seconds: expected a number above 0, got 0"),
        ),
        (
            upstream("limits = { gap_seconds = nan }"),
            ("upstreams.openai.limits.gap_seconds: expected a number above 0, got NaN"),
        ),
        (
            upstream('takes_unmarked_end = "no"'),
            ("upstreams.openai.takes_unmarked_end: expected true or false, got the string 'no'"),
        ),
        (
            upstream('authorities = "nowhere.pem"'),
            (
                "upstreams.openai.authorities: 'nowhere.pem' cannot be used: No such file or"
                " directory; it must be PEM"
            ),
        ),
        ('[tls]\ncertfile = "cert.pem"', "tls.keyfile: is missing"),
        (
            '[tls]\ncertfile = "nowhere.pem"\nkeyfile = "key.pem"',
            ("tls.certfile: there is no file 'nowhere.pem'"),
        ),
        (
            '[cors]\norigins = "https://app.example"',
            ("cors.origins: expected an array, got the string 'https://app.example'"),
        ),
        (
            '[cors]\norigins = ["https://app.example/"]',
            (
                "cors.origins[0]: expected a string such as 'https://app.example' or '*', got"
                " 'https://app.example/'"
            ),
        ),
        (
            '[cors]\norigins = ["*", "https://app.example"]',
            ("cors.origins: expected '*' alone, or origins without it"),
        ),
        (
            '[cors]\norigins = ["http://localhost:3000", "http://app.example:80"]',
            (
                "cors.origins[1]: expected it without :80, which browsers leave out, got"
                " 'http://app.example:80'"
            ),
        ),
        (
            "[rate_limit]\nrequests_per_minute = 0",
            ("rate_limit.requests_per_minute: expected a number of at least 1, got 0"),
        ),
        (
            "[rate_limit]\nrequests_per_minute = 1.5",
            ("rate_limit.requests_per_minute: expected an integer, got the number 1.5"),
        ),
        (
            '[prices."gpt-4"]\ninput = -1',
            ('prices["gpt-4"].input: expected a number of at least 0, got -1'),
        ),
        (
            "[prices.m]\noutput = inf",
            ("prices.m.output: expected a number of at most 1000000, got Infinity"),
        ),
        ("[log]\nrequest = true", "log.request: is unknown; did you mean requests?"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_accepted(
    folder: Path, text: str, line: str
) -> None:
    assert refused(folder, text) == [line]
    assert "s3cr" not in line


@pytest.mark.parametrize("environ", [{}, {"PROXY_TOKEN": "t0ken"}])
def test_a_file_with_a_token_alone_is_told_how_to_name_an_upstream(
    folder: Path, environ: dict[str, str]
) -> None:
    assert refused(folder, 'token = "mine"', environ) == [NO_UPSTREAM]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("token = '${EMPTY}'", "token"),
        ("token = '${EMPTY}${EMPTY}'", "token"),
        (upstream("token = '${EMPTY}'"), "upstreams.openai.token"),
        ("[upstreams.openai]\nkey = '${EMPTY}'", "upstreams.openai.key"),
    ],
)
def test_a_secret_that_an_empty_variable_has_lost_is_refused(
    folder: Path, text: str, where: str
) -> None:
    (line,) = refused(folder, text, {**ENVIRON, "EMPTY": ""})
    words = 'the environment variable EMPTY is empty; set it, or write "" for none'
    assert re.sub(r" \(from .*?\)", "", line) == f"{where}: {words}"


@pytest.mark.parametrize(
    ("text", "where", "expected"),
    [
        ("upstreams:", "upstreams", "a table, with keys and values"),
        ("upstreams: {openai: }", "upstreams.openai", "a table, with keys and values"),
        ("token:", "token", "a string"),
        ("upstreams: {openai: {key: }}", "upstreams.openai.key", "a string"),
    ],
)
def test_what_is_left_empty_in_yaml_is_nothing(
    folder: Path, text: str, where: str, expected: str
) -> None:
    assert refused(folder, text, suffix=".yaml") == [f"{where}: expected {expected}, got nothing"]


@pytest.mark.parametrize("variant", VARIANTS, ids=[path.stem for path in VARIANTS])
def test_no_token_of_the_environment_changes_a_variant_of_the_features(variant: Path) -> None:
    environ = {"PROVIDER_URL": "http://there:1", "PROXY_URL": "http://there:2"}
    expected = configuration(variant, environ).settings
    assert configuration(variant, {**ENVIRON, **environ}).settings == expected


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    text = 'prot = 1\nhost = 2\n[upstreams.openai]\nkey = "${NO}"\ntoken = "${NONE}"\nformat = "x"'
    assert [line.partition(":")[0] for line in refused(folder, text)] == [
        "upstreams.openai.key",
        "upstreams.openai.token",
        "prot",
        "host",
        "upstreams.openai.format",
    ]
    text = 'default = "x"\ntoken = "a b"\n[upstreams.a]\n[upstreams.openai]\nbase_url = "x"'
    assert [line.partition(":")[0] for line in refused(folder, text)] == [
        "default",
        "token",
        "upstreams.a.format",
        "upstreams.openai.base_url",
    ]


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("OPENAI_API_KEY", "sk-s3cret\n", "upstreams.openai.key (from OPENAI_API_KEY): expected v"),
        ("OPENAI_BASE_URL", "x", "upstreams.openai.base_url (from OPENAI_BASE_URL): expected a ba"),
        ("PROXY_TOKEN", "s3cret s3cret", "token (from PROXY_TOKEN): expected visible ASCII"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    variable: str, value: str, line: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        configuration(None, {"OPENAI_API_KEY": "sk-2", variable: value})
    assert str(error.value).startswith(f"the environment makes no proxy:\n  {line}")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = '${HIDDEN}'", "port (from HIDDEN): expected an integer, got something else"),
        (
            upstream("format = '${HIDDEN}'").replace("openai", "mine"),
            (
                "upstreams.mine.format (from HIDDEN): expected one of anthropic, openai, proxy,"
                " got something else"
            ),
        ),
        ("default = '${HIDDEN}'", "default (from HIDDEN): there is no upstream '${HIDDEN}'; there"),
        (
            "tls = {certfile = '${HIDDEN}', keyfile = 'key.pem'}",
            "tls.certfile (from HIDDEN): there is no file '${HIDDEN}'",
        ),
        (
            upstream("authorities = 'x/${HIDDEN}.pem'"),
            "upstreams.openai.authorities (from HIDDEN): 'x/${HIDDEN}.pem' cannot be used: No such",
        ),
    ],
)
def test_what_a_variable_holds_is_never_shown(folder: Path, text: str, line: str) -> None:
    (told,) = refused(folder, text, {**ENVIRON, "HIDDEN": "s3cret"})
    assert told.startswith(line)
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("certfile", "keyfile"), [("key.pem", "key.pem"), ("cert.pem", "cert.pem")]
)
def test_a_certificate_that_is_none_is_refused(folder: Path, certfile: str, keyfile: str) -> None:
    (line,) = refused(folder, f'[tls]\ncertfile = "{certfile}"\nkeyfile = "{keyfile}"')
    assert line.startswith("tls: cannot be used: ")


def test_authorities_that_are_none_are_refused(folder: Path) -> None:
    (line,) = refused(folder, upstream('authorities = "key.pem"'))
    assert line.startswith("upstreams.openai.authorities: 'key.pem' cannot be used: ")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SluicegateError, match=r"nowhere\.toml: cannot be read: No such file"):
        configuration(tmp_path / "nowhere.toml", ENVIRON)


def test_the_schema_knows_every_format() -> None:
    schema = json.loads((SCHEMAS / "sluicegate" / "proxy.json").read_text())
    assert sorted(FORMATS) == schema["$defs"]["upstream"]["properties"]["format"]["enum"]
    assert PROVIDERS.keys() < FORMATS.keys()
