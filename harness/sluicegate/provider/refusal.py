"""Why a request is not answered as asked, in the words of an OpenAI error body."""

from sluicegate.errors import SluicegateError


class RefusedError(SluicegateError):
    """A request that the provider refuses.

    `param` names the query parameter or the field of the body (`messages[0].role`) that is
    wrong, and is None where no single one is.
    """

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
