"""A .feature file, read once: as Gherkin's document, and as the feature that pytest-bdd runs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gherkin.errors import CompositeParserException
from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.gherkin_parser import GherkinDocument, get_gherkin_document
from pytest_bdd.gherkin_parser import Rule as RuleNode
from pytest_bdd.gherkin_parser import Scenario as ScenarioNode
from pytest_bdd.gherkin_parser import Tag as TagNode
from pytest_bdd.parser import Feature, FeatureParser

_ENCODING: Final = "utf-8-sig"
_TOKENS: Final = {
    "#BackgroundLine": "'Background:'",
    "#DocStringSeparator": 'a doc string (""")',
    "#EOF": "the end of the file",
    "#ExamplesLine": "'Examples:'",
    "#FeatureLine": "'Feature:'",
    "#Other": "text",
    "#RuleLine": "'Rule:'",
    "#ScenarioLine": "'Scenario:'",
    "#StepLine": "a step (Given, When, Then, And, But)",
    "#TableRow": "a table row",
    "#TagLine": "a tag",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with a feature file, where, and what to do about it."""

    line: int
    message: str


class UnreadableError(Exception):
    """A feature file that is not Gherkin."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Document:
    """A feature file: its syntax tree, and pytest-bdd's templates of its scenarios."""

    tree: GherkinDocument
    feature: Feature

    def scenarios(self) -> Iterator[ScenarioNode]:
        """Yield the scenarios in the order of the file, those of its rules among them."""
        for child in self.tree.feature.children:
            if child.rule is not None:
                yield from (inner.scenario for inner in child.rule.children if inner.scenario)
            elif child.scenario is not None:
                yield child.scenario

    def rules(self) -> Iterator[RuleNode]:
        """Yield the rules in the order of the file."""
        return (child.rule for child in self.tree.feature.children if child.rule is not None)

    def tags(self) -> Iterator[TagNode]:
        """Yield every tag in the file."""
        yield from self.tree.feature.tags
        for rule in self.rules():
            yield from rule.tags
        for scenario in self.scenarios():
            yield from scenario.tags
            for examples in scenario.examples:
                yield from examples.tags


def node_name(scenario: str) -> str:
    """Return a scenario's name as it stands in a node id.

    pytest takes `::` for the border of two names, and `[` for the begin of parameters.
    """
    return scenario.replace("::", ":").replace("[", "(").replace("]", ")")


class _Parser(FeatureParser):
    """pytest-bdd's parser, over a document that is parsed already."""

    def __init__(self, path: Path, tree: GherkinDocument) -> None:
        super().__init__(str(path.parent), path.name)
        self._tree = tree

    def _parse_feature_file(self) -> GherkinDocument:
        return self._tree


def read(path: Path) -> Document:
    """Read a feature file. Raises UnreadableError with every error of syntax in it."""
    _check_text(path)
    try:
        tree = get_gherkin_document(str(path), _ENCODING)
        return Document(tree, _Parser(path, tree).parse())
    except GherkinParseError as error:
        raise UnreadableError(_syntax_errors(error)) from None


def _check_text(path: Path) -> None:
    data = path.read_bytes()
    try:
        text = data.decode(_ENCODING)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        got = f"expected UTF-8, got the byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise UnreadableError([Problem(line, got)]) from None
    written = (line.strip() for line in text.splitlines())
    if all(not line or line.startswith("#") for line in written):
        todo = "the file is empty; it begins with 'Feature:' and a name"
        raise UnreadableError([Problem(1, todo)])


def _syntax_errors(error: GherkinParseError) -> list[Problem]:
    if not isinstance(error.__cause__, CompositeParserException):
        return [Problem(error.line, error.message)]
    return [Problem(one.location["line"], _readable(one.args[0])) for one in error.__cause__.errors]


def _readable(message: str) -> str:
    plain = re.sub(r"^\(\d+:\d+\): ", "", message)
    for noise in ("#Comment, ", "#Empty, ", ", #Comment", ", #Empty"):
        plain = plain.replace(noise, "")
    return re.sub(r"#\w+", lambda token: _TOKENS.get(token[0], token[0]), plain)
