"""The names of the rules, and what each is about in one line."""

from typing import Final

ERRORS: Final = {
    "syntax": "a line that Gherkin does not understand",
    "description": "a line that is taken for description because its first word is mistyped",
    "empty": "a feature or a rule without scenarios",
    "name": "a scenario without a name, or two of one name",
    "no-steps": "a scenario without steps",
    "no-then": "a scenario that checks nothing",
    "unchecked": "an action at the end of a scenario, after which nothing is checked",
    "unused": "a precondition at the end of a scenario, which prepares nothing",
    "row": "a row of a table that does not end with |",
    "no-examples": "an outline without Examples, or Examples without rows",
    "columns": "a column of Examples without a name, of another's name, or used nowhere",
    "unknown-column": "a <name> that no column of Examples fills",
    "tag": "a tag that is not known, or that would skip a scenario",
    "register": "a requirements.toml that cannot be read",
    "undefined": "a step that fits no sentence",
    "ambiguous": "a step that fits more than one sentence",
    "block": "a table or a doc string that is missing below a step, or that it does not take",
    "fixture": "a step whose Python function needs what is not there",
    "async": "a step whose Python function is `async def`, and would never run",
    "collection": "a file beside the features, such as conftest.py, that pytest cannot load",
}
"""What is refused before anything runs, by `pytest` as well."""

WARNINGS: Final = {
    "several-whens": "several actions in one scenario",
    "no-requirement": "a scenario without a @req: tag, where there is a requirements.toml",
    "slow": "a scenario that waits for ten seconds or more, and is not tagged @slow",
    "first-person": "a step about I",
    "same-row": "a row of Examples that stands there twice",
}
"""What is legal, and hard to read or to find again."""
