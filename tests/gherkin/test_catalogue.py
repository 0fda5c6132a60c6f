import ast
import base64
import hashlib
import itertools
import re
from collections.abc import Iterator
from contextlib import chdir
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sluicegate import shipped
from sluicegate.gherkin.catalogue import Catalogue, Entry, catalogue, page_of, search
from sluicegate.gherkin.expressions import Sentence
from sluicegate.gherkin.survey import survey

from .project import Project

ROOT = shipped.FEATURES.parent
VOID = {"meta", "input", "br", "hr", "img", "link"}
REQUESTING = {"link", "img", "iframe", "object", "embed", "audio", "video", "source", "base"}
PANTRY = '''
    """The pantry: jars, and what is in them.

    The second line is not for readers of the catalogue.
    """

    from sluicegate.gherkin import given, then, when

    @given("the cook has opened a jar before")
    @when("the cook opens a jar")
    def _() -> None: ...

    @given("a shelf with {int} jar(s) of jam/honey")
    def _(count: int) -> None: ...

    @then("{int} jar(s) is/are {word}")
    def _(count: int, state: str) -> None: ...

    @then("{int} jar(s) is/are {string}")
    def _(count: int, state: str) -> None: ...

    @then("the list is")
    def _(datatable: list[list[str]]) -> None: ...

    @then("the label \\\\(in ink) says")
    def _(docstring: str) -> None: ...
'''
PANTRY_FEATURE = '''
    Feature: Jars
      Background:
        Given a box with 3 apples
      Scenario Outline: Opening <jars>
        Given a shelf with <jars> jars of jam
        When the cook opens a jar
        Then 1 jar is open
        And the list is
          | name | a \\| b |
          | x    | <jars>  |
        And the label (in ink) says
          """
          Plum,
            1926
          """
        Examples:
          | jars |
          | 7    |
          | 8    |
      Scenario: Opening two
        When the cook opens a jar
        And the cook opens a jar
        Then 2 apples are left
'''


@pytest.fixture(scope="module")
def whole() -> Iterator[Catalogue]:
    with chdir(ROOT):
        found = survey(["features"])
        assert found.troubles == ()
        yield catalogue(found.features)


@pytest.fixture(scope="module")
def page(whole: Catalogue) -> str:
    return page_of(whole)


def seen(*paths: str) -> Catalogue:
    return catalogue(survey(paths or ["features"]).features)


def the(text: str, found: Catalogue) -> Entry:
    (entry,) = (entry for entry in found.entries if entry.text == text)
    return entry


def texts(found: Catalogue) -> list[str]:
    return [entry.text for entry in found.entries]


def example_step(entry: Entry) -> str:
    keyword, _, step = entry.example.partition("\n")[0].partition(" ")
    assert keyword == entry.keyword
    return step


def written(module: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the subject, the keyword and the sentence of each step in a module."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        for call in getattr(node, "decorator_list", []):
            assert isinstance(call, ast.Call)
            assert isinstance(call.func, ast.Name)
            yield module.stem, call.func.id.capitalize(), ast.literal_eval(call.args[0])


def said(step: str, below: list[str]) -> Iterator[str]:
    """Yield a step as it stands, or as each row of the Examples below it says it."""
    yield step
    end = next((at for at, line in enumerate(below) if "Scenario" in line), len(below))
    table = itertools.dropwhile(lambda line: "Examples:" not in line, below[:end])
    rows = [[cell.strip() for cell in line.split("|")] for line in table if "|" in line]
    for row in rows[1:]:
        text = step
        for name, cell in zip(rows[0], row, strict=True):
            text = text.replace(f"<{name}>", cell)
        yield text


class Page(HTMLParser):
    """A page read strictly: every tag closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>, {self.getpos()}"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


def test_the_catalogue_holds_every_sentence_of_the_modules_of_steps(whole: Catalogue) -> None:
    expected = sorted(step for module in shipped.STEPS.glob("*.py") for step in written(module))
    listed = [
        (subject.name, entry.keyword, entry.expression)
        for subject in whole.subjects
        for entry in subject.entries
    ]
    assert len(listed) > 40
    assert sorted(listed) == expected


def test_a_subject_says_what_its_module_says(whole: Catalogue) -> None:
    for subject in whole.subjects:
        module = shipped.STEPS / f"{subject.name}.py"
        docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
        assert docstring
        assert subject.description == docstring.splitlines()[0]


def test_every_example_fits_its_own_sentence(whole: Catalogue) -> None:
    for entry in whole.entries:
        assert Sentence(entry.expression).is_matching(example_step(entry)), entry.example


def test_every_use_stands_where_the_catalogue_says(whole: Catalogue) -> None:
    for entry in whole.entries:
        for use in entry.uses:
            lines = (ROOT / use.file).read_text(encoding="utf-8").splitlines()
            keyword, _, step = lines[use.line - 1].strip().partition(" ")
            assert keyword in {"Given", "When", "Then", "And", "But"}
            sentence = Sentence(entry.expression)
            assert any(map(sentence.is_matching, said(step, lines[use.line :]))), (use, step)
            above = (line.strip() for line in reversed(lines[: use.line]))
            title = next(line for line in above if re.match("Scenario|Background", line))
            assert title.partition(": ")[2] in {use.scenario, ""}, use


def test_every_sentence_is_used(whole: Catalogue) -> None:
    assert [entry.text for entry in whole.entries if not entry.uses] == []


def test_every_place_is_that_of_the_step(whole: Catalogue) -> None:
    for entry in whole.entries:
        file, _, line = entry.place.partition(":")
        near = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
        assert entry.expression in "\n".join(near[:3])


def test_every_anchor_is_unique(whole: Catalogue) -> None:
    anchors = [entry.anchor for entry in whole.entries]
    anchors += [subject.anchor for subject in whole.subjects]
    assert len(anchors) == len(set(anchors))
    assert "the-status-is" in anchors


def test_what_a_project_defines_comes_under_its_own_file(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    project.write("features/pantry.feature", PANTRY_FEATURE)
    shared, own = seen().subjects
    assert (shared.name, shared.title) == ("kitchen", "Kitchen")
    assert (own.name, own.title) == ("steps/pantry.py", "steps/pantry.py")
    assert own.description == "The pantry: jars, and what is in them."
    assert [entry.text for entry in own.entries] == [
        "the cook has opened a jar before",
        "the cook opens a jar",
        "a shelf with {int} jar(s) of jam/honey",
        "{int} jar(s) is/are {word}",
        "{int} jar(s) is/are {string}",
        "the list is",
        "the label (in ink) says",
    ]
    assert [part.role for part in own.entries[2].parts] == [
        *("text", "value", "text", "optional", "text", "choice")
    ]


def test_one_function_may_have_two_sentences(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    project.write("features/pantry.feature", PANTRY_FEATURE)
    found = seen()
    before, now = the("the cook has opened a jar before", found), the("the cook opens a jar", found)
    assert (before.keyword, now.keyword) == ("Given", "When")
    assert before.uses == ()
    assert [(use.line, use.scenario) for use in now.uses] == [
        (6, "Opening <jars>"),
        (21, "Opening two"),
    ]


def test_a_step_of_a_background_is_used_by_every_scenario_below_it(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    project.write("features/pantry.feature", PANTRY_FEATURE)
    uses = the("a box with {int} apples", seen("features/pantry.feature")).uses
    assert [(use.line, use.scenario) for use in uses] == [
        (3, "Opening <jars>"),
        (3, "Opening two"),
    ]


def test_an_example_is_a_use_with_what_stands_below_it(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    project.write("features/pantry.feature", PANTRY_FEATURE)
    found = seen()
    shelf = the("a shelf with {int} jar(s) of jam/honey", found)
    assert shelf.example == "Given a shelf with 2 jars of honey", "no row of Examples"
    table = the("the list is", found)
    assert table.block == "table"
    assert table.example.splitlines() == [
        "Then the list is",
        "  | name | a \\| b |",
        "  | x    | 7      |",
    ]
    label = the("the label (in ink) says", found)
    assert label.block == "doc string"
    assert label.example.splitlines() == [
        "Then the label (in ink) says",
        '  """',
        "  Plum,",
        "    1926",
        '  """',
    ]


def test_an_example_is_the_use_that_is_written_most_often_or_the_shortest(
    project: Project,
) -> None:
    steps = "".join(f"    And {n} apples are left\n" for n in (3, 30, 4, 300, 30, 300))
    project.write(
        "features/many.feature",
        "Feature: F\n  Scenario: S\n    Given a box with 3 apples\n    Then 3 apples are left\n"
        + steps,
    )
    (project.pytester.path / "features/plain.feature").unlink()
    assert the("{int} apples are left", seen()).example == "Then 3 apples are left"


def test_a_sentence_that_nobody_uses_is_filled_with_examples(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    found = seen()
    assert all(entry.uses == () for entry in found.subjects[1].entries)
    examples = [entry.example for entry in found.subjects[1].entries]
    assert examples[2] == "Given a shelf with 2 jars of honey"
    assert examples[5] == "Then the list is\n  | ... | ... |"
    assert examples[6] == 'Then the label (in ink) says\n  """\n  ...\n  """'
    for entry in found.subjects[1].entries:
        assert Sentence(entry.expression).is_matching(example_step(entry))


def test_sentences_that_differ_in_their_values_have_links_of_their_own(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    anchors = [entry.anchor for entry in seen().subjects[1].entries]
    assert anchors[3:5] == ["jar-s-is-are", "int-jar-s-is-are-string"]


def test_plain_steps_of_a_conftest_are_listed_as_they_are(project: Project) -> None:
    steps = """
        import pytest_bdd
        from pytest_bdd import parsers

        @pytest_bdd.given(parsers.parse("a bag of {count:d} nuts"))
        def _(count): ...

        @pytest_bdd.step("anything goes")
        def _(): ...
    """
    project.write("features/conftest.py", steps)
    (_, own) = seen().subjects
    assert own.name == "features/conftest.py"
    assert own.description == ""
    assert [(entry.keyword, entry.text) for entry in own.entries] == [
        ("Given", "a bag of {count:d} nuts"),
        ("Any", "anything goes"),
    ]
    assert [entry.pattern for entry in own.entries] == [None, None]
    assert own.entries[1].example == "Given anything goes"


def test_a_refused_file_still_shows_what_it_sees(project: Project) -> None:
    project.write("features/plain.feature", "Feature: Boxes\n  Scenario: A\n    Given what?\n")
    assert "someone eats {count}" in texts(seen())
    project.write("features/plain.feature", "no Gherkin at all\n")
    assert "someone eats {count}" in texts(seen())


def test_a_typed_line_finds_the_sentence_that_it_says(whole: Catalogue) -> None:
    for typed in ("the status is 429", "Then the status is 429", "  and the  status is 429 "):
        found = search(whole, typed)
        assert texts(found) == ["the status is {status}"]
        assert [value.kind for value in found.values] == ["status"]


def test_every_example_finds_its_sentence(whole: Catalogue) -> None:
    for entry in whole.entries:
        assert entry.text in texts(search(whole, entry.example.partition("\n")[0]))


@pytest.mark.usefixtures("project")
def test_words_are_found_wherever_they_begin() -> None:
    assert texts(search(seen(), "APPL left")) == ["{int} apples are left"]
    assert texts(search(seen(), "pples")) == []


@pytest.mark.usefixtures("project")
def test_a_line_half_typed_finds_what_it_may_become() -> None:
    assert texts(search(seen(), "a box with 3")) == ["a box with {int} apples"]
    assert texts(search(seen(), 'a box with "3')) == []


def test_kinds_of_values_and_subjects_are_found_by_their_names(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    assert texts(search(seen(), "count")) == ["someone eats {count}"]
    assert texts(search(seen(), "twice")) == ["someone eats {count}"]
    assert len(search(seen(), "pantry").entries) == 7


def test_a_word_of_the_sentence_counts_more_than_one_about_it(project: Project) -> None:
    project.write("steps/pantry.py", PANTRY)
    project.write("steps/zoo.py", PANTRY.replace("jar", "pantry"))
    found = search(seen(), "pantry")
    assert [subject.name for subject in found.subjects] == ["steps/zoo.py", "steps/pantry.py"]
    assert texts(found)[0] == "the cook has opened a pantry before"


def test_the_page_is_well_formed_and_its_links_lead_somewhere(page: str) -> None:
    read = Page(page)
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    links = read.values("href")
    assert len(links) > 100
    assert {link.removeprefix("#") for link in links} <= set(ids)
    named = {*read.values("aria-labelledby"), *read.values("for"), *read.values("aria-describedby")}
    assert named <= set(ids)


def test_the_page_asks_nothing_of_the_network(page: str) -> None:
    read = Page(page)
    assert not REQUESTING & {tag for tag, _ in read.tags}
    assert read.values("src") == read.values("style") == read.values("action") == []
    assert not re.search(r"=[\"']?https?:|url\(|@import|fetch\(", page)


def test_the_page_runs_and_styles_nothing_but_its_own(page: str) -> None:
    read = Page(page)
    (policy,) = (each["content"] for _, each in read.tags if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        digest = hashlib.sha256("".join(read.texts[tag]).encode()).digest()
        assert f"{directive} 'sha256-{base64.b64encode(digest).decode()}';" in policy


def test_the_page_holds_every_sentence_without_a_script(whole: Catalogue, page: str) -> None:
    hidden = [attributes for _, attributes in Page(page).tags if "hidden" in attributes]
    assert {each.get("class") for each in hidden} == {"search", "copy", "nothing"}
    assert page.count('<li class="entry"') == len(whole.entries)
    places = sum(len(entry.uses) + 1 for entry in whole.entries)
    assert page.count('class="place"') == places


def test_what_people_wrote_is_escaped_in_the_page(project: Project) -> None:
    evil = '</script><script>alert("1")</script>'
    project.write(
        "steps/evil.py",
        f"""
        "The {evil.replace('"', "'")}."
        from sluicegate.gherkin import given
        from pytest_bdd import parsers
        import pytest_bdd
        @pytest_bdd.given(parsers.parse({evil!r}))
        def _(): ...
        @given("a text {{string}} <b>")
        def _(text): ...
        """,
    )
    feature = f"""
        Feature: F
          Scenario: {evil}
            Given {evil}
            And a text '{evil}' <b>
            When someone eats once
            Then 2 apples are left
    """
    project.write("features/evil.feature", feature)
    read = Page(page_of(seen("features/evil.feature")))
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert "b" not in [tag for tag, each in read.tags if tag == "b" and each]
    assert f"{evil} " in "".join(read.texts["li"])
    assert f"Given a text '{evil}' <b>" in read.values("data-copy")
