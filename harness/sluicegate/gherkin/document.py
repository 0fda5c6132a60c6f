"""A .feature file, read once: as Gherkin's document, and as the feature that pytest-bdd runs."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from gherkin.ast_builder import AstBuilder
from gherkin.ast_node import AstNode
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from pytest_bdd.gherkin_parser import Background as BackgroundNode
from pytest_bdd.gherkin_parser import GherkinDocument
from pytest_bdd.gherkin_parser import Rule as RuleNode
from pytest_bdd.gherkin_parser import Scenario as ScenarioNode
from pytest_bdd.gherkin_parser import Tag as TagNode
from pytest_bdd.parser import Feature, FeatureParser
from pytest_bdd.types import STEP_TYPE_BY_PARSER_KEYWORD

from . import syntax
from .language import Language, language_of

_ENCODING: Final = "utf-8-sig"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with a feature file, where, and what to do about it; `rule` names its kind."""

    line: int
    message: str
    rule: str


class UnreadableError(Exception):
    """A feature file that is not Gherkin."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Description:
    """The free text below a title, line by line with the lines' numbers, and whose it is.

    `owner` is Gherkin's name of the part: FeatureHeader, RuleHeader, Background, Scenario or
    Examples.
    """

    owner: str
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A feature file: its lines, its syntax tree, and pytest-bdd's templates of its scenarios."""

    source: tuple[str, ...]
    tree: GherkinDocument
    feature: Feature
    descriptions: tuple[Description, ...]

    @property
    def language(self) -> Language:
        """Return the language of its keywords."""
        return Language(self.tree.feature.language)

    def scenarios(self) -> Iterator[ScenarioNode]:
        """Yield the scenarios in the order of the file, those of its rules among them."""
        return _scenarios(self.tree)

    def rules(self) -> Iterator[RuleNode]:
        """Yield the rules in the order of the file."""
        return (child.rule for child in self.tree.feature.children if child.rule is not None)

    def backgrounds(self) -> Iterator[BackgroundNode]:
        """Yield the background of the feature and those of its rules."""
        return _backgrounds(self.tree)

    def tags(self) -> Iterator[TagNode]:
        """Yield every tag in the file."""
        yield from self.tree.feature.tags
        for rule in self.rules():
            yield from rule.tags
        for scenario in self.scenarios():
            yield from scenario.tags
            for examples in scenario.examples:
                yield from examples.tags


def _scenarios(tree: GherkinDocument) -> Iterator[ScenarioNode]:
    for child in tree.feature.children:
        if child.rule is not None:
            yield from (inner.scenario for inner in child.rule.children if inner.scenario)
        elif child.scenario is not None:
            yield child.scenario


def _backgrounds(tree: GherkinDocument) -> Iterator[BackgroundNode]:
    for child in tree.feature.children:
        inner = child.rule.children if child.rule is not None else [child]
        yield from (each.background for each in inner if each.background is not None)


def node_name(scenario: str) -> str:
    """Return a scenario's name as it stands in a node id.

    pytest takes `::` for the border of two names, and `[` for the begin of parameters.
    """
    return scenario.replace("::", ":").replace("[", "(").replace("]", ")")


class _Builder(AstBuilder):
    """Gherkin's builder, which keeps the places of descriptions: its tree has their text only."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptions: list[Description] = []

    def transform_node(self, node: AstNode) -> Any:  # noqa: ANN401 - as Gherkin's own
        """Return Gherkin's form of a part of the tree."""
        if node.rule_type == "Description":
            tokens = cast("list[Any]", node.get_tokens("Other"))
            lines = ((token.location["line"], token.matched_text.strip()) for token in tokens)
            self.descriptions.append(Description(self.current_node.rule_type, tuple(lines)))
        return super().transform_node(node)


class _Parser(FeatureParser):
    """pytest-bdd's parser, over a document that is parsed already."""

    def __init__(self, path: Path, tree: GherkinDocument) -> None:
        super().__init__(str(path.parent), path.name)
        self._tree = tree

    def _parse_feature_file(self) -> GherkinDocument:
        return self._tree


def read(path: Path) -> Document:
    """Read a feature file. Raises UnreadableError with every error of syntax in it."""
    text = _text(path)
    builder = _Builder()
    try:
        tree = GherkinDocument.from_dict(Parser(builder).parse(text))
    except CompositeParserException as error:
        found = [Problem(line, message, "syntax") for line, message in syntax.errors(error, text)]
        raise UnreadableError(found) from None
    _check_first_steps(tree)
    feature = _Parser(path, tree).parse()
    return Document(tuple(text.split("\n")), tree, feature, tuple(builder.descriptions))


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode(_ENCODING)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        got = f"expected UTF-8, got the byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise UnreadableError([Problem(line, got, "syntax")]) from None
    written = (line.strip() for line in text.splitlines())
    if all(not line or line.startswith("#") for line in written):
        todo = (
            f"the file is empty; it begins with '{language_of(text).title('feature')}' and a name"
        )
        raise UnreadableError([Problem(1, todo, "syntax")])
    return io.StringIO(text, newline=None).read()


def _check_first_steps(tree: GherkinDocument) -> None:
    parts = [
        *(part.steps for part in _backgrounds(tree)),
        *(part.steps for part in _scenarios(tree)),
    ]
    known = Language(tree.feature.language)
    wanted = ", ".join(known.step(type_) for type_ in ("given", "when", "then"))
    wrong = [
        Problem(
            step.location.line,
            f"'{step.keyword} {step.text}' continues the step above it, and there is none;"
            f" begin with one of {wanted}",
            "syntax",
        )
        for step in (steps[0] for steps in parts if steps)
        if step.keyword_type not in STEP_TYPE_BY_PARSER_KEYWORD
    ]
    if wrong:
        raise UnreadableError(wrong)
