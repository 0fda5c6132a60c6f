"""Sets of tools by name, for agents that have them; what a call does is the agent's own."""

from collections.abc import Mapping
from typing import Any, Final

from sluicegate.wire.assistant.request import Tool


def _tool(name: str, description: str, required: str, **properties: Any) -> Tool:  # noqa: ANN401 - JSON
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }
    return Tool(name, parameters, description)


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _count(description: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "description": description}


CODING: Final = (
    _tool(
        "read",
        "Read a text file, or a part of it.",
        "path",
        path=_text("The file, relative to the working directory or absolute."),
        offset=_count("The first line to read, from 1 on; by default 1."),
        limit=_count("How many lines to read; by default all."),
    ),
    _tool(
        "bash",
        "Run a command in Bash, in the working directory; return what it writes, and its status.",
        "command",
        command=_text("The command."),
        timeout=_count("Seconds after which it is ended; by default none."),
    ),
    _tool(
        "edit",
        "Replace text in a file that occurs in it exactly once.",
        "path old_text new_text",
        path=_text("The file, relative to the working directory or absolute."),
        old_text=_text("The text as it is now, with all its white space."),
        new_text=_text("The text that takes its place."),
    ),
    _tool(
        "write",
        "Write a file, in place of the one that may be there; folders are made as needed.",
        "path content",
        path=_text("The file, relative to the working directory or absolute."),
        content=_text("All of its content."),
    ),
)

PRESETS: Final[Mapping[str, tuple[Tool, ...]]] = {"coding": CODING, "none": ()}
"""The sets that a configuration can name."""
