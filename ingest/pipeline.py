"""The document flow, end to end: ``ingest_paths``.

Three things go on at once: a thread parses ahead, the embedding model works on windows of passages,
and the model and the vector store are loaded while the first file is parsed. What the model has
finished of a document is stored whole, in one transaction, so that an interruption at any moment
leaves only whole documents; the next run finds them unchanged and goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.files import select
from ingest.interrupt import deferred
from ingest.load import LoadOptions
from ingest.parse import Model, Parser, Piece
from ingest.plan import Plan, fingerprints, make_plan, outcome_of_error
from ingest.report import IngestReport, Progress, attach
from ingest.target import check_chunking, chunking_for, create
from ingest.window import WINDOW, Job, Window
from rag_app.errors import RagError, UsageError
from rag_app.settings import Settings
from rag_app.types import FileOutcome

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Store, Writer

_STORED_TOGETHER = 256
_STORED_AFTER_S = 5.0


def ingest_paths(
    paths: Iterable[str | Path],
    settings: Settings,
    *,
    collection: str | None = None,
    sync: bool = False,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> IngestReport:
    """Brings files into a collection, which is made if it is not there.

    A file's content decides: what is stored already costs nothing, a changed file replaces its old
    passages, and one content under several paths is stored once and cited under all. Paths are
    stored absolute. Ctrl-C stores what is complete and returns.

    Args:
        paths: Files, folders and patterns.
        settings: What is in force.
        collection: Name of the collection instead of the settings' one.
        sync: Forget stored files that are gone, as far as they lie below ``paths``.
        force: Parse and embed stored contents again.
        progress: Called often, in this thread.
        cancelled: Asked often; true stops the run like Ctrl-C.
        on_wait: Called if another process is writing to the collection.

    Raises:
        RagError: The run cannot go on (a model, the store, the call itself); ``report_of`` gives
            what was finished before. A fault of one file is its outcome, not an exception.
    """
    given = list(paths)
    if not given:
        raise UsageError("Give at least one file or folder to ingest.")
    from rag_app.store import Store

    with Store(settings) as store, deferred() as pressed:
        run = _Run(store, settings, collection or settings.collection, progress, on_wait)
        run.stopped = lambda: pressed() or (cancelled is not None and cancelled())
        try:
            run.go(given, sync=sync, force=force)
        except KeyboardInterrupt:
            run.interrupted = True
        except RagError as error:
            attach(error, run.report())
            raise
        return run.report()


class _Run:
    """One ingestion: its state, and the steps in their order."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        name: str,
        progress: Callable[[Progress], None] | None,
        on_wait: Callable[[], None] | None,
    ) -> None:
        self._store, self._settings, self._name = store, settings, name
        self._progress, self._on_wait = progress, on_wait
        self._start = time.perf_counter()
        self._outcomes: list[FileOutcome] = []
        self._total = 0
        self._window = Window()
        self._ready: list[Job] = []
        self._stored_at = self._start
        self._known: dict[str, str] = {}
        self._embeddings: IdentifiedEmbeddings | None = None
        self._writer: Writer | None = None
        self._stack = ExitStack()
        self.stopped: Callable[[], bool] = lambda: False
        self.interrupted = False

    def go(self, paths: Iterable[str | Path], *, sync: bool, force: bool) -> None:
        """Does it all."""
        options = _options(self._settings)
        selection = select(paths)
        self._total = len(selection.files) + len(selection.missing) + len(selection.failed)
        digests, refused = fingerprints(selection.files, options, self.stopped)
        self._settle(selection.failed + refused)

        def plan() -> Plan:
            found = self._collection()
            self._known = found.paths() if found else {}
            records = {record.id: record for record in found.documents()} if found else {}
            return make_plan(selection, digests, self._known, records, sync=sync, force=force)

        todo = plan()
        with self._stack:
            existing = self._collection()
            if existing and not todo.is_empty:
                self._open(existing)
                todo = plan()  # another writer may have been at work until now
            self._settle(todo.settled)
            self._point(todo)
            if todo.tasks and not self._stop():
                self._embed(todo, options)
            if not self._stop():
                self._forget(todo)

    def report(self) -> IngestReport:
        """What was finished so far."""
        return IngestReport(
            tuple(self._outcomes),
            self._name,
            time.perf_counter() - self._start,
            self._embeddings.encoder_seconds if self._embeddings else 0.0,
            self.interrupted,
        )

    def _stop(self) -> bool:
        self.interrupted = self.interrupted or self.stopped()
        return self.interrupted

    def _collection(self) -> Collection | None:
        if not self._store.exists(self._name):
            return None
        found = self._store.get(self._name)
        info = found.info
        check_chunking(self._name, info.chunking, self._settings, info.embedding)
        if self._settings.embedding not in {"auto", info.embedding.spec}:
            from rag_app.embeddings import embeddings_for

            embeddings_for(self._settings, info.embedding)  # raises the mismatch, if it is one
        return found

    def _open(self, collection: Collection) -> Writer:
        if self._writer is None:
            wait_s = self._settings.lock_wait_s
            self._writer = self._stack.enter_context(collection.writer(wait_s, self._on_wait))
        return self._writer

    def _point(self, plan: Plan) -> None:
        for path, document_id in plan.points:
            collection = self._store.get(self._name)
            other = collection.document(document_id)
            self._open(collection).point(path, document_id)
            self._settle([_duplicate(path, document_id, other.sources if other else ())])

    def _forget(self, plan: Plan) -> None:
        for path in plan.gone:
            self._open(self._store.get(self._name)).forget(path)
            reason = "The file is gone; its passages were removed."
            self._total += 1
            self._settle([FileOutcome(path, "forgotten", reason, self._known.get(path, ""))])

    def _embed(self, plan: Plan, options: LoadOptions) -> None:
        model: Future[Model] = Future()
        threading.Thread(target=self._load, args=(model,), daemon=True).start()
        try:
            with Parser(plan.tasks, options, model) as parser:
                while not parser.ended and not self._stop():
                    self._take(parser)
                    if len(self._window) and (len(self._window) >= WINDOW or self._idle):
                        self._encode(model.result()[0])
        finally:
            self._save()

    def _load(self, model: Future[Model]) -> None:
        """Loads the model, then the vector store, while other threads are at work."""
        try:
            from rag_app.embeddings import cached, embeddings_for

            found = self._collection()
            embeddings = embeddings_for(self._settings, found.info.embedding if found else None)
            chunking = (
                found.info.chunking if found else chunking_for(self._settings, embeddings.identity)
            )
            self._embeddings = cached(embeddings, self._settings)
            model.set_result((self._embeddings, chunking))
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            model.set_exception(error)
            return
        import_module("chromadb")

    def _take(self, parser: Parser) -> None:
        """Takes what the parser has ready, up to a full window."""
        self._idle = False
        while len(self._window) < WINDOW and not parser.ended:
            message = parser.take(wait=not len(self._window))
            if message is None:
                self._idle = True
                return
            if isinstance(message, Piece):
                if job := self._window.add(message):
                    self._finish([job])
            else:
                self._window.drop(message.task)
                self._settle(
                    outcome_of_error(path, message.error, message.task.document_id)
                    for path in message.task.paths
                )

    def _encode(self, embeddings: IdentifiedEmbeddings) -> None:
        for finished in self._window.embed(embeddings):
            self._finish(finished)
            self._tell("")
            if self._stop():
                return

    def _finish(self, jobs: list[Job]) -> None:
        self._ready += jobs
        passages = sum(len(job.chunks) for job in self._ready)
        waited = time.perf_counter() - self._stored_at
        if passages >= _STORED_TOGETHER or (passages and waited > _STORED_AFTER_S):
            self._save()

    def _save(self) -> None:
        """Stores all documents that are complete, and only then reports them."""
        jobs, self._ready = self._ready, []
        if not jobs or self._embeddings is None:
            return
        collection = self._collection() or create(
            self._store, self._settings, self._name, self._embeddings.identity
        )
        writer = self._open(collection)
        writer.put_many([(job.record(), job.chunks, job.matrix()) for job in jobs])
        self._stored_at = time.perf_counter()
        for job in jobs:
            self._settle(job.outcomes(self._known))

    def _settle(self, outcomes: Iterable[FileOutcome]) -> None:
        for outcome in outcomes:
            self._outcomes.append(outcome)
            self._tell(outcome.path)

    def _tell(self, path: str) -> None:
        if self._progress is None:
            return
        self._progress(
            Progress(
                done=len(self._outcomes),
                total=self._total,
                path=path or (self._outcomes[-1].path if self._outcomes else ""),
                chunks_done=self._window.done,
                chunks_known=self._window.known,
                seconds=time.perf_counter() - self._start,
                encoder_seconds=self._embeddings.encoder_seconds if self._embeddings else 0.0,
            )
        )


def _options(settings: Settings) -> LoadOptions:
    secret = settings.pdf_password
    return LoadOptions(
        password=secret.get_secret_value() if secret else None,
        max_bytes=int(settings.max_file_mb * 1e6),
    )


def _duplicate(path: str, document_id: str, sources: Iterable[str]) -> FileOutcome:
    others = [source for source in sources if source != path]
    there = next((other for other in others if Path(other).exists()), None)
    if there:
        reason = f"The same content as {there}."
    elif others:
        reason = f"Moved from {others[0]}, which is gone (--sync forgets it)."
    else:
        reason = "Its content is stored already."
    return FileOutcome(path, "duplicate", reason, document_id)
