"""What is known of the files of a collection: as each document was last read, and what failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ingest.kept import left_out
from ingest.plan import outcome_of_record
from ingest.report import IngestReport
from rag_app.types import DocumentRecord, FileOutcome

if TYPE_CHECKING:
    from rag_app.settings import Settings
    from rag_app.store import Store


def last_outcomes(
    store: Store, collection: str, records: Iterable[DocumentRecord]
) -> dict[str, FileOutcome]:
    """What became of documents when they were last read, by id, under the path they are cited by.

    Of a document that was read before this was kept, it is what the catalog knows.

    Args:
        store: Where the collection is.
        collection: Its name.
        records: Documents of it.
    """
    by_id = {record.id: record for record in records}
    told = store.readings(collection, by_id)
    model = store.get(collection).info.embedding.spec
    return {id_: _outcome(record, told.get(id_), model) for id_, record in by_id.items()}


def kept_text(outcome: FileOutcome, model: str) -> str:
    """What is kept of a file that was read, with the model it was embedded with."""
    return json.dumps(outcome.to_json() | {"model": model})


def report_of_collection(store: Store, settings: Settings, collection: str) -> IngestReport:
    """The report of all files of a collection: those that are in, and those that are left out.

    Its seconds are those of the files together, not of one run.

    Raises:
        CollectionNotFoundError: There is none of this name.
    """
    records = store.get(collection).documents() if store.exists(collection) else []
    known = last_outcomes(store, collection, records) if records else {}
    outcomes = [one for record in records for one in _of_all_paths(record, known[record.id])]
    held = {one.path for one in outcomes}
    outcomes += [
        FileOutcome(one.path, one.state, one.reason)  # type: ignore[arg-type]
        for one in left_out(settings, collection)
        if one.path not in held
    ]
    return IngestReport(
        tuple(outcomes),
        collection,
        sum(one.seconds for one in outcomes),
        sum(one.stages.get("embed", 0.0) for one in outcomes),
    )


def _outcome(record: DocumentRecord, told: str | None, model: str) -> FileOutcome:
    plain = outcome_of_record(record.source, record, "added")
    if told is None:
        return plain
    known = {field.name for field in fields(FileOutcome)}
    read = json.loads(told)
    kept = FileOutcome(**{name: value for name, value in read.items() if name in known})
    if read.get("model") != model:  # the collection has been switched to another one
        kept = replace(kept, unknown_words=None, blank_chunks=0, notice="")
    # The file may have moved since, and a document of the web is read from a file on its way in.
    reason = kept.reason.replace(kept.path, record.source)
    return replace(
        kept,
        path=record.source,
        reason=reason,
        chunks=record.chunks,
        truncated_chunks=record.truncated_chunks,
        language=record.language,
    )


def _of_all_paths(record: DocumentRecord, first: FileOutcome) -> Iterator[FileOutcome]:
    yield first
    for path in record.sources[1:]:
        reason = f"The same content as {record.source}."
        yield replace(outcome_of_record(path, record, "duplicate"), reason=reason)
