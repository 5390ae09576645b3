"""Vector indexes on a Chroma server (``chroma run``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rag_app.errors import StoreUnavailableError
from rag_app.store.chroma import Engine
from rag_app.store.vectors import IndexUnusableError, VectorRow

if TYPE_CHECKING:
    from rag_app.store.vectors import Vectors


class ServerIndex:
    """Indexes on a Chroma server, which takes care of its own files.

    Args:
        url: Such as ``http://localhost:8000``.
        timeout_s: Seconds to wait for an answer.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.place = url
        self._timeout_s = timeout_s
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    def put(self, name: str, rows: Sequence[VectorRow]) -> None:
        with self._answers() as engine:
            engine.put(name, rows)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        with self._answers() as engine:
            engine.remove(name, ids)

    def search(self, name: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        with self._answers() as engine:
            return engine.search(name, vector, k)

    def ids(self, name: str) -> set[str]:
        with self._answers() as engine:
            return engine.ids(name)

    def count(self, name: str) -> int:
        try:
            with self._answers() as engine:
                return engine.count(name)
        except IndexUnusableError:
            return 0

    def drop(self, name: str) -> None:
        with suppress(IndexUnusableError), self._answers() as engine:
            engine.drop(name)

    def close(self) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    @contextmanager
    def _answers(self) -> Iterator[Engine]:
        from chromadb.errors import NotFoundError  # noqa: PLC0415 - imported when vectors are
        from httpx import TransportError  # noqa: PLC0415

        try:
            with self._lock:
                if self._engine is None:
                    self._engine = self._connect()
                engine = self._engine
            yield engine
        except NotFoundError as error:
            raise IndexUnusableError from error
        except TransportError as error:
            what = "did not answer in time" if "Timeout" in type(error).__name__ else "is not there"
            raise StoreUnavailableError(
                f"The Chroma server at {self.place} {what}. Start it (chroma run --path FOLDER "
                "--port PORT), correct RAG_CHROMA_URL, or unset it to use the embedded Chroma."
            ) from error
        except IndexUnusableError:
            raise
        except Exception as error:  # the client raises bare Exception for whatever the server says
            raise StoreUnavailableError(
                f"The Chroma server at {self.place} could not do what was asked "
                f"({str(error)[:200] or type(error).__name__}). See its log, or unset "
                "RAG_CHROMA_URL to use the embedded Chroma."
            ) from error

    def _connect(self) -> Engine:
        engine = Engine(
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=self.place,
            chroma_server_http_port=None,
        )
        engine.limit_waiting(self._timeout_s)
        engine.start()
        return engine
