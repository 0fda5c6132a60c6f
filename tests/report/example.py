"""Documents of the report's form, to draw: `python tests/report/example.py [COUNT] > page.html`."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

Json = dict[str, Any]

WORDS = ("Hello", " from", " streaming", " mock", " provider", "!")
OUTCOMES = (
    "passed",
    "failed",
    "known failure",
    "informational failure",
    "informational pass",
    "skipped",
    "not judged",
)
MESSAGE = """the first chunk waited for the last one
the client saw a complete stream of 7 chunks, as the agent "ccrouter" sent it

     3  When the client asks for a stream
>    4  Then the chunks with text arrive 100 ms apart

expected   chunk 2 before chunk 3 was sent
got        chunk 2 at 0.600 s, when chunks 1 to 7 had been sent
request    POST /v1/chat/completions

            the provider sent                           | the client got
   0.000 s  200 OK, text/event-stream                   |
   0.600 s                                              | 200 OK, text/event-stream

features/gateway/streaming.feature:40: Then the chunks with text arrive 100 ms apart
to blame: the gateway"""


def mark(at: float, kind: str, text: str = "", size: int | None = None) -> Json:
    return {"at": at, "kind": kind, "text": text or kind, "size": size}


def side(who: str, marks: Sequence[Json]) -> Json:
    return {
        "who": who,
        "status": 200,
        "stream": True,
        "ending": "finished",
        "whole": True,
        "marks": list(marks),
        "hidden": 0,
    }


def client(marks: Sequence[Json], **changes: Any) -> Json:  # noqa: ANN401 - JSON
    return side("the client", marks) | {"ending": "the body is complete"} | changes


def provider(marks: Sequence[Json], name: str = "ccrouter", **changes: Any) -> Json:  # noqa: ANN401 - JSON
    asked = {"asked": "streamed", "begun": 0.001}
    return side(f'the agent "{name}"', marks) | asked | changes


def exchange(client: Json, *providers: Json, **changes: Any) -> Json:  # noqa: ANN401 - JSON
    return {
        "number": 1,
        "request": "POST /v1/chat/completions",
        "started": 0.0,
        "ended": max(each["at"] for each in client["marks"]),
        "client": client,
        "providers": list(providers),
    } | changes


def words(start: float, pace: float = 0.1, lag: float = 0.0, count: int = len(WORDS)) -> list[Json]:
    times = [start + place * pace + lag for place in range(count)]
    told = enumerate(zip(times, WORDS, strict=False), 1)
    return [mark(at, "chunk", f'chunk {n}  "{word}"') for n, (at, word) in told]


def stream(start: float = 0.002, pace: float = 0.1, lag: float = 0.0) -> list[Json]:
    end = start + len(WORDS) * pace + lag
    return [
        mark(start + lag, "head", "200 OK, text/event-stream"),
        *words(start, pace, lag),
        mark(end, "chunk", 'chunk 7  finish_reason "stop"'),
        mark(end, "done", "[DONE]"),
        mark(end + 0.001, "end", "(finished)"),
    ]


def passing() -> Json:
    return exchange(client(stream(lag=0.004)), provider(stream()))


def buffered() -> Json:
    got = [each | {"at": 0.61} for each in stream()]
    return exchange(client(got), provider(stream()))


def fallback() -> Json:
    refused = [mark(0.004, "head", "500 Internal Server Error"), mark(0.004, "body", "{}", 120)]
    answered = [*refused, mark(0.005, "end")]
    first = provider(answered, who='the agent "ccrouter" (1)', status=500, stream=False)
    second = provider(
        [
            mark(0.02, "head", "200 OK, text/event-stream"),
            mark(0.02, "stray", "no event  : keep-alive", 12),
            mark(0.15, "end", "(the provider reset the connection)"),
        ],
        who='the agent "ccrouter" (2)',
        whole=False,
        ending="the provider reset the connection",
        begun=0.01,
    )
    third = provider(stream(start=0.2), "droid", begun=0.19)
    return exchange(client(stream(start=0.2, lag=0.005)), first, second, third)


def broken_off() -> Json:
    sent = [mark(0.002, "head", "200 OK"), *words(0.002, count=3)]
    torn = mark(0.3, "broken", 'no JSON  data: {"broken":', 17)
    cut = "the provider reset the connection"
    end = mark(0.301, "end", f"({cut})")
    trouble = "the transport broke: connection reset"
    seen = [each | {"at": each["at"] + 0.003} for each in (*sent, torn, end)]
    return exchange(
        client(seen, whole=False, ending=trouble),
        provider([*sent, torn, end], whole=False, ending=cut),
    )


def silence() -> Json:
    sent = [mark(0.002, "head", "200 OK"), *words(0.002)]
    late = [mark(30.6, "chunk", 'chunk 7  finish_reason "stop"'), mark(30.6, "done", "[DONE]")]
    whole = [*sent, *late, mark(30.61, "end")]
    return exchange(client(whole), provider(whole))


def refused() -> Json:
    head = mark(0.003, "head", "400 Bad Request, application/json")
    got = [head, mark(0.003, "body", '{"error": {"message": "no model"}}', 181), mark(0.003, "end")]
    return exchange(client(got, status=400, stream=False))


def silent() -> Json:
    gone = mark(15.0, "end", "(the client gave up after 15 seconds)")
    waiting = client([gone], status=0, stream=False, whole=False, ending="the client gave up")
    never = mark(15.001, "end", "(the client went away)")
    return exchange(
        waiting, provider([never], status=0, whole=False, ending="the client went away")
    )


def clients() -> list[Json]:
    return [passing() | {"number": n, "started": n * 0.05 + (n > 5) * 40.0} for n in range(1, 11)]


def dense() -> Json:
    sent = [mark(0, "head"), *(mark(n * 0.02, "chunk", f'chunk {n}  "w{n}"') for n in range(190))]
    got = [each | {"at": 0.5 * int(each["at"] / 0.5 + 1)} for each in sent]
    end = mark(4.0, "end")
    return exchange(client([*got, end], hidden=40), provider([*sent, end], hidden=40))


PICTURES = {
    "A complete stream": [passing()],
    "Words 100 ms apart": [buffered()],
    "The third attempt succeeds": [fallback()],
    "The agent resets after chunk 3": [broken_off()],
    "Half a minute of silence": [silence()],
    "A request without a model": [refused()],
    "No answer at all": [silent()],
    "Ten clients at once": clients(),
    "A long stream": [dense()],
}


def steps(failing: int | None = None) -> list[Json]:
    texts = [
        ("Given", 'the agent "ccrouter" says "Hello", " from", " streaming"', ""),
        ("When", "the client asks for a stream with", "| name  | value |\n| model | gpt-4 |"),
        ("Then", "the chunks with text arrive 100 ms apart", ""),
        ("And", "the stream ends with one [DONE]", ""),
    ]
    states = ["passed" if failing is None or n < failing else "not run" for n in range(len(texts))]
    if failing is not None:
        states[failing] = "failed"
    return [
        {"keyword": keyword, "text": text, "line": 10 + n, "block": block, "state": states[n]}
        for n, (keyword, text, block) in enumerate(texts)
    ]


def scenario(name: str, outcome: str = "passed", **changes: Any) -> Json:  # noqa: ANN401 - JSON
    is_wrong = outcome in {"failed", "known failure", "informational failure", "not judged"}
    path = "features/gateway/streaming.feature"
    return {
        "id": f"{path}::{name}",
        "feature": "A stream that succeeds",
        "description": "The gateway passes an agent's stream on as it comes.",
        "path": path,
        "line": 12,
        "rule": "No chunk waits for another one",
        "name": name,
        "requirements": ["STREAM-004"],
        "level": "core",
        "needs": ["streaming"],
        "slow": False,
        "system": "gateway",
        "variant": "default",
        "steps": steps(2 if is_wrong else None),
        "outcome": outcome,
        "reason": "the first chunk waited for the last one" if is_wrong else "",
        "message": MESSAGE if is_wrong else "",
        "blame": "the gateway" if is_wrong else "",
        "seconds": 0.61,
        "exchanges": [passing()],
        "log": ["INFO: started", "WARN: buffering is on"] if is_wrong else [],
    } | changes


def requirement(name: str, verdict: str, scenarios: Iterable[Json] = ()) -> Json:
    return {
        "id": name,
        "sentence": "No chunk waits for another one: each arrives before the next is sent",
        "level": "core",
        "needs": ["streaming"],
        "verdict": verdict,
        "scenarios": [each["id"] for each in scenarios],
    }


def counted(scenarios: Sequence[Json]) -> dict[str, int]:
    found = [each["outcome"] for each in scenarios]
    return {outcome: found.count(outcome) for outcome in OUTCOMES}


def document(scenarios: Sequence[Json] = (), **changes: Any) -> Json:  # noqa: ANN401 - JSON
    none = counted([])
    return {
        "format": 1,
        "sluicegate": "0.4.0",
        "verdict": {
            "outcome": "not conformant",
            "exit_code": 1,
            "sentence": "LiteLLM 1.102.4 is not conformant: 7 of 212 scenarios failed.",
            "reasons": ["STREAM-004 (the gateway): the first chunk waited for the last one"],
        },
        "system": {
            "kind": "gateway",
            "name": "LiteLLM",
            "version": "1.102.4",
            "where": "started by litellm --config {{ config }} --port {{ port }}",
        },
        "profile": {"path": "litellm.toml", "sha256": "0123456789abcdef" * 4},
        "contract": {
            "version": "0.4.0",
            "sha256": dict.fromkeys(("features", "steps", "schemas"), "89abcdef" * 8),
        },
        "run": {
            "started": "2026-11-21T22:30:00+00:00",
            "seconds": 91.2,
            "clock": "wall",
            "workers": 8,
            "python": "3.11.7",
            "platform": "Linux-6.1-x86_64",
        },
        "counts": counted(scenarios),
        "capabilities": [
            {"name": "streaming", "claim": True, "reason": "", "counts": counted(scenarios)},
            {
                "name": "logs",
                "claim": False,
                "reason": "no JSON",
                "counts": none | {"skipped": 4},
            },
            {
                "name": "half_open",
                "claim": "unknown",
                "reason": "documented nowhere",
                "counts": none,
            },
        ],
        "values": {"timeout_status": [504], "final_error_status": [500, 502], "attempts_plain": 2},
        "known_failures": [
            {
                "requirement": "PARTIAL-003",
                "scenarios": ["The agent resets *"],
                "reason": "sends its error event without a type",
                "expires": "2027-06-30",
                "state": "holds",
            },
        ],
        "requirements": [
            requirement("STREAM-001", "passed", scenarios),
            requirement("STREAM-004", "failed", scenarios),
            requirement("PARTIAL-003", "known failure"),
            requirement("BREAKER-003", "informational"),
            requirement("AUTH-001", "not claimed"),
        ],
        "scenarios": list(scenarios),
    } | changes


def gallery() -> Json:
    outcomes = (*OUTCOMES, "failed", "failed")
    pairs = zip(PICTURES.items(), outcomes, strict=True)
    return document([scenario(name, outcome, exchanges=of) for (name, of), outcome in pairs])


def many(count: int) -> Json:
    """A long report: of every hundred scenarios one failed."""
    scenarios = [
        scenario(
            f"Scenario {n}",
            "passed" if n % 100 else "failed",
            path=f"features/gateway/{n // 50}.feature",
            id=f"features/gateway/{n // 50}.feature::Scenario {n}",
            exchanges=[fallback() if n % 3 == 0 else passing()],
        )
        for n in range(count)
    ]
    return document(scenarios)


if __name__ == "__main__":
    from sluicegate.report.html import render

    sys.stdout.write(render(many(int(sys.argv[1])) if len(sys.argv) > 1 else gallery()))
