"""The first half of the flow, ahead of the model: files are read in processes, cut in a thread.

Passages are handed on as they are cut, so that the model starts on a document's first pages. The
queue is bounded: a thousand files do not pile up in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Self

from ingest.chunk import Cutter
from ingest.limits import Limits
from ingest.load import LoadOptions
from ingest.messages import Summary
from ingest.plan import Task
from ingest.pool import Readers, Turn
from ingest.reading import no_words, unexpected
from rag_app.errors import DocumentError, RagError
from rag_app.types import Chunk, ChunkingIdentity

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings

_QUEUED = 512
_PATIENCE_S = 0.1

Model = tuple["IdentifiedEmbeddings", ChunkingIdentity]


@dataclass(frozen=True, slots=True)
class Piece:
    """Passages of a document, in order; ``parsed`` comes with the last ones."""

    task: Task
    chunks: tuple[Chunk, ...]
    parsed: Summary | None = None


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
        reading = turn.read()
        embeddings, chunking = self._model.result()
        opened = reading.opened
        cutter = Cutter(opened.document_id, opened.media_type, embeddings, chunking)
        clock = _Clock()
        for part in reading.parts():
            for chunks in clock.timed(cutter.cut(part.sections)):
                yield Piece(turn.task, chunks)
        if not cutter.made:
            raise no_words(turn.task.paths[0])
        stages = reading.summary.stages | {"cut": clock.seconds}
        yield Piece(turn.task, (), replace(reading.summary, stages=stages))


class _Clock:
    """Counts the time in which something is made, without that in which it is used."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, groups: Iterator[tuple[Chunk, ...]]) -> Iterator[tuple[Chunk, ...]]:
        """The same."""
        start = time.perf_counter()
        for group in groups:
            self.seconds += time.perf_counter() - start
            yield group
            start = time.perf_counter()
        self.seconds += time.perf_counter() - start
