"""The catalogue of sentences: what feature files can say, by subject, with examples and uses."""

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cucumber_expressions.ast import Node, NodeType  # type: ignore[import-untyped]
from cucumber_expressions.expression_parser import (  # type: ignore[import-untyped]
    CucumberExpressionParser,
)
from pytest_bdd.parser import Step

from sluicegate import shipped
from sluicegate.gherkin.collection import FeatureFile
from sluicegate.gherkin.expressions import ACCEPTS, EXAMPLES, Sentence
from sluicegate.gherkin.lookup import Definition
from sluicegate.gherkin.steps import BLOCKS, shown

Block = Literal["table", "doc string"]
Role = Literal["text", "optional", "choice", "value"]

_KEYWORDS: Final = {"given": "Given", "when": "When", "then": "Then"}
_ANY: Final = "Any"
_SHARED: Final = "sluicegate.steps."
_MACHINERY: Final = "pytest_bdd."
_BLOCKS: Final[dict[str, Block]] = {"datatable": "table", "docstring": "doc string"}
_EMPTY_BLOCKS: Final = {"table": "  | ... | ... |", "doc string": '  """\n  ...\n  """'}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sentence, as it is shown."""

    role: Role
    shown: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """A scenario that uses a sentence, and the line in which it does so first."""

    file: str
    line: int
    scenario: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence: how it is written, what it takes, an example, and who uses it.

    `keyword` is Given, When, Then, or Any. `pattern` is a regular expression for whole sentences,
    in the syntax that Python and JavaScript share, or None where the sentence has none.
    """

    anchor: str
    keyword: str
    expression: str
    parts: tuple[Part, ...]
    block: Block | None
    example: str
    uses: tuple[Use, ...]
    place: str
    pattern: str | None

    @property
    def text(self) -> str:
        """Return the sentence as it is shown, with its parameters in braces."""
        return "".join(part.shown for part in self.parts)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of values in the sentence, each once."""
        return tuple(dict.fromkeys(part.kind for part in self.parts if part.role == "value"))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a module of steps is about, and its sentences."""

    name: str
    anchor: str
    description: str
    entries: tuple[Entry, ...]

    @property
    def title(self) -> str:
        """Return the name as a heading; that of a file stays as it is."""
        return self.name if self.name.endswith(".py") else self.name.capitalize()


@dataclass(frozen=True, slots=True)
class Value:
    """A kind of value that sentences take: what is accepted (backticks mark code), an example."""

    kind: str
    name: str
    anchor: str
    accepts: str
    example: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sentences, by subject, and the kinds of values in them."""

    subjects: tuple[Subject, ...]
    values: tuple[Value, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return the sentences of all subjects."""
        return tuple(entry for subject in self.subjects for entry in subject.entries)

    def value(self, kind: str) -> Value:
        """Return what is to be known of a kind of value that a sentence takes."""
        return next(value for value in self.values if value.kind == kind)

    @classmethod
    def of(cls, subjects: Iterable[Subject]) -> "Catalogue":
        """Return the catalogue of these subjects, with the kinds of values that they take."""
        kept = tuple(subjects)
        kinds = {kind for subject in kept for entry in subject.entries for kind in entry.kinds}
        return cls(kept, tuple(map(_kind, sorted(kinds))))


def label(kind: str) -> str:
    """Return the name under which a kind of value is shown; `{}` has none of its own."""
    return kind or "any text"


@dataclass(slots=True)
class _Found:
    """A definition, and what the features showed of it."""

    definition: Definition
    examples: list[Step] = field(default_factory=list)
    uses: dict[tuple[Path, str], Use] = field(default_factory=dict)

    @property
    def example(self) -> Step:
        """Return the use that is written most often, of several the shortest."""
        often = Counter(step.name for step in self.examples)
        return max(self.examples, key=lambda step: (often[step.name], -len(step.name)))


_Key = tuple[str | None, str, Path, int]


def catalogue(features: Iterable[FeatureFile]) -> Catalogue:
    """Return the sentences that collected feature files see, those of refused files among them."""
    found: dict[_Key, _Found] = {}
    for feature in features:
        if feature.known is not None:
            for definition in feature.known.definitions:
                if not _module(definition).startswith(_MACHINERY):
                    found.setdefault(_key(definition), _Found(definition))
            _note_uses(feature, found)
    return Catalogue.of(_subjects(found.values()))


def _key(definition: Definition) -> _Key:
    place = definition.place
    return definition.context.type, definition.sentence, place.path, place.line


def _module(definition: Definition) -> str:
    return definition.context.step_func.__module__


def _note_uses(feature: FeatureFile, found: dict[_Key, _Found]) -> None:
    for scenario, written, step in _steps(feature):
        nearest = feature.known.nearest(step.type, step.name) if feature.known else []
        if len(nearest) == 1 and _key(nearest[0]) in found:
            noted = found[_key(nearest[0])]
            # A row of Examples often holds what is wrong on purpose.
            if written == step.name:
                noted.examples.append(step)
            use = Use(_shown(feature.path), step.line_number, scenario)
            noted.uses.setdefault((feature.path, scenario), use)


def _steps(feature: FeatureFile) -> Iterator[tuple[str, str, Step]]:
    """Yield the scenario's name, the text as written, and the step, of each step that runs."""
    templates = feature.document.feature.scenarios if feature.document else {}
    for template in templates.values():
        rows = [row for examples in template.examples for row in examples.as_contexts()]
        for row in rows or [{}]:
            for written, step in zip(template.steps, template.render(row).steps, strict=True):
                yield template.name, written.name, step


def _shown(path: Path) -> str:
    """Return a path as a reader knows it; the shipped files lie deep in an installation."""
    root = shipped.FEATURES.parent
    is_shipped = any(map(path.is_relative_to, (shipped.FEATURES, shipped.STEPS)))
    if is_shipped and root != Path.cwd():
        return str("sluicegate" / path.relative_to(root))
    return shown(path)


def _subjects(found: Iterable[_Found]) -> Iterator[Subject]:
    ordered = sorted(found, key=_order)
    anchors = _Anchors()
    for (_, name), group in itertools.groupby(ordered, key=_subject):
        members = list(group)
        about = inspect.unwrap(members[0].definition.context.step_func).__globals__["__doc__"]
        yield Subject(
            name,
            anchors.new(f"subject {name}"),
            (about or "").strip().partition("\n")[0],
            tuple(_entry(each, anchors) for each in members),
        )


def _subject(found: _Found) -> tuple[bool, str]:
    """Return whether a subject is the user's own, and its name: the module's, or the file's."""
    module = _module(found.definition)
    if module.startswith(_SHARED):
        return False, module.removeprefix(_SHARED)
    return True, _shown(found.definition.place.path)


def _order(found: _Found) -> tuple[tuple[bool, str], int, int]:
    types = [*_KEYWORDS, None]
    return (
        _subject(found),
        found.definition.place.line,
        types.index(found.definition.context.type),
    )


def _entry(found: _Found, anchors: "_Anchors") -> Entry:
    definition = found.definition
    parser = definition.context.parser
    sentence = parser if isinstance(parser, Sentence) else None
    parts = _parts(parser.name) if sentence else (_plain(parser.name),)
    example = sentence.example if sentence else parser.name
    taken = inspect.signature(definition.context.step_func).parameters
    block = next((_BLOCKS[name] for name in BLOCKS if name in taken), None)
    keyword = _KEYWORDS.get(definition.context.type or "", _ANY)
    return Entry(
        anchors.of(parts),
        keyword,
        definition.sentence,
        parts,
        block,
        _used(found.example) if found.examples else _filled(keyword, example, block),
        tuple(found.uses.values()),
        f"{_shown(definition.place.path)}:{definition.place.line}",
        sentence._regexp.pattern if sentence else None,  # noqa: SLF001 - the page matches by it
    )


def _plain(text: str) -> Part:
    return Part("text", text)


def _parts(expression: str) -> tuple[Part, ...]:
    nodes = CucumberExpressionParser().parse(expression).nodes
    parts = [_PARTS[node.ast_type](node) for node in nodes]
    return tuple(
        joined
        for is_text, group in itertools.groupby(parts, key=lambda part: part.role == "text")
        for joined in ([_plain("".join(part.shown for part in group))] if is_text else group)
    )


def _optional(node: Node) -> Part:
    return Part("optional", f"({node.text})")


def _choice(node: Node) -> Part:
    choices = ((_PARTS[part.ast_type](part).shown for part in one.nodes) for one in node.nodes)
    return Part("choice", "/".join(map("".join, choices)))


def _value(node: Node) -> Part:
    return Part("value", f"{{{label(node.text)}}}", node.text)


_PARTS: Final[dict[NodeType, Callable[[Node], Part]]] = {
    NodeType.TEXT: lambda node: _plain(node.text),
    NodeType.OPTIONAL: _optional,
    NodeType.ALTERNATION: _choice,
    NodeType.PARAMETER: _value,
}


def _filled(keyword: str, text: str, block: Block | None) -> str:
    said = f"{'Given' if keyword == _ANY else keyword} {text}"
    return f"{said}\n{_EMPTY_BLOCKS[block]}" if block else said


def _used(step: Step) -> str:
    lines = [f"{step.type.capitalize()} {step.name}"]
    if step.docstring is not None:
        text = step.docstring.replace('"""', '\\"\\"\\"')
        lines += ['"""', *text.splitlines(), '"""']
    if step.datatable is not None:
        lines += _table([[cell.value for cell in row.cells] for row in step.datatable.rows])
    return "\n  ".join(lines)


def _table(rows: list[list[str]]) -> list[str]:
    cells = [[re.sub(r"[|\\]", r"\\\g<0>", cell) for cell in row] for row in rows]
    cells = [[cell.replace("\n", "\\n") for cell in row] for row in cells]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [f"| {' | '.join(map(str.ljust, row, widths))} |" for row in cells]


class _Anchors:
    """The ids on a page: words of what they lead to, each only once."""

    def __init__(self) -> None:
        # The page has ids of its own; others in it have a colon, which these never have.
        self._taken = {"sentences", "shown", "typed", "values"}

    def of(self, parts: tuple[Part, ...]) -> str:
        """Return an id for a sentence: its words, and its values' names if it takes them."""
        words = "".join(part.shown if part.role != "value" else " " for part in parts)
        if _slug(words) in self._taken:
            words = "".join(part.shown for part in parts)
        return self.new(words)

    def new(self, words: str) -> str:
        """Return an id of these words, with a number if it is taken."""
        slug = _slug(words) or "sentence"
        numbered = (f"{slug}-{number}" for number in itertools.count(2))
        free = next(one for one in itertools.chain([slug], numbered) if one not in self._taken)
        self._taken.add(free)
        return free


def _slug(words: str) -> str:
    return "-".join(re.findall(r"\w+", words.lower()))


def _kind(name: str) -> Value:
    # Cucumber Expressions have kinds of numbers besides the documented ones.
    accepts, example = ACCEPTS.get(name, "a number."), EXAMPLES.get(name, "1")
    return Value(name, label(name), f"value:{_slug(label(name))}", accepts, example)
