"""What a mock provider is: the models it lists and whether it calls itself healthy."""

from dataclasses import dataclass

from sluicegate.errors import SluicegateError

DEFAULT_MODELS = ("gpt-4",)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `GET /v1/models` lists and what `GET /health` says.

    Any model is answered, listed or not. Raises `SluicegateError` for a name that no client
    could ask for.
    """

    models: tuple[str, ...] = DEFAULT_MODELS
    healthy: bool = True

    def __post_init__(self) -> None:
        for name in self.models:
            if not name.strip():
                raise SluicegateError(f"expected the name of a model, got {name!r}")
        if len(set(self.models)) < len(self.models):
            raise SluicegateError(f"expected each model once, got {', '.join(self.models)}")
