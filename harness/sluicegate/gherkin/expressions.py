"""Step sentences as Cucumber Expressions: which texts fit, and the values in them."""

import math
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from cucumber_expressions.ast import NodeType  # type: ignore[import-untyped]
from cucumber_expressions.expression import (  # type: ignore[import-untyped]
    CucumberExpression,
)
from cucumber_expressions.expression_parser import (  # type: ignore[import-untyped]
    CucumberExpressionParser,
)
from cucumber_expressions.parameter_type import ParameterType  # type: ignore[import-untyped]
from cucumber_expressions.parameter_type_registry import (  # type: ignore[import-untyped]
    ParameterTypeRegistry,
)
from pytest_bdd.parsers import StepParser

from .kinds import ACCEPTS, EXAMPLES, OWN_KINDS, VALUES, Kind
from .named import Named, Values

__all__ = ["ACCEPTS", "EXAMPLES", "OWN_KINDS", "Kind", "Sentence", "kind_names", "value_type"]


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


class _Outline(CucumberExpression):  # type: ignore[misc]
    """An expression whose words must fit, with anything in the places of its values."""

    def rewrite_parameter(self, node: Any) -> str:  # noqa: ANN401 - the library has no types
        super().rewrite_parameter(node)
        return "(.+?)"


def _example(node: Any) -> str:  # noqa: ANN401 - the library has no types
    if node.ast_type is NodeType.TEXT:
        return str(node.text)
    if node.ast_type is NodeType.PARAMETER:
        return EXAMPLES.get(node.text, f"{{{node.text}}}")
    # Of alternatives the last one is the plural, as in `entry/entries`.
    parts = node.nodes[-1:] if node.ast_type is NodeType.ALTERNATION else node.nodes
    return "".join(map(_example, parts))


def _registry() -> ParameterTypeRegistry:
    registry = ParameterTypeRegistry()
    for kind in OWN_KINDS:
        registry.define_parameter_type(kind.registered())
    return registry


_REGISTRY: Final = _registry()
_BY_CONTRACT: Final[Values] = {}


class Sentence(StepParser):
    """A step's sentence: matches a step's text and reads the values out of it.

    Raises the library's `CucumberExpressionError` if the expression is invalid or names an
    unknown kind of value.
    """

    def __init__(self, expression: str) -> None:
        super().__init__(expression)
        self._expression = CucumberExpression(expression, _REGISTRY)
        self._regexp = re.compile(self._expression.regexp)
        self.parameters: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the kinds of values in the sentence, in order."""
        return tuple(kind.name for kind in self._expression.parameter_types)

    @cached_property
    def _outline(self) -> CucumberExpression:
        return _Outline(self.name, _REGISTRY)

    @cached_property
    def example(self) -> str:
        """Return the sentence with an example in the place of each value."""
        return _example(CucumberExpressionParser().parse(self.name))

    def is_matching(self, name: str) -> bool:
        """Tell whether the whole of a step's text fits the sentence."""
        if self._regexp.fullmatch(name) is None:
            return False
        if not any(issubclass(value_type(kind), float) for kind in self.kinds):
            return True
        # A number such as 1E400 is written correctly, and would be infinite.
        return all(map(_is_finite, self._read(name)))

    def values(self, name: str) -> list[tuple[str, object]]:
        """Return the kind and the value of each value in a step's text that fits.

        What is given by name is what the contract says.
        """
        return list(zip(self.kinds, self._read(name), strict=False))

    def named(self, name: str) -> list[Named]:
        """Return what a step's text gives by name."""
        found = (argument.value for argument in self._expression.match(name) or ())
        return [value for value in found if isinstance(value, Named)]

    def fits_but_for_capitals(self, name: str) -> bool:
        """Tell whether a step's text would fit if its capital and small letters were others."""
        pattern = self._regexp.pattern
        return bool(re.fullmatch(pattern, name, re.IGNORECASE) and not re.fullmatch(pattern, name))

    def misfits(self, name: str) -> list[tuple[str, str]]:
        """Return the kind and the text of each value that keeps a step from the sentence.

        There is none if it fits, and none if it is the words that do not.
        """
        outline = self._outline.match(name)
        if outline is None:
            return []
        written = [argument.group.value for argument in outline]
        return [
            (kind.name, text)
            for kind, text in zip(self._expression.parameter_types, written, strict=True)
            if not _accepts(kind, text)
        ]

    def parse_arguments(
        self, name: str, values: Mapping[str, Any] = _BY_CONTRACT
    ) -> dict[str, object] | None:
        """Return the values in a step's text by the names of the function's parameters.

        What is given by name is what it is for a gateway with the `values`.
        """
        if self._expression.match(name) is None:
            return None
        return dict(zip(self.parameters, self._read(name, values), strict=True))

    def _read(self, name: str, values: Values = _BY_CONTRACT) -> list[object]:
        found = (argument.value for argument in self._expression.match(name) or ())
        return [each.under(values) if isinstance(each, Named) else each for each in found]


def _accepts(kind: ParameterType, text: str) -> bool:
    return Sentence(f"{{{kind.name}}}").is_matching(text)


def value_type(kind: str) -> type:
    """Return the Python type of the values of a kind."""
    return VALUES.get(kind, object)


def kind_names() -> list[str]:
    """Return the documented kinds, as they are written in a sentence."""
    return sorted(f"{{{name}}}" for name in VALUES)
