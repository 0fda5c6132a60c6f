"""The errors that Sluicegate raises: misuse of the harness, and violations of the contract."""

from typing import Literal

Blame = Literal[
    "the gateway",
    "the proxy",
    "the provider",
    "the provider's script",
    "the profile",
    "the harness",
]
"""Who is to blame for a scenario that did not pass: the system that is judged, or who judges it."""


class SluicegateError(Exception):
    """A mistake of whoever uses the harness; the message says what to do about it."""


class ViolationError(AssertionError):
    """The system under test broke its contract.

    `words` say what is wrong, in a sentence or two. `evidence` shows it, in many lines. `brief` is
    one line: what was expected, and got.
    """

    def __init__(self, words: str, evidence: str = "", brief: str = "") -> None:
        super().__init__("\n\n".join(filter(None, (words, evidence))))
        self.words = words
        self.evidence = evidence
        self.brief = brief or words


class NotJudgedError(SluicegateError):
    """Something could not be judged; `blame` says whether by the profile or the harness itself.

    The harness may have been too late, or the system was not ready, or never asked the provider.
    """

    def __init__(self, message: str, *, blame: Blame = "the harness") -> None:
        super().__init__(message)
        self.blame = blame
