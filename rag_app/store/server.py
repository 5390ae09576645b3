"""Vector indexes on a Chroma server (``chroma run``), which takes care of its own files."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rag_app.errors import StoreUnavailableError
from rag_app.settings import without_credentials
from rag_app.store.chroma import Engine
from rag_app.store.vectors import IndexUnusableError, Purpose, VectorIndex

_BEING_DELETED = re.compile(r"Missing \w+ segment")
"""What the server says of an index of which it has deleted a part (seen with chromadb 1.5.9)."""


class ServerIndex(VectorIndex):
    """Indexes on one server.

    Args:
        url: Such as ``http://localhost:8000``.
        timeout_s: Seconds to wait for an answer.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.place = url
        self._shown = without_credentials(url)
        self._timeout_s = timeout_s
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Imports the client; the server is asked when there is something to ask."""
        import chromadb  # noqa: F401

    def close(self) -> None:
        """Closes the connections."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    @contextmanager
    def _using(self, name: str, purpose: Purpose) -> Iterator[Engine]:  # noqa: ARG002 - all alike
        from chromadb.errors import NotFoundError
        from httpx import TimeoutException, TransportError

        try:
            yield self._connected()
        except NotFoundError as error:
            raise IndexUnusableError from error
        except TransportError as error:
            silent = isinstance(error, TimeoutException)
            problem = "did not answer in time" if silent else "cannot be reached"
            raise StoreUnavailableError(
                f"The Chroma server at {self._shown} {problem}. Start it (chroma run --path FOLDER "
                "--port PORT), correct RAG_CHROMA_URL, or unset it to use the embedded Chroma."
            ) from error
        except Exception as error:
            if _BEING_DELETED.search(str(error)):
                raise IndexUnusableError from error
            said = str(error).strip()[:200] or type(error).__name__
            raise StoreUnavailableError(
                f"The Chroma server at {self._shown} could not do what was asked: {said}. See its "
                "log, or unset RAG_CHROMA_URL to use the embedded Chroma."
            ) from error

    def _connected(self) -> Engine:
        with self._lock:
            if self._engine is None:
                engine = Engine(
                    chroma_api_impl="chromadb.api.fastapi.FastAPI",
                    chroma_server_host=self.place,
                    chroma_server_http_port="443" if self.place.startswith("https") else "80",
                )
                try:
                    engine.start(self._timeout_s)
                except BaseException:
                    engine.close()
                    raise
                self._engine = engine
            return self._engine
