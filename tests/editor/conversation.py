"""A conversation with a language server, as an editor holds it: the Language Server Protocol."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Timer
from typing import IO, Any, Final, Self

PATIENCE: Final = 120.0
"""Seconds after which the server is killed, so that a conversation always ends."""

CAPABILITIES: Final = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True}},
        "definition": {},
    },
}


class Conversation:
    """A language server in a process of its own, and what it has said so far.

    Raises EOFError with the server's log when the server ends before it answers.
    """

    def __init__(self, command: list[str], folder: Path, settings: Mapping[str, object]) -> None:
        self.log: list[str] = []
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._settings = settings
        self._asked = 0
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._timer = Timer(PATIENCE, self._process.kill)
        self._timer.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def open_folder(self, folder: Path) -> None:
        """Say hello, and wait until the folder's sentences are known."""
        self.ask(
            "initialize",
            {"processId": None, "rootUri": folder.as_uri(), "capabilities": CAPABILITIES},
        )
        self._tell("initialized", {})
        self._hear_until(lambda: any("suggestions for auto complete" in line for line in self.log))

    def open_file(self, path: Path) -> list[dict[str, Any]]:
        """Open a feature file, and return what the server finds wrong in it."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "cucumber", "version": 1, "text": path.read_text()}
        self._tell("textDocument/didOpen", {"textDocument": document})
        self._hear_until(lambda: uri in self.diagnostics)
        return self.diagnostics[uri]

    def ask_at(self, method: str, path: Path, text: str) -> list[dict[str, Any]]:
        """Ask about the place at the end of a text in an open file."""
        before, found, _ = path.read_text().partition(text)
        lines = (before + found).split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        answer = self.ask(method, {"textDocument": {"uri": path.as_uri()}, "position": place})
        return list(answer)

    def ask(self, method: str, params: object) -> Any:  # noqa: ANN401 - each answer has its own form
        """Send a request and return the result of its answer."""
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        answers: list[Any] = []
        self._hear_until(lambda: bool(answers), lambda each: _is_answer(each, number, answers))
        return answers[0]

    def _tell(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: Mapping[str, object]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = _open(self._process.stdin)
        stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        stream.flush()

    def _hear_until(
        self,
        is_over: Callable[[], bool],
        listen: Callable[[dict[str, Any]], object] = lambda _: None,
    ) -> None:
        while not is_over():
            message = self._receive()
            self._heed(message)
            listen(message)

    def _receive(self) -> dict[str, Any]:
        stream, length = _open(self._process.stdout), 0
        for line in iter(stream.readline, b"\r\n"):
            if not line:
                raise EOFError("\n".join(["the language server ended; its log:", *self.log]))
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(stream.read(length))
        return message

    def _heed(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params")
        if method == "window/logMessage" and params:
            self.log.append(params["message"])
        elif method == "textDocument/publishDiagnostics" and params:
            self.diagnostics[params["uri"]] = params["diagnostics"]
        elif method and "id" in message:
            # Only the request for the configuration expects more than a nod.
            result = [self._settings] if method == "workspace/configuration" else None
            self._send({"id": message["id"], "result": result})


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _is_answer(message: dict[str, Any], number: int, answers: list[Any]) -> None:
    if "method" not in message and message.get("id") == number:
        assert "error" not in message, message
        answers.append(message["result"])
