"""The errors that Sluicegate raises: misuse of the harness, and violations of the contract."""


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
    """The harness could not judge: it was itself too late, or the system never answered."""
