from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.provider.parameters import LONGEST, PARAMETERS
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.script import Script
from sluicegate.provider.selection import select


def read_faults(query: bytes) -> Script:
    return select(query, None, None, {}).script


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", Script()),
        ("delay=0", Script()),
        ("delay=3000", Script(delay=3.0)),
        ("delay=007", Script(delay=0.007)),
        (f"delay={LONGEST}", Script(delay=86_400.0)),
        ("fail=400", Script(fail=400)),
        ("fail=599", Script(fail=599)),
        ("fail=timeout", Script(fail="timeout")),
        ("stream=true", Script(stream=True)),
        ("stream=false", Script(stream=False)),
        ("fail_chunk=0", Script()),
        ("fail_chunk=3", Script(fail_chunk=3)),
        ("%66ail=%34%32%39", Script(fail=429)),
        (
            "delay=1&fail=500&stream=true&fail_chunk=2",
            Script(delay=0.001, fail=500, stream=True, fail_chunk=2),
        ),
    ],
)
def test_an_accepted_value_is_read(query: str, faults: Script) -> None:
    assert read_faults(query.encode()) == faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("delay", bad) for bad in ("", "abc", "-1", "+1", " 1", "1 ", "nan", "inf", "1e400")],
        *[
            ("delay", bad)
            for bad in ("1.5", "1e3", "0x10", "1_000", "\uff13", "²", "1\n", "86400001")
        ],
        *[("fail", bad) for bad in ("", "42", "maybe", "200", "399", "600", "4\uff129", "429.0")],
        *[("fail", bad) for bad in ("0429", "Timeout", "timeout ", "true", "None", "429\n")],
        *[("fail_chunk", bad) for bad in ("", "x", "-1", "1.0", "1000001", "last", "\uff13")],
        *[("stream", bad) for bad in ("", "perhaps", "TRUE", "True", "1", "0", "yes", "true ")],
    ],
)
def test_a_bad_value_is_refused_with_the_name_and_what_is_accepted(name: str, value: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_faults(f"{name}={quote(value)}".encode())
    assert caught.value.status == 400
    assert caught.value.param == name
    assert PARAMETERS[name].accepts in caught.value.message
    assert repr(value) in caught.value.message


def test_a_long_value_is_refused_in_short() -> None:
    with pytest.raises(RefusedError) as caught:
        read_faults(b"delay=" + b"9" * 5000)
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - {"text"}))
def test_a_parameter_without_a_value_is_refused(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_faults(name.encode())
    assert caught.value.param == name


@pytest.mark.parametrize("query", ["delay=1&delay=2", "delay=1&fail=500&delay=1"])
def test_a_parameter_given_twice_is_refused(query: str) -> None:
    with pytest.raises(RefusedError, match="more than once") as caught:
        read_faults(query.encode())
    assert caught.value.param == "delay"


@pytest.mark.parametrize(
    "name",
    [
        "api-version",
        "beta",
        "upstream",
        "key",
        "file",
        "mail",
        "tail",
        "user",
        "status",
        "a",
        "é",
        "chunk",
        "default",
        "date",
        "model",
        "stop_stream",
        "%00",
        "%ff",
        "=",
    ],
)
@pytest.mark.parametrize("sign", ["", "_stop", "%00", "%ff"])
def test_a_parameter_of_someone_else_is_ignored(name: str, sign: str) -> None:
    assert read_faults(f"{name}{sign}=1&{name}{sign}=2".encode()) == Script()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fail_chnk", "fail_chunk"),
        ("fail-chunk", "fail_chunk"),
        ("failchunk", "fail_chunk"),
        ("failChunk", "fail_chunk"),
        ("fial", "fail"),
        ("fails", "fail"),
        ("Fail", "fail"),
        ("DELAY", "delay"),
        ("dealy", "delay"),
        ("delay_ms", "delay"),
        ("delay%20", "delay"),
        ("steam", "stream"),
        ("streaming", "stream"),
        ("fail:429", "fail"),
        ("?fail", "fail"),
        ("amp;fail_chunk", "fail_chunk"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(RefusedError, match=f"did you mean '{meant}'") as caught:
        read_faults(f"{name}=1".encode())
    assert caught.value.param == name.replace("%20", " ")


def refused_name(query: str | bytes) -> str | None:
    try:
        read_faults(query.encode() if isinstance(query, str) else query)
    except RefusedError as refused:
        return refused.param
    return None


@given(st.binary(max_size=60))
def test_any_query_string_is_read_or_refused(query: bytes) -> None:
    refused_name(query)


values = st.one_of(
    st.text(max_size=6),
    st.integers(-10, 700).map(str),
    st.sampled_from(["timeout", "true", "false", "1e400", "nan", ""]),
)


@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), values))
def test_each_combination_is_accepted_as_a_whole_or_refused_by_name(given: dict[str, str]) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
    refused = refused_name(query)
    assert refused is None or refused in given
