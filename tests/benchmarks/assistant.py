# Building the events of a long answer, each with the whole message so far, beside json.dumps of it
# each time. Best of several rounds; above 1x ours is faster.
import json
import sys
import time
from collections.abc import Callable, Iterator

from sluicegate.wire.assistant.builder import Builder
from sluicegate.wire.assistant.document import write
from sluicegate.wire.assistant.message import AssistantMessage, Text

ROUNDS = 3
DELTA = 'word, "quoted"\n'

Events = Iterator[bytes]


def ours(deltas: int) -> Events:
    builder = Builder("claude-sonnet-4-5", "anthropic", 1_700_000_000_000)
    yield from builder.start()
    for _ in range(deltas):
        yield from builder.text(DELTA)


def naive(deltas: int) -> Events:
    message = write(AssistantMessage((), "claude-sonnet-4-5", "anthropic", timestamp=1))
    text = write(Text(""))
    yield json.dumps({"type": "start", "partial": message}).encode()
    message["content"].append(text)
    for _ in range(deltas):
        text["text"] += DELTA
        yield json.dumps({"type": "text_delta", "delta": DELTA, "partial": message}).encode()


def best_time(build: Callable[[int], Events], deltas: int) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        written = sum(map(len, build(deltas)))
        times.append(time.perf_counter() - start)
    if written < deltas * deltas * len(DELTA) // 2:
        raise ValueError(f"expected whole messages, got {written} bytes")
    return min(times)


def main() -> None:
    sys.stdout.write(
        "{:>12}{:>14}{:>14}{:>9}\n".format("deltas", "sluicegate", "json.dumps", "ratio")
    )
    for deltas in (100, 1_000, 10_000):
        own, other = best_time(ours, deltas), best_time(naive, deltas)
        each = (seconds / deltas * 1e6 for seconds in (own, other))
        sys.stdout.write(
            "{:>12}{:>11.1f} us{:>11.1f} us{:>8.1f}x\n".format(deltas, *each, other / own)
        )


if __name__ == "__main__":
    main()
