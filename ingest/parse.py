"""The first half of the flow, in a thread of its own: load, clean and chunk run ahead of the model.

Passages are handed on in small groups as they are cut, so that the model starts on a document's
first pages. The queue is bounded: a thousand files do not pile up in memory.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Self

from ingest.chunk import iter_chunks
from ingest.clean import clean_pages
from ingest.load import LoadOptions, RawFile, load_file, read_file
from ingest.plan import Task
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError, RagError
from rag_app.types import Chunk, ChunkingIdentity, CleanPage, LoadedDocument

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings

_GROUP = 32
_QUEUED = 512
_PATIENCE_S = 0.1

Model = tuple["IdentifiedEmbeddings", ChunkingIdentity]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What is known of a document once its last passage is cut."""

    document_id: str
    media_type: str
    title: str | None
    pages: int
    empty_pages: int
    characters: int
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Piece:
    """Passages of a document, in order; ``parsed`` comes with the last ones."""

    task: Task
    chunks: tuple[Chunk, ...]
    parsed: Parsed | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that cannot be ingested; passages of it that came before are void."""

    task: Task
    error: DocumentError
    seconds: float


class Parser:
    """Parses tasks in a background thread and hands the results to one consumer.

    Args:
        tasks: What to parse.
        options: For the loaders.
        model: The embedding model and the chunking, as soon as they are loaded.
    """

    def __init__(self, tasks: Sequence[Task], options: LoadOptions, model: Future[Model]) -> None:
        self._tasks, self._options, self._model = tasks, options, model
        self._queue: Queue[Piece | Refusal | BaseException | None] = Queue(_QUEUED)
        self._stopped = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="ingest-parser", daemon=True)

    def __enter__(self) -> Self:
        """Starts the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Lets the thread end after the file that it is at, without waiting for it."""
        self._stopped.set()

    @property
    def ended(self) -> bool:
        """Whether everything was taken."""
        return self._ended

    def take(self, *, wait: bool) -> Piece | Refusal | None:
        """The next result; None if there is none yet (after a short wait) or no more.

        Raises:
            RagError: The embedding model cannot be loaded, or the settings contradict it.
        """
        try:
            message = self._queue.get(timeout=_PATIENCE_S) if wait else self._queue.get_nowait()
        except Empty:
            return None
        if isinstance(message, BaseException):
            raise message
        self._ended = message is None
        return message

    def _run(self) -> None:
        try:
            for task in self._tasks:
                if self._stopped.is_set():
                    return
                for message in self._results(task):
                    self._put(message)
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where it can be handled
            self._put(error)

    def _put(self, message: Piece | Refusal | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._queue.put(message, timeout=_PATIENCE_S)
                return

    def _results(self, task: Task) -> Iterator[Piece | Refusal]:
        start = time.perf_counter()
        try:
            yield from self._pieces(task, start)
        except DocumentError as error:
            yield Refusal(task, error, time.perf_counter() - start)
        except (RagError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - one untrusted file must not stop the others
            name = task.paths[0].name
            unexpected = DocumentUnreadableError(
                f"{name} cannot be read: {type(error).__name__}: {error}. "
                "Export it again from the program that made it, or report it with the file."
            )
            unexpected.__cause__ = error
            yield Refusal(task, unexpected, time.perf_counter() - start)

    def _pieces(self, task: Task, start: float) -> Iterator[Piece]:
        file = read_file(task.paths[0], self._options)
        document = load_file(file, self._options)
        pages = clean_pages(document)
        embeddings, chunking = self._model.result()
        document_id = hashlib.sha256(file.data).hexdigest()
        chunks = iter_chunks(document_id, document, pages, embeddings, chunking)
        found = False
        while group := tuple(islice(chunks, _GROUP)):
            found = True
            yield Piece(task, group)
        if not found:
            raise DocumentSkippedError(
                f"{file.name} has no words to search for. There is nothing to ingest."
            )
        yield Piece(task, (), _summary(document_id, file, document, pages, start))


def _summary(
    document_id: str,
    file: RawFile,
    document: LoadedDocument,
    pages: Sequence[CleanPage],
    start: float,
) -> Parsed:
    return Parsed(
        document_id,
        document.media_type,
        document.title,
        pages=len(pages),
        empty_pages=sum(1 for page in pages if not page.text),
        characters=sum(len(page.text) for page in pages),
        size_bytes=len(file.data),
        seconds=time.perf_counter() - start,
    )
