"""A collection brought back to its former index, which then takes over what happened since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.copy import Copier, Listener, Meter, Stop
from ingest.limits import options_of
from ingest.recut import Recutter
from rag_app.errors import StoreError
from rag_app.settings import Settings
from rag_app.types import DocumentRecord

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Store, Writer


def catch_up(
    store: Store,
    settings: Settings,
    name: str,
    *,
    progress: Listener = None,
    stop: Stop = lambda: False,
    on_wait: Callable[[], None] | None = None,
) -> bool:
    """Carries over what only the former index knows since ``Generations.roll_back``.

    May be cut off anywhere and called again. A file that was ingested or forgotten meanwhile stays
    as it is now.

    Args:
        store: Where the collection is.
        settings: What is in force; the model is the collection's own, whatever they name.
        name: The collection.
        progress: Called often, in this thread.
        stop: Asked often; what is done until then is kept.
        on_wait: Called if another process is writing to the collection.

    Returns:
        Whether all is taken over.

    Raises:
        RagError: The model or the store fails; what was done until then is kept.
    """
    generations = store.generations(name)
    live, former = generations.live, generations.get("former")
    if not live.owed():
        return True
    if former is None:
        raise StoreError(
            f"The former index of '{name}', which knew more, is gone. Ingest the documents again."
        )
    with live.writer(settings.lock_wait_s, on_wait) as writer:
        owed = live.owed()
        missing = _known_ones_pointed_to(owed, live, former, writer)
        if missing and not _copy(missing, live, former, writer, settings, progress, stop):
            return False
        for path, document_id in owed.items():
            if document_id is None:
                writer.forget(path)
    return True


def _known_ones_pointed_to(
    owed: dict[str, str | None], live: Collection, former: Collection, writer: Writer
) -> list[DocumentRecord]:
    """Lets paths hold contents that are here already; returns the documents that are not."""
    paths: dict[str, list[str]] = {}
    for path, document_id in owed.items():
        if document_id is not None:
            paths.setdefault(document_id, []).append(path)
    missing: list[DocumentRecord] = []
    for document_id, held_by in paths.items():
        record = former.document(document_id)
        if live.document(document_id) is not None:
            for path in held_by:
                writer.point(path, document_id)
        elif record is not None:
            sources = tuple(path for path in record.sources if path in held_by)
            missing.append(replace(record, sources=sources))
    return missing


def _copy(
    missing: list[DocumentRecord],
    live: Collection,
    former: Collection,
    writer: Writer,
    settings: Settings,
    progress: Listener,
    stop: Stop,
) -> bool:
    embeddings = _model_of(live, settings)
    recutter = Recutter(embeddings, former.info.chunking, live.info.chunking, options_of(settings))
    meter = Meter(progress)
    meter.total = len(missing)
    meter.chunks_known = sum(record.chunks for record in missing)
    return Copier(writer, recutter, embeddings, meter, stop).copy(former, missing)


def _model_of(collection: Collection, settings: Settings) -> IdentifiedEmbeddings:
    from rag_app.embeddings import cached, check_identity, load_embeddings

    identity = collection.info.embedding
    embeddings = load_embeddings(identity.spec, settings)
    check_identity(identity, embeddings.identity)
    return cached(embeddings, settings)
