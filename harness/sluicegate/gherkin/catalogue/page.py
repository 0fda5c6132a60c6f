"""The catalogue of sentences as one HTML file, which works offline and without JavaScript."""

from pathlib import Path
from typing import Final

from sluicegate.page import environment, render, with_code

from .entries import Catalogue
from .search import clues, taken

_HERE: Final = Path(__file__).parent


def page_of(catalogue: Catalogue) -> str:
    """Return the page of a catalogue. It asks nothing of the network, and forbids it to itself."""
    templates = environment(_HERE)
    templates.filters["code"] = with_code
    values = {"catalogue": catalogue, "clues": clues, "taken": taken}
    return render(templates.get_template("page.html.jinja"), _HERE, "page", values)
