import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.wire.schema import Profile, explain, violations

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(f"{path.parts[-3]}/{path.name}" for path in GOLDEN.glob("*/good/*"))
PROFILES: tuple[Profile, ...] = ("compatible", "strict")

# Lone surrogates are valid in JSON's escapes, and NaN and Infinity in what Python reads as JSON.
TEXT = st.text(st.characters(codec=None, exclude_categories=()))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
GOOD = {
    name: [
        json.loads(path.read_bytes())["document"]
        for path in sorted(GOLDEN.glob(name.replace("/", "/good/") + "/*.json"))
    ]
    for name in NAMES
}


@st.composite
def spoilt(draw: st.DrawFn, name: str) -> object:
    """A good document with one place replaced by anything."""
    document = copy.deepcopy(draw(st.sampled_from(GOOD[name])))
    node: Any = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or draw(st.booleans()):
            node[key] = draw(VALUES)
            return document
        node = node[key]


def check(document: object, name: str) -> None:
    before = repr(document)
    found = {profile: violations(document, name, profile=profile) for profile in PROFILES}
    for one in found.values():
        explain(one).encode()
        assert len(explain(one).splitlines()) == len(one)
        assert len({violation.path for violation in one}) == len(one)
    assert set(found["compatible"]) <= set(found["strict"])
    assert found["compatible"] == violations(document, name)
    assert repr(document) == before


@given(document=VALUES, name=st.sampled_from(NAMES))
def test_any_json_can_be_judged(document: object, name: str) -> None:
    check(document, name)


@settings(max_examples=300)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_any_spoilt_document_can_be_judged(data: st.DataObject, name: str) -> None:
    check(data.draw(spoilt(name)), name)


@given(document=st.dictionaries(TEXT.map(lambda name: f"x-{name}"), VALUES))
def test_unknown_members_always_pass(document: dict[str, object]) -> None:
    for name, goods in GOOD.items():
        assert violations(document | goods[0], name) == []
