"""The second half of the flow: passages through the model, whole documents into the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from ingest.history import kept_text
from ingest.ledger import Ledger
from ingest.limits import Limits
from ingest.load import LoadOptions
from ingest.parse import Model, Parser, Piece
from ingest.plan import Task, outcome_of_error
from ingest.target import Target
from ingest.window import WINDOW, Job, Window
from rag_app.types import FileOutcome

_STORED_TOGETHER = 256
_STORED_AFTER_S = 5.0


class Embedder:
    """Takes what the parser gives, embeds it window by window, and stores what is complete.

    Args:
        target: The collection.
        ledger: Where outcomes go, after the document is stored.
        known: Paths that the collection held before.
        stop: Whether to stop; asked after each call of the model.
    """

    def __init__(
        self, target: Target, ledger: Ledger, known: Mapping[str, str], stop: Callable[[], bool]
    ) -> None:
        self._target, self._ledger, self._known, self._stop = target, ledger, known, stop
        self._model: Future[Model] = Future()
        self._over = False
        self._window = Window()
        self._ready: list[Job] = []
        self._stored_at = time.perf_counter()

    def run(self, tasks: Sequence[Task], options: LoadOptions, limits: Limits) -> None:
        """Works off all tasks, or as many as are finished when it is told to stop.

        Raises:
            RagError: The model or the store fails; what was complete before is stored.
        """
        # No daemon: to end the process in the middle of loading a model would crash it.
        loading = threading.Thread(target=self._load, name="ingest-model")
        self._ledger.unparsed = len(tasks)
        try:
            # The parser first: its worker starts while the model is imported, not after.
            with Parser(tasks, options, limits, self._model) as parser:
                loading.start()
                while not parser.ended and not self._stop():
                    self._fill(parser)
                    if len(self._window):
                        self._encode()
        finally:
            self._over = True
            try:
                self._store()
            finally:
                if loading.is_alive():  # the store must not be closed while it is got ready
                    loading.join()

    def _load(self) -> None:
        """Loads the model, then the vector store and what tells languages, beside the parsing."""
        try:
            model = self._target.model()
            self._ledger.embeddings = model[0]
            self._model.set_result(model)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            self._model.set_exception(error)
            return
        if not self._over:
            self._target.warm()
        if not self._over:
            from rag_app.store.languages import make_ready

            make_ready()

    def _fill(self, parser: Parser) -> None:
        """Takes what the parser has ready, up to a full window; waits only if there is nothing."""
        while len(self._window) < WINDOW and not parser.ended:
            message = parser.take(wait=not len(self._window))
            if message is None:
                return
            if isinstance(message, Piece):
                if message.parsed is not None:
                    self._ledger.parsed += 1
                    self._ledger.unparsed -= 1
                self._finish(self._window.add(message))
            else:
                self._ledger.unparsed -= 1
                self._window.drop(message.task)
                self._ledger.settle(
                    outcome_of_error(path, message.error, message.task.document_id)
                    for path in message.task.paths
                )

    def _encode(self) -> None:
        embeddings, _ = self._model.result()
        self._ledger.chunks_known = self._window.known
        for finished in self._window.embed(embeddings):
            self._ledger.chunks_known, self._ledger.chunks_done = (
                self._window.known,
                self._window.done,
            )
            self._finish(finished)
            self._ledger.tell()
            if self._stop():
                return

    def _finish(self, jobs: Sequence[Job]) -> None:
        self._ready += jobs
        passages = sum(len(job.chunks) for job in self._ready)
        waited = time.perf_counter() - self._stored_at
        if passages >= _STORED_TOGETHER or (passages and waited > _STORED_AFTER_S):
            self._store()

    def _store(self) -> None:
        """Stores all documents that are complete, and only then reports them."""
        jobs, self._ready = self._ready, []
        if not jobs:
            return
        embeddings, _ = self._model.result()
        writer = self._target.writer(embeddings.identity)
        records = [job.record() for job in jobs]
        start = time.perf_counter()
        writer.put_many(
            [(record, job.chunks, job.matrix()) for record, job in zip(records, jobs, strict=True)]
        )
        self._stored_at = time.perf_counter()
        share = (self._stored_at - start) / sum(record.chunks for record in records)
        settled: list[FileOutcome] = []
        readings: dict[str, str] = {}
        for record, job in zip(records, jobs, strict=True):
            job.stored = share * record.chunks
            outcomes = list(job.outcomes(self._known, record.language, embeddings))
            readings[record.id] = kept_text(outcomes[0], embeddings.identity.spec)
            settled += outcomes
        writer.keep_readings(readings)
        self._ledger.settle(settled)
