# Starts our provider: on asyncio's own loop even where uvloop is installed, or with a sampler that
# says where its processor time goes.
import argparse
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.001
"""Seconds of processor time between two samples; the kernel rounds up to its own tick."""

# The first mark that is found in a file's path counts: Hypercorn has an `asyncio`, too.
LAYERS = {
    "request validation (jsonschema)": (
        "/jsonschema/",
        "/jsonschema_specifications/",
        "/referencing/",
        "/attr/",
        "/harness/sluicegate/wire/schema.py",
        "/harness/sluicegate/wire/keywords.py",
    ),
    "our recorder, journal, linger": (
        "/harness/sluicegate/provider/recorder.py",
        "/harness/sluicegate/provider/journal.py",
        "/harness/sluicegate/provider/linger.py",
        "/harness/sluicegate/provider/log.py",
    ),
    "our provider, wire, runtime": ("/harness/sluicegate/",),
    "Quart, werkzeug": ("/quart/", "/werkzeug/", "/flask/", "/blinker/", "/itsdangerous/"),
    "Hypercorn, h11": ("/hypercorn/", "/h11/", "/wsproto/", "/h2/"),
    "asyncio, sockets": ("/asyncio/", "/selectors.py", "/socket.py"),
}


class Sampler:
    """Counts in which layer, and within which functions, each sample was taken."""

    def __init__(self) -> None:
        self.layers: Counter[str] = Counter()
        self.within: Counter[str] = Counter()
        self._known: dict[str, str | None] = {}

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Count one sample."""
        # What the standard library does belongs to the layer that has called it.
        layer = None
        functions = set()
        while frame is not None:
            own = self._layer(frame.f_code.co_filename)
            layer = layer or own
            if own is not None:
                functions.add(_name(frame))
            frame = frame.f_back
        self.layers[layer or "other"] += 1
        self.within.update(functions)

    def forget(self, *_: object) -> None:
        """Begin anew."""
        self.layers.clear()
        self.within.clear()

    def _layer(self, file: str) -> str | None:
        if file not in self._known:
            marks = ((layer, mark) for layer, marks in LAYERS.items() for mark in marks)
            self._known[file] = next((layer for layer, mark in marks if mark in file), None)
        return self._known[file]


def _name(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_qualname}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--asyncio", action="store_true")
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--port", required=True)
    options = parser.parse_args()
    if options.asyncio:
        sys.modules["uvloop"] = None  # type: ignore[assignment] # as if it were not installed
    if options.samples:
        _serve_sampled(options.port, options.samples)
    else:
        _serve(options.port)


def _serve_sampled(port: str, samples: Path) -> None:
    sampler = Sampler()
    # From outside, because the load begins after the start.
    signal.signal(signal.SIGUSR1, sampler.forget)
    signal.signal(signal.SIGPROF, sampler.take)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        _serve(port)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        samples.write_text(json.dumps([sampler.layers, sampler.within]))


def _serve(port: str) -> None:
    from sluicegate.cli import main as sluicegate  # noqa: PLC0415 - only now is uvloop hidden

    sluicegate(["provider", "--port", port], standalone_mode=False)


if __name__ == "__main__":
    main()
