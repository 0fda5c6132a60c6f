from dataclasses import dataclass, field, replace

from .wire_client import Ending, Headers, Read, body


# One request, and what it must look like to a client, by hand: each read of the body with its
# time, how it ended, and when; `gzip` tells that the reads are compared after decompression.
@dataclass(frozen=True, slots=True)
class Case:
    query: str
    reads: tuple[Read, ...] = ()
    ending: Ending = "complete"
    ended: float | None = None
    status: int | None = 200
    headers: Headers = ()
    head_at: float | None = 0.0
    surplus: bytes = b""
    longest: float = 100.0
    content: bytes = field(default_factory=body)

    def __str__(self) -> str:
        return self.query

    @property
    def last(self) -> float:
        at = max((at for at, _ in self.reads), default=self.head_at or 0.0)
        return at if self.ended is None else self.ended


STREAM_HEADERS: Headers = (
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("connection", "keep-alive"),
    ("transfer-encoding", "chunked"),
)


def headed(*more: tuple[str, str]) -> Headers:
    return (*STREAM_HEADERS[:-1], *more, STREAM_HEADERS[-1])


def typed(kind: str | None) -> Headers:
    first = (("content-type", kind),) if kind else ()
    return (*first, *STREAM_HEADERS[1:])


# A stream of two words.
def stream(
    query: str,
    *reads: Read,
    ending: Ending = "complete",
    ended: float | None = None,
    headers: Headers = STREAM_HEADERS,
) -> Case:
    return Case(f"stream=true&text=Hi+you{query}", reads, ending, ended, headers=headers)


def document(  # noqa: PLR0913 - what a document's head is made of, each with its default
    query: str,
    data: bytes,
    *,
    status: int = 200,
    kind: str | None = "application/json",
    more: Headers = (),
    at: float = 0.0,
) -> Case:
    first: Headers = (("content-type", kind),) if kind else ()
    headers = (*first, ("content-length", str(len(data))), *more)
    reads = ((at, data),) if data else ()
    return Case(query, reads, status=status, headers=headers, head_at=at, ended=at)


def headless(query: str, ending: Ending, at: float = 0.0) -> Case:
    return Case(query, (), ending, at, status=None, head_at=None)


def watched(case: Case, longest: float) -> Case:
    return replace(case, longest=longest, ended=longest, ending="open")


def asking(case: Case, **members: object) -> Case:
    return replace(case, content=body("Hello", **members))


def lines(end: bytes, reads: tuple[Read, ...]) -> tuple[Read, ...]:
    return tuple((at, data.replace(b"\n", end)) for at, data in reads)


def later(by: float, reads: tuple[Read, ...]) -> tuple[Read, ...]:
    return tuple((round(at + by, 6), data) for at, data in reads)
