"""The document flow, end to end: ``ingest_paths``.

Three things go on at once: a thread parses ahead, the embedding model works on windows of passages,
and the model and the vector store are loaded while the first file is parsed. What the model has
finished of a document is stored whole, in one transaction, so that an interruption at any moment
leaves only whole documents; the next run finds them unchanged and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.archives import open_archives
from ingest.describe import described
from ingest.embed import Embedder
from ingest.files import Selection, select
from ingest.interrupt import deferred
from ingest.kept import keep
from ingest.ledger import Ledger
from ingest.limits import limits_of, options_of
from ingest.plan import Duplicates, Plan, batched, fingerprints, forgotten, make_plan
from ingest.report import IngestReport, Progress, attach
from ingest.target import Target
from rag_app.errors import RagError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.types import DocumentRecord, Metadata


def ingest_paths(  # noqa: PLR0913 - all that a run can be asked for
    paths: Iterable[str | Path],
    settings: Settings,
    *,
    collection: str | None = None,
    sync: bool = False,
    force: bool = False,
    metadata: Metadata = (),
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
        metadata: What is said of all these files, stored ones as well; keys that it does not name
            keep their values, and an empty value takes a key out.
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

    name = collection or settings.collection
    ledger = Ledger(name, progress)
    try:
        with Store(settings) as store, deferred() as pressed:

            def stop() -> bool:
                wanted = pressed() or (cancelled is not None and cancelled())
                ledger.interrupted = ledger.interrupted or wanted
                return ledger.interrupted

            with Target(store, settings, name, on_wait) as target:
                run = _Run(target, ledger, stop, settings, metadata)
                run.go(given, sync=sync, force=force)
            if ledger.has_changed and not ledger.interrupted:
                # Another run that waited for this one checks the collection at its own end.
                ledger.problems = tuple(store.check(name, leave_busy=True))
    except KeyboardInterrupt:
        ledger.interrupted = True
    except RagError as error:
        attach(error, ledger.report())
        raise
    finally:
        keep(settings, name, ledger.report().outcomes, ledger.looked_through)
    return ledger.report()


class _Run:
    """One ingestion: the steps in their order."""

    def __init__(
        self,
        target: Target,
        ledger: Ledger,
        stop: Callable[[], bool],
        settings: Settings,
        metadata: Metadata,
    ) -> None:
        self._metadata = metadata
        self._target, self._ledger, self._stop = target, ledger, stop
        self._settings = settings
        self._options, self._limits = options_of(settings), limits_of(settings)
        self._known: dict[str, str] = {}
        self._records: dict[str, DocumentRecord] = {}

    def go(self, paths: Iterable[str | Path], *, sync: bool, force: bool) -> None:
        """Does it all."""
        selection = select(paths)
        self._ledger.total = len(selection.files) + len(selection.missing) + len(selection.failed)
        self._ledger.settle(selection.failed)
        unpacked = open_archives(selection, self._settings, self._stop)
        self._ledger.opened |= selection.opened.keys()
        self._ledger.total += len(unpacked.digests) + len(unpacked.refused)
        self._ledger.settle(unpacked.refused)
        digests, refused = fingerprints(selection.files, self._options, self._stop)
        self._ledger.settle(refused)
        digests |= unpacked.digests
        plan = self._plan(selection, digests, sync=sync, force=force)
        if self._records and not plan.is_empty:
            self._target.writer()
            # Another process may have been at work until now.
            plan = self._plan(selection, digests, sync=sync, force=force)
        if plan.said:
            self._target.writer().describe(plan.said)
        self._ledger.settle(plan.settled)
        self._point(plan)
        if plan.tasks and not self._stop():
            Embedder(self._target, self._ledger, self._known, self._stop).run(
                plan.tasks, self._options, self._limits
            )
        if plan.gone and not self._stop():
            self._forget(plan)
        if not self._stop():
            self._target.catch_up()
            self._ledger.account([*selection.files, *unpacked.digests])

    def _plan(
        self, selection: Selection, digests: dict[Path, str], *, sync: bool, force: bool
    ) -> Plan:
        if collection := self._target.existing():
            self._known = collection.paths()
            self._records = {record.id: record for record in collection.documents()}
        plan = make_plan(selection, digests, self._known, self._records, sync=sync, force=force)
        return described(plan, self._records, self._metadata)

    def _point(self, plan: Plan) -> None:
        duplicates = Duplicates(self._records)
        for batch in batched(plan.points):
            self._target.writer().point_all(dict(batch))
            self._ledger.settle(duplicates.outcome(path, key) for path, key in batch)

    def _forget(self, plan: Plan) -> None:
        for batch in batched(plan.gone):
            self._target.writer().forget_all(batch)
            self._ledger.settle(forgotten(path, self._known[path]) for path in batch)
