"""What the provider of a scenario is to answer, gathered sentence by sentence."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

from sluicegate.errors import SluicegateError
from sluicegate.provider import anthropic, openai
from sluicegate.provider.frames import Format, Identity
from sluicegate.provider.parameters import PARAMETERS
from sluicegate.provider.plain import FIRST_ERROR
from sluicegate.provider.plan import MOST_ANSWERS
from sluicegate.provider.refusal import RefusedError
from sluicegate.provider.respond import check_quirks
from sluicegate.provider.script import Script
from sluicegate.provider.selection import Values, read_parameters, read_planned

from .checks.answer import rows
from .checks.values import number, parsed, quoted
from .contradictions import AFTER, Parameters, refuse_idle, refuse_later_failure, refuse_twice

Dialect = Literal["OpenAI", "Anthropic"]
"""The wire formats that a client can speak."""

FORMATS: Final[Mapping[Dialect, Format]] = {"OpenAI": openai, "Anthropic": anthropic}

_OK: Final = 200


@dataclass(slots=True)
class Planning:
    """The answers of a provider: what they have in common, and what is different in the first ones.

    `healthy` is what it answers to whoever asks how it is. `rest` tells whether there are further
    requests, whose answers have only what is common. Every method raises SluicegateError for what
    no provider can do, and for what an earlier sentence contradicts.
    """

    common: Parameters = field(default_factory=dict)
    first: list[Parameters] = field(default_factory=list)
    rest: bool = True
    healthy: bool = True

    def __bool__(self) -> bool:
        return bool(self.common or self.first)

    def say(self, **parameters: object) -> None:
        """Let every answer have these parameters, beside those that earlier sentences gave it.

        Times are in seconds. Quirks and calls of tools follow those of earlier sentences.
        """
        written = _written(parameters)
        refuse_twice(self.common, written)
        for name, value in written.items():
            known = self.common.get(name)
            self.common[name] = value if known is None else f"{known}, {value}"
        self._refuse_contradictions()

    def fail_after(self, chunks: int, mode: str, **parameters: object) -> None:
        """Let every stream fail after so many chunks."""
        self.say(after=chunks, fail_chunk_mode=mode, **parameters)

    def call(self, tool: str, arguments: str) -> None:
        """Let every answer call a tool with arguments in JSON, after the calls before."""
        self.say(tool_calls=f"{tool} {_arguments(tool, arguments)}")

    def begin(self, times: int, **parameters: object) -> None:
        """Let so many requests, after those before, be answered differently."""
        if not 0 < times <= MOST_ANSWERS:
            raise SluicegateError(
                f"{number(times, 'time')} is {'too often' if times else 'never'}: from 1 to "
                f"{MOST_ANSWERS} answers can be told apart"
            )
        self._refuse_after_a_table()
        self.first += [_written(parameters)] * times
        self._refuse_contradictions()

    def fail_first(self, times: int, chunks: int, mode: str) -> None:
        """Let the streams of so many requests fail after so many chunks."""
        self.begin(times, after=chunks, fail_chunk_mode=mode)

    def reply(self, status: int, document: str) -> None:
        """Let every answer have a status and, in place of what it should be, another document."""
        if status != _OK and status < FIRST_ERROR:
            raise SluicegateError(
                f"expected the status {_OK}, or one from {FIRST_ERROR} to 599, got {status}"
            )
        self.say(fail="none" if status == _OK else status, body=document)

    def answer(self, table: Sequence[Sequence[str]]) -> None:
        """Answer each request with the parameters of its row, written as in a query.

        The last row repeats. The table has one column, answer; an empty cell is the ordinary one.
        """
        cells = [cell for (cell,) in rows(table, ("answer",))]
        self._refuse_after_a_table()
        if self.first:
            raise SluicegateError(
                "an earlier sentence says already what the provider answers first; put that into "
                "the rows of the table, too"
            )
        self.first = [_cell(cell, f"row {place}") for place, cell in enumerate(cells, 1)]
        self.rest = False
        self._refuse_contradictions()

    def document(self, dialect: Dialect = "OpenAI") -> dict[str, Any]:
        """Return the plan as JSON, for a client that speaks that wire format."""
        answers = [{**self.common, **own} for own in self.first]
        if self.rest:
            answers.append({**({"fail": "none"} if self.first else {}), **self.common})
        return {"answers": [_complete(answer, FORMATS[dialect]) for answer in answers]}

    def _refuse_after_a_table(self) -> None:
        if not self.rest:
            raise SluicegateError(
                "an earlier sentence says already what the provider answers in turn; put this into "
                "the rows of its table, too"
            )

    def _refuse_contradictions(self) -> None:
        for own in self.first:
            refuse_twice(self.common, own, may_add=False)
        if self.first and self.rest:
            refuse_later_failure(self.common, len(self.first))
        refuse_idle(self.common)


def _cell(cell: str, where: str) -> Parameters:
    try:
        read_parameters(cell, where)
    except RefusedError as refused:
        raise _impossible(refused) from None
    return dict(parse_qsl(cell, keep_blank_values=True))


def _arguments(tool: str, arguments: str) -> str:
    try:
        trouble = "" if isinstance(parsed(arguments), dict) else "it is no object"
    except ValueError as error:
        trouble = str(error)
    if trouble:
        raise SluicegateError(
            f"expected the arguments of the tool {quoted(tool)} as an object in JSON, got "
            f'{quoted(arguments)}: {trouble}; the quirk "tool_arguments_broken" breaks them'
        )
    return arguments


def _written(parameters: Parameters) -> Parameters:
    """Write values as JSON has them; raise SluicegateError for one that is not accepted."""
    written = {name: _value(name, value) for name, value in parameters.items()}
    for name, value in written.items():
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            read_parameters(urlencode({name: text}))
        except RefusedError as refused:
            raise _impossible(refused) from None
    return written


def _value(name: str, value: Any) -> object:  # noqa: ANN401 - of as many types as there are names
    if name != AFTER and PARAMETERS[name].group == "when":
        return _whole(value, 1000, "milliseconds")
    if name in ("retry_after", "retry_after_date"):
        return _whole(value, 1, "seconds")
    return list(value) if isinstance(value, tuple) else value


def _whole(seconds: float, each: int, unit: str) -> int:
    # In binary floating point 1000 * 0.57 is not 570.
    units = Decimal(str(seconds)) * each
    if units % 1:
        raise SluicegateError(f"expected a whole number of {unit}, got {units.normalize():f}")
    return int(units)


def _complete(answer: Parameters, format_: Format) -> Parameters:
    after = answer.pop(AFTER, None)
    values = _read(answer if after is None else {**answer, "fail_chunk": 1}, format_)
    return answer if after is None else {**answer, "fail_chunk": _place(after, values)}


def _place(after: int, values: Values) -> int | str:
    chunks = _chunks(Script(**values))
    if after > chunks:
        raise SluicegateError(
            f"nothing can come after chunk {after}: the provider's answer has "
            f"{number(chunks, 'chunk')}"
        )
    return "end" if after == chunks else after + 1


def _chunks(script: Script) -> int:
    frames = openai.frames(Identity("", 0, ""), script, usage=False)
    return sum(frame.kind == "content" for frame in frames)


def _read(answer: Parameters, format_: Format) -> Values:
    try:
        values = read_planned(answer)
        check_quirks(format_, Script(**values))
    except RefusedError as refused:
        raise _impossible(refused) from None
    return values


def _impossible(refused: RefusedError) -> SluicegateError:
    return SluicegateError(f"the provider cannot answer like this: {refused}")
