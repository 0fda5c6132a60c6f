"""A page with all that it needs inside: it asks nothing of the network, and lets nothing do so."""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

_HERE: Final = Path(__file__).parent


def environment(folder: Path) -> Environment:
    """Return an environment that has the templates of a folder."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: Template, folder: Path, name: str, values: Mapping[str, object]) -> str:
    """Return a page with NAME.css of the folder after the look of all pages, and with NAME.js.

    The template gets them as `style` and `script`, and with `policy` what forbids all else.
    """
    style = _read(_HERE / "look.css") + "\n" + _read(folder / f"{name}.css")
    script = _read(folder / f"{name}.js")
    return template.render(
        values,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'",
    )


def with_code(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup(re.sub("`(.+?)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
