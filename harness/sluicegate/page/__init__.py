"""HTML pages in one file each, which work offline: how they are made, and the look they share."""

from .rendering import environment, render, with_code

__all__ = ["environment", "render", "with_code"]
