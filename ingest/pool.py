"""Files read in their order, some of them ahead: plain text here, all others in worker processes.

A worker costs a tenth of a second to start and a process for each fault, which small files of plain
text are not worth: they are read here. Workers are started when the first file needs one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest import load
from ingest.isolate import Worker, WorkerDied
from ingest.legacy import Converter
from ingest.limits import Limits
from ingest.load import LoadOptions, is_plain
from ingest.messages import (
    OUT_OF_TURN,
    Message,
    OfDocument,
    Opened,
    Part,
    Reading,
    Refused,
    Seen,
    Summary,
)
from ingest.plan import Task
from ingest.reading import read_document
from ingest.worker import Job
from rag_app.errors import DocumentUnreadableError, RagError

_SMALL = 65_536
"""Bytes up to which plain text is read in this process: 0.4 seconds in the worst cases tried."""
_AHEAD = 32
_LARGE_MB = 300.0
"""A worker that has held more is replaced, so that the memory goes back."""
_LONG = 500
"""Files after which a worker is replaced, for libraries that leak."""


class Turn:
    """A file whose turn it is to be taken."""

    def __init__(
        self,
        task: Task,
        options: LoadOptions,
        worker: Worker | None = None,
        *,
        explained: bool = False,
    ) -> None:
        self.task, self._options, self._worker = task, options, worker
        self._explained = explained

    def read(self) -> Reading:
        """The document, as soon as its first pages are read.

        Raises:
            DocumentError: It cannot be ingested. That may show in later pages, too.
        """
        path = self.task.paths[0]
        if self._worker is None:
            return Reading(read_document(path, self._options, explained=self._explained))
        return Reading(_answers(path, self._worker))

    def end(self) -> None:
        """Nobody wants more of it: what is left of its answer would be taken for the next one's."""
        if self._worker is not None and self._worker.busy:
            self._worker.stop()


def _answers(path: Path, worker: Worker) -> Iterator[OfDocument]:
    while isinstance(message := _next(path, worker), Opened | Seen | Part):
        yield message
    worker.done()
    if isinstance(message, Refused):
        raise message.error()
    if not isinstance(message, Summary):
        raise TypeError(OUT_OF_TURN)
    if (message.peak_mb or 0.0) > _LARGE_MB or worker.files >= _LONG:
        worker.stop()
    yield message


def _next(path: Path, worker: Worker) -> Message:
    try:
        return worker.answer()
    except WorkerDied as death:
        raise DocumentUnreadableError(f"{path.name} {death}") from death


class Readers:
    """Reads files with a few workers.

    Args:
        options: For the loaders.
        limits: For the workers.
        explained: Whether the pages themselves are wanted, too: see ``Reading.seen``.
    """

    def __init__(self, options: LoadOptions, limits: Limits, *, explained: bool = False) -> None:
        self._options, self._limits, self._explained = options, limits, explained
        self._converter = Converter(limits.memory_mb)
        self._workers: list[Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def turns(self, tasks: Iterable[Task]) -> Iterator[Turn]:
        """All tasks in their order, each when the one before was taken to its end.

        Raises:
            RagError: No process can be started.
        """
        waiting = deque(tasks)
        ahead: deque[Turn] = deque()
        while True:
            while waiting and len(ahead) < _AHEAD and (turn := self._begin(waiting[0])):
                waiting.popleft()
                ahead.append(turn)
            if not ahead:
                if waiting and not self._closed:
                    raise RuntimeError("files are left, and no worker is free to read them")
                return
            yield ahead[0]
            ahead.popleft().end()

    def close(self) -> None:
        """Ends all workers, in the middle of a file if need be."""
        with self._lock:
            self._closed = True
        self._converter.stop()
        for worker in self._workers:
            worker.stop()

    def _begin(self, task: Task) -> Turn | None:
        """The turn of a task; None if all workers have something to do."""
        path = task.paths[0]
        if is_plain(path, _SMALL):
            return Turn(task, self._options, explained=self._explained)
        worker = self._free()
        if worker is None:
            return None
        worker.ask(Job(path, self._options, load.FORMATS, explained=self._explained))
        return Turn(task, self._options, worker)

    def _free(self) -> Worker | None:
        with self._lock:
            self._workers = [worker for worker in self._workers if worker.is_alive]
            idle = next((worker for worker in self._workers if not worker.busy), None)
            if idle is not None or self._closed or len(self._workers) >= self._limits.workers:
                return idle
            try:
                self._workers.append(Worker(self._limits, self._converter))
            except OSError as error:
                raise RagError(
                    f"No process can be started to read files ({error.strerror or error}). Close "
                    "other programs and run the same command again: it goes on from here."
                ) from error
            return self._workers[-1]
