"""The Gherkin surface: collection of .feature files and the expressions of steps."""

from .steps import given, then, when

__all__ = ["given", "then", "when"]
