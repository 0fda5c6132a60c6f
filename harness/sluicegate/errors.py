"""The errors that Sluicegate raises: misuse of the harness, and violations of the contract."""


class SluicegateError(Exception):
    """A mistake of whoever uses the harness; the message says what to do about it."""


class ViolationError(AssertionError):
    """The system under test broke its contract; the message says what was expected and got."""


class NotJudgedError(SluicegateError):
    """The harness could not judge: it was itself too late, or the system never answered."""
