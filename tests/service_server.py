"""A real HTTP server on loopback that speaks the protocols of the hosted embedding services.

It is a fake of Cohere, Google, Hugging Face, Ollama and Voyage: their own services cannot be had
without a network and a key. What it answers was written after their clients and their public
documentation; the clients and the sockets are real. A vector starts with the length of its text.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOTHING = object()
"""An answer that is none: the connection is closed."""
DIMENSION = 4


@dataclass
class Reply:
    """What is sent instead of vectors: a status, headers, and a body (any JSON, or raw bytes)."""

    status: int = 500
    body: object = field(default_factory=lambda: {"message": "scripted failure"})
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


@dataclass
class Service:
    """A running server.

    Attributes:
        address: Its base URL.
        script: Replies to the next requests; when it is used up, vectors are sent.
        requests: Bodies received, with the path and the headers.
    """

    address: str
    script: list[object] = field(default_factory=list)
    requests: list[dict] = field(default_factory=list)
    dimension: int = DIMENSION

    def texts(self) -> list[list[str]]:
        """The texts of each request, whatever the protocol."""
        return [_texts(body) for body in self.requests]


def _texts(body: dict) -> list[str]:
    if "requests" in body:
        return [one["content"]["parts"][0]["text"] for one in body["requests"]]
    if "content" in body:
        return [body["content"]["parts"][0]["text"]]
    found = body.get("texts") or body.get("inputs") or body.get("input")
    return [found] if isinstance(found, str) else found


def _answer(path: str, texts: list[str], dimension: int) -> object:
    vectors = [[len(text) + 1.0] + [1.0] * (dimension - 1) for text in texts]
    if path.startswith("/v1/embed"):  # Cohere
        kind = "embeddings_by_type"
        return {"id": "1", "embeddings": {"float": vectors}, "texts": texts, "response_type": kind}
    if ":batchEmbedContents" in path:  # Google
        return {"embeddings": [{"values": vector} for vector in vectors]}
    if ":embedContent" in path:
        return {"embedding": {"values": vectors[0]}}
    if path == "/api/embed":  # Ollama
        return {"model": "m", "embeddings": vectors}
    if path == "/embeddings":  # Voyage
        data = [
            {"object": "embedding", "embedding": vector, "index": index}
            for index, vector in enumerate(vectors)
        ]
        return {"object": "list", "data": data, "model": "m", "usage": {"total_tokens": 1}}
    return vectors  # Hugging Face


@contextmanager
def embedding_service() -> Iterator[Service]:
    """Runs the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.requests.append(body | {"path": self.path, "headers": headers})
            reply = service.script.pop(0) if service.script else None
            if reply is NOTHING:
                self.connection.close()
                return
            if not isinstance(reply, Reply):
                reply = Reply(200, _answer(self.path, _texts(body), service.dimension))
            time.sleep(reply.delay_s)
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            raw = reply.body
            content = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keeps the test output clean."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A connection that the test closed on purpose is no error."""

    with Server(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
