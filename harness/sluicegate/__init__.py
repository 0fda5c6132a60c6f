"""A contract gate for LLM gateways."""

from sluicegate.errors import NotJudgedError, SluicegateError, ViolationError

__all__ = ["NotJudgedError", "SluicegateError", "ViolationError", "__version__"]

__version__ = "0.1.0"
