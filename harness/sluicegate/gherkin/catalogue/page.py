"""The catalogue of sentences as one HTML file, which works offline and without JavaScript."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from .entries import Catalogue
from .search import clues, taken

_HERE: Final = Path(__file__).parent
_TEMPLATE: Final = "page.html.jinja"


def page_of(catalogue: Catalogue) -> str:
    """Return the page of a catalogue. It asks nothing of the network, and forbids it to itself."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _with_code
    style, script = (_read(name) for name in ("page.css", "page.js"))
    return environment.get_template(_TEMPLATE).render(
        catalogue=catalogue,
        clues=clues,
        taken=taken,
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)};"
        " base-uri 'none'; form-action 'none'",
    )


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _with_code(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup(re.sub("`(.+?)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped
