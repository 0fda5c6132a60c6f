import math
from pathlib import Path
from typing import Any

import pytest

from sluicegate.errors import SluicegateError
from sluicegate.settings.files import read_file

HIDDEN = "sk-s3cret"


def read(tmp_path: Path, name: str, content: str | bytes) -> dict[str, Any]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", 'a = 1\n[b]\nc = ["x", true]\n'),
        ("a.TOML", 'a = 1\r\n[b]\r\nc = ["x", true]\r\n'),
        ("a.toml", b'\xef\xbb\xbfa = 1\nb.c = ["x", true]'),
        ("a.yaml", "a: 1\nb:\n  c: [x, true]\n"),
        ("a.yml", "%YAML 1.2\n---\na: 1\r\nb: {c: [x, true]}\r\n"),
        ("a.yaml", b"\xef\xbb\xbfa: 1\nb: {c: [x, true]}"),
        ("a.yaml", '{"a": 1, "b": {"c": ["x", true]}}'),
    ],
)
def test_toml_and_yaml_say_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert read(tmp_path, name, content) == {"a": 1, "b": {"c": ["x", True]}}


def test_the_words_of_old_yaml_are_words(tmp_path: Path) -> None:
    document = read(tmp_path, "a.yaml", "level: off\nretention: none\nno: yes\na: {}")
    assert document == {"level": "off", "retention": "none", "no": "yes", "a": {}}


@pytest.mark.parametrize(("name", "content"), [("a.toml", "a = inf"), ("a.yaml", "a: .inf")])
def test_no_limit_can_be_written(tmp_path: Path, name: str, content: str) -> None:
    assert read(tmp_path, name, content) == {"a": math.inf}


def test_an_empty_toml_file_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "a.toml", "") == {}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", f'a = 1\nkey = "{HIDDEN}\n', "is not TOML: "),
        ("a.toml", "a = 1\nb = = 2", "is not TOML: Invalid value (at line 2, column 5)"),
        ("a.toml", f'key = "{HIDDEN}"\nkey = "{HIDDEN}"', "is not TOML: Cannot overwrite a value"),
        ("a.toml", "[a]\nb = 1\n[a]\nb = 2", "is not TOML: "),
        ("a.toml", b"a = 1\n# caf\xe9", "line 2: expected UTF-8"),
        ("a.toml", "a = " + "[" * 100_000, "is nested too deeply"),
        (
            "a.yaml",
            f"a: 1\nkey: {HIDDEN}\nkey: {HIDDEN}",
            'is not YAML: line 3: found duplicate key "key"',
        ),
        ("a.yaml", f"a: 1\nb: {{c: 1, c: {HIDDEN}}}", 'line 2: found duplicate key "c"'),
        ("a.yaml", "a: 1\nb: [", "is not YAML: line 2: expected the node content"),
        ("a.yaml", f"a: {HIDDEN}: b", "is not YAML: line 1: mapping values are not allowed here"),
        ("a.yaml", "a: 1\n\tb: 2", "line 2: "),
        (
            "a.yaml",
            f"a: !!python/object/apply:os.system ['{HIDDEN}']",
            "line 1: could not determine",
        ),
        ("a.yaml", "a: 1\n---\nb: 2", "line 2: but found another document"),
        ("a.yaml", "a: *b", "line 1: expected the value itself, got an alias of it"),
        ("a.yaml", "a: \0", "is not YAML: unacceptable character #x0000"),
        ("a.yaml", f"a: !!int {HIDDEN}", "is not YAML: "),
        ("a.yaml", "a: 2026-99-99", "is not YAML: a date"),
        ("a.yaml", "a: &b [1]\nc: [*b, *b]", "line 2: expected the value itself, got an alias"),
        ("a.yaml", "[" * 1000, "is nested too deeply"),
        ("a.yaml", b"a: caf\xe9", "line 1: expected UTF-8"),
        ("a.yaml", "", "expected keys with values, got nothing"),
        ("a.yaml", "- a\n- b", "expected keys with values, got a list"),
        ("a.yaml", HIDDEN, "expected keys with values, got a str"),
        ("a.yaml", "a: [{8080: b}]", 'expected strings as keys, got 8080: write "8080"'),
        ("a.yaml", "true: 1", 'expected strings as keys, got True: write "True"'),
        ("a.json", "{}", "a file that ends in .toml, .yaml, .yml, got 'a.json'"),
        ("a", "", "a file that ends in .toml, .yaml, .yml, got 'a'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place_and_no_value(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(SluicegateError) as refused:
        read(tmp_path, name, content)
    told = str(refused.value)
    assert told.startswith(f"{tmp_path / name}: ")
    assert message in told
    assert "\n" not in told
    assert HIDDEN not in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SluicegateError, match=r"a\.toml: cannot be read: No such file"):
        read_file(tmp_path / "a.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(SluicegateError, match=r"a\.toml: cannot be read: Is a directory"):
        read_file(tmp_path / "a.toml")
