import base64
import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from sluicegate import shipped
from sluicegate.report import html

from . import example
from .example import Json, document, scenario

VOID = {"meta", "input", "br", "hr", "img", "link"}
REQUESTING = {
    "link",
    "img",
    "iframe",
    "object",
    "embed",
    "audio",
    "video",
    "source",
    "base",
    "form",
}
CLOSED_LISTS = {"outcome", "verdict", "state", "claim", "kind", "anchors"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"onload="alert(1)',
    "'onload='alert(1)",
    "</style></svg></pre></title><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp;amp;",
    "<!-- --><![CDATA[",
    "\x00\x07\x1b[31m\x7f\x85",
    "\u202egnp.exe \u2066\u200f\ufeff\u061c",
    "\ud800 \udfff \U000e0041",
    "x" * 5000,
    "",
]


class Page(HTMLParser):
    """The elements of a page, its ids, what it refers to, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def source() -> str:
    return html.render(example.gallery())


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def replaced(value: Any, text: str, key: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        inner = value.items()
        return {name: replaced(each, text, name) for name, each in inner}
    if isinstance(value, list):
        return [replaced(each, text, key) for each in value]
    return text if isinstance(value, str) and key not in CLOSED_LISTS else value


def hostile(text: str) -> Json:
    """Put a text wherever a text may be, but where the form allows some words only."""
    told: Json = replaced(example.gallery(), text)
    told["values"] = {text: [text]}
    told["contract"]["sha256"] = {text: text}
    told["verdict"]["outcome"] = "not conformant"
    return told


def test_the_examples_are_of_the_reports_form() -> None:
    form = json.loads((shipped.SCHEMAS / "sluicegate" / "conformance.json").read_text())
    Draft202012Validator(form).validate(example.gallery())


def test_a_page_is_well_formed(page: Page) -> None:
    assert page.open == []


def test_a_page_asks_nothing_of_the_network(page: Page, source: str) -> None:
    assert not REQUESTING & {tag for tag, _ in page.elements}
    assert all(to.startswith("#") for to in page.values("href"))
    assert "@import" not in source
    assert "url(" not in source


def test_a_page_forbids_itself_everything_but_its_own_style_and_script(
    page: Page, source: str
) -> None:
    policy = next(value for value in page.values("content") if value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inner,) = re.findall(f"<{tag}>(.*?)</{tag}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_a_page_has_no_style_and_no_script_in_its_elements(page: Page) -> None:
    names = {name for _, name, _ in page.attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]


def test_every_id_is_there_once_and_every_link_leads_somewhere(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    wanted = {to.removeprefix("#") for to in page.values("href")}
    assert wanted | {*page.values("aria-labelledby")} <= set(ids)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_a_part_of_the_page(text: str) -> None:
    written = html.render(hostile(text))
    written.encode()
    told, expected = Page(written), Page(html.render(hostile(text and "harmless")))
    assert told.elements == expected.elements
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&amp;", "<b>&amp;"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("\u202eb", "\\u202eb"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("Grüße 漢字 🎉 שלום", "Grüße 漢字 🎉 שלום"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_what_is_invisible_is_shown_and_the_rest_is_as_it_is(text: str, shown: str) -> None:
    assert shown in Page(html.render(document([scenario(text)]))).text


def test_the_verdict_is_said_in_words_and_comes_first(page: Page) -> None:
    said = page.said
    places = [
        said.index(words, said.index("Skip to the scenarios"))
        for words in (
            "not conformant",
            "LiteLLM 1.102.4 is not conformant: 7 of 212 scenarios failed.",
            "STREAM-004 (the gateway): the first chunk waited for the last one",
            "3 failed",
            "litellm.toml",
            "91.2 s on the wall clock, 8 workers",
            "No chunk waits for another one: each arrives before the next is sent",
        )
    ]
    assert places == sorted(places)


def test_a_run_in_which_all_passed_says_so() -> None:
    scenarios = [scenario("x")]
    passed = example.requirement("STREAM-004", "passed", scenarios)
    said = Page(html.render(document(scenarios, requirements=[passed]))).said
    assert "No requirement failed. 1 requirement: 1 passed" in said


def test_requirements_that_failed_come_first_and_those_that_passed_are_folded(
    source: str,
) -> None:
    ids = ("STREAM-004", "PARTIAL-003", "BREAKER-003", "other requirements", "STREAM-001")
    places = [source.index(f"{each}</th>" if "-" in each else each) for each in ids]
    assert places == sorted(places)


def test_a_requirement_that_failed_leads_to_the_scenarios_that_did_not_pass() -> None:
    scenarios = [scenario("One"), scenario("Two", "failed"), scenario("Three")]
    failed = example.requirement("STREAM-004", "failed", scenarios)
    failed["sentence"] = "`<b>` comes first"
    written = html.render(document(scenarios, requirements=[failed]))
    assert "<p><code>&lt;b&gt;</code> comes first</p>" in written
    assert (
        "1 of 3 scenarios Two failed features/gateway/streaming.feature:12 core"
        in Page(written).said
    )


def test_capabilities_values_and_known_failures_are_told(page: Page) -> None:
    for words in (
        "half_open unknown documented nowhere",
        "logs no no JSON 4 skipped",
        "final_error_status 500, 502",
        "PARTIAL-003 The agent resets * sends its error event without a type 2027-06-30 holds",
    ):
        assert words in page.said


@pytest.mark.parametrize("outcome", example.OUTCOMES)
def test_a_scenario_is_open_if_it_failed_or_was_not_judged(outcome: str) -> None:
    page = Page(html.render(document([scenario("x", outcome)])))
    place = next(n for n, each in enumerate(page.elements) if "data-outcome" in each[1])
    assert ("open" in page.elements[place][1]) == (outcome in {"failed", "not judged"})


def test_a_failed_scenario_tells_its_steps_its_reason_and_who_is_to_blame(page: Page) -> None:
    told = page.said.partition("Words 100 ms apart failed")[2]
    for words in (
        "STREAM-004 core needs streaming 610 ms features/gateway/streaming.feature:12",
        "the first chunk waited for the last one To blame: the gateway",
        "When the client asks for a stream with | name | value |",
        "Then the chunks with text arrive 100 ms apart failed",
        "And the stream ends with one [DONE] not run",
        "expected chunk 2 before chunk 3 was sent",
        "WARN: buffering is on",
    ):
        assert words in told


def test_every_exchange_has_a_picture_that_is_told_in_words(page: Page) -> None:
    exchanges = sum(len(each) for each in example.PICTURES.values())
    labelled = [
        value for value in page.values("aria-labelledby") if re.fullmatch(r"s\d+-\d+", value)
    ]
    assert len(labelled) == exchanges
    assert "the client got 7 chunks together at 610 ms" in page.said


def test_scenarios_are_listed_by_file_and_rule() -> None:
    rules = (("a.feature", "One"), ("a.feature", "Two"), ("b.feature", ""))
    scenarios = [
        scenario("x", id=f"{path}::{rule}", path=path, rule=rule, feature=path.upper())
        for path, rule in rules
    ]
    said = Page(html.render(document(scenarios))).said
    order = [said.rindex(words) for words in ("A.FEATURE", "One", "Two", "B.FEATURE")]
    assert order == sorted(order)


def test_a_run_in_which_nothing_ran_has_a_page_too() -> None:
    verdict = {
        "outcome": "not judged",
        "exit_code": 2,
        "sentence": "The gateway did not start.",
        "reasons": [],
    }
    system = {"kind": "gateway", "name": "X", "version": None, "where": "at http://127.0.0.1:1"}
    empty: Json = {"requirements": [], "capabilities": [], "known_failures": []}
    page = Page(html.render(document(verdict=verdict, system=system, values={}, **empty)))
    assert "not judged The gateway did not start." in page.said
    assert "No requirement failed." not in page.said
    assert "Capabilities" not in page.said
    assert "How to read the pictures" not in page.said


def test_a_thousand_scenarios_fit_into_a_page_that_a_mail_can_carry() -> None:
    size = len(html.render(example.many(100)).encode())
    assert size < 1_500_000


def contrast(one: str, other: str) -> float:
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def schemes(source: str) -> Iterator[dict[str, str]]:
    for place in (r"^:root", r"^@media screen \S+ \(prefers-color-scheme: dark\) \{\s+:root"):
        blocks = re.findall(place + r" \{(.*?)\}", source, re.DOTALL | re.MULTILINE)
        yield dict(re.findall(r"--([\w-]+): (#\w{6});", "".join(blocks)))


TEXTS = ("ink", "quiet", "accent", "good", "bad", "known", "noted", "open")


def test_texts_have_the_contrast_that_eyes_need(source: str) -> None:
    grounds = ("paper", "raised")
    for colours in schemes(source):
        pairs = [*itertools.product(TEXTS, grounds), ("bad", "bad-wash"), ("ink", "bad-wash")]
        low = {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5}
        assert not low


def test_lines_and_marks_have_the_contrast_that_eyes_need(source: str) -> None:
    for colours in schemes(source):
        assert contrast(colours["edge"], colours["paper"]) >= 3
