"""What a run would do with each file, found out without storing anything (``--dry-run``).

Files are read, so that those that would fail are known; the embedding model is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ingest.archives import open_archives
from ingest.files import select
from ingest.ledger import Ledger
from ingest.limits import limits_of, options_of
from ingest.messages import Summary
from ingest.plan import Duplicates, fingerprints, forgotten, make_plan, outcome_of_error
from ingest.pool import Readers, Turn
from ingest.reading import no_words
from ingest.report import IngestReport, Progress
from ingest.target import Target
from rag_app.errors import DocumentError
from rag_app.settings import Settings
from rag_app.types import FileOutcome


def rehearse(
    paths: Iterable[str | Path],
    settings: Settings,
    *,
    sync: bool = False,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> IngestReport:
    """The outcome that each file would have; passages are not counted.

    Raises:
        RagError: The run itself could not go on.
    """
    from rag_app.store import Store

    ledger = Ledger(settings.collection, progress)
    ledger.rehearsed = True
    options = options_of(settings)

    def stop() -> bool:
        ledger.interrupted = ledger.interrupted or (cancelled is not None and cancelled())
        return ledger.interrupted

    with Store(settings) as store:
        existing = Target(store, settings, settings.collection, None).existing()
        known = existing.paths() if existing else {}
        records = {one.id: one for one in existing.documents()} if existing else {}
    selection = select(paths)
    ledger.total = len(selection.files) + len(selection.missing) + len(selection.failed)
    ledger.settle(selection.failed)
    unpacked = open_archives(selection, settings, stop)
    ledger.total += len(unpacked.digests) + len(unpacked.refused)
    ledger.settle(unpacked.refused)
    digests, refused = fingerprints(selection.files, options, stop)
    digests |= unpacked.digests
    ledger.settle(refused)
    plan = make_plan(selection, digests, known, records, sync=sync, force=force)
    ledger.settle(plan.settled)
    duplicates = Duplicates(records)
    ledger.settle(duplicates.outcome(path, document_id) for path, document_id in plan.points)
    readers = Readers(options, limits_of(settings))
    try:
        for turn in readers.turns(plan.tasks):
            if stop():
                break
            ledger.settle(_outcomes(turn, known))
    finally:
        readers.close()
    ledger.settle(forgotten(path, known[path]) for path in plan.gone)
    return ledger.report()


def _outcomes(turn: Turn, known: dict[str, str]) -> Iterator[FileOutcome]:
    first, *others = map(str, turn.task.paths)
    try:
        read, language = _read(turn)
    except DocumentError as error:
        for path in (first, *others):
            yield outcome_of_error(path, error, turn.task.document_id)
        return
    yield FileOutcome(
        first,
        "updated" if first in known else "added",
        read.warning,
        document_id=read.document_id,
        pages=read.pages,
        empty_pages=read.empty_pages,
        characters=read.characters,
        seconds=read.seconds,
        stages=read.stages,
        peak_mb=read.peak_mb,
        ocr_pages=read.ocr_pages,
        language=language,
    )
    for path in others:
        reason = f"The same content as {first}."
        yield FileOutcome(
            path, "duplicate", reason, read.document_id, read.pages, language=language
        )


def _read(turn: Turn) -> tuple[Summary, str]:
    """What is known of a document, and the language it is in."""
    from rag_app.store.languages import SAMPLE, sample, told

    reading = turn.read()
    has_words, begins = False, ""
    for part in reading.parts():
        texts = [one.page.text[one.start : one.end] for one in part.sections]
        has_words = has_words or any(char.isalnum() for text in texts for char in text)
        if len(begins) < SAMPLE:
            begins = sample([begins, *texts])
    if not has_words:
        raise no_words(turn.task.paths[0])
    return reading.summary, told(begins)
