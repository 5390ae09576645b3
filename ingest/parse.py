"""The first half of the flow, ahead of the model: files are read in processes, cut in a thread.

Passages are handed on in small groups as they are cut, so that the model starts on a document's
first pages. The queue is bounded: a thousand files do not pile up in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Self

from ingest.chunk import cut_sections
from ingest.limits import Limits
from ingest.load import LoadOptions
from ingest.plan import Task
from ingest.pool import Readers, Turn
from ingest.reading import Head, no_words, unexpected
from rag_app.errors import DocumentError, RagError
from rag_app.types import Chunk, ChunkingIdentity

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings

_GROUP = 32
_QUEUED = 512
_PATIENCE_S = 0.1

Model = tuple["IdentifiedEmbeddings", ChunkingIdentity]


@dataclass(frozen=True, slots=True)
class Piece:
    """Passages of a document, in order; ``parsed`` comes with the last ones."""

    task: Task
    chunks: tuple[Chunk, ...]
    parsed: Head | None = None


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
        limits: For the processes that read files.
        model: The embedding model and the chunking, as soon as they are loaded.
    """

    def __init__(
        self, tasks: Sequence[Task], options: LoadOptions, limits: Limits, model: Future[Model]
    ) -> None:
        self._tasks, self._model = tasks, model
        self._readers = Readers(options, limits)
        self._queue: Queue[Piece | Refusal | BaseException | None] = Queue(_QUEUED)
        self._stopped = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="ingest-parser", daemon=True)

    def __enter__(self) -> Self:
        """Starts the thread."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes, and lets the thread end without waiting for it."""
        self._stopped.set()
        self._readers.close()

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
            for turn in self._readers.turns(self._tasks):
                for message in self._results(turn):
                    self._put(message)
                if self._stopped.is_set():
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where it can be handled
            self._put(error)

    def _put(self, message: Piece | Refusal | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(Full):
                self._queue.put(message, timeout=_PATIENCE_S)
                return

    def _results(self, turn: Turn) -> Iterator[Piece | Refusal]:
        start = time.perf_counter()
        try:
            yield from self._pieces(turn)
        except DocumentError as error:
            yield Refusal(turn.task, error, time.perf_counter() - start)
        except (RagError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - one untrusted file must not stop the others
            refused = unexpected(turn.task.paths[0], error)
            yield Refusal(turn.task, refused, time.perf_counter() - start)

    def _pieces(self, turn: Turn) -> Iterator[Piece]:
        head, parts = turn.read()
        embeddings, chunking = self._model.result()
        sections = (section for part in parts for section in part.sections)
        chunks = cut_sections(head.document_id, head.media_type, sections, embeddings, chunking)
        clock = _Clock()
        found = False
        while group := tuple(clock.timed(islice(chunks, _GROUP))):
            found = True
            yield Piece(turn.task, group)
        if not found:
            raise no_words(turn.task.paths[0])
        yield Piece(turn.task, (), replace(head, stages=head.stages | {"cut": clock.seconds}))


class _Clock:
    """Counts the time in which something is made, without that in which it is used."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, items: Iterator[Chunk]) -> list[Chunk]:
        """All items."""
        start = time.perf_counter()
        made = list(items)
        self.seconds += time.perf_counter() - start
        return made
