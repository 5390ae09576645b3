"""What the tests of switching share: models with vectors of their own, and whole-index checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from embeddings_samples import CountingEmbeddings
from store_samples import Item, assert_whole, document

from ingest.chunk import chunk_document, contextual_text
from ingest.clean import clean_pages
from ingest.load import LoadOptions, load_document
from ingest.sections import find_sections
from ingest.switch import open_switch, plan_switch
from rag_app.embeddings import IdentifiedEmbeddings
from rag_app.settings import Settings
from rag_app.store import Collection, Store
from rag_app.types import ChunkingIdentity, DocumentRecord


def model(spec: str = "new", **identity: object) -> CountingEmbeddings:
    return CountingEmbeddings(**{"spec": spec, "fingerprint": spec, "max_tokens": 256} | identity)


def add(collection: Collection, embeddings: IdentifiedEmbeddings, *items: Item) -> None:
    """Stores documents of store_samples with another model's vectors."""
    with collection.writer(5) as writer:
        for record, chunks, _ in items:
            texts = [contextual_text(chunk) for chunk in chunks]
            writer.put(record, chunks, embeddings.encode_documents(texts))


def switch(
    store: Store,
    settings: Settings,
    embeddings: IdentifiedEmbeddings,
    *,
    between: Callable[[], None] = lambda: None,
    name: str = "default",
) -> None:
    """Builds and changes over; ``between`` happens after the build."""
    plan = plan_switch(store, settings, name, embeddings, embeddings.identity.spec)
    with open_switch(store, settings, plan, embeddings) as opened:
        assert opened.build()
        between()
        assert opened.change_over()


def assert_answers(collection: Collection, embeddings: IdentifiedEmbeddings) -> int:
    """Every document is whole, and each passage is found by its own vector; how many there are."""
    records = collection.documents()
    for record in records:
        chunks = collection.chunks(record.id)
        assert [chunk.ordinal for chunk in chunks] == list(range(record.chunks))
        for chunk, vector in zip(
            chunks, embeddings.encode_documents([contextual_text(c) for c in chunks]), strict=True
        ):
            (best, cosine), *_ = collection.search_dense(vector, 1)
            found = (best, round(cosine, 3))
            assert found == (chunk.id, 1.0), f"{found} for passage {chunk.ordinal} of {record.id}"
    return len(records)


def seen(collection: Collection) -> list[tuple[object, ...]]:
    """What a switch must not change: documents with sources, titles and times, and passages."""
    return [
        (r.id, r.sources, r.title, r.added_at, [c.text for c in collection.chunks(r.id)])
        for r in collection.documents()
    ]


def file_item(path: Path, embeddings: IdentifiedEmbeddings, chunking: ChunkingIdentity) -> Item:
    """A document as it is ingested from a file."""
    import hashlib

    loaded = load_document(path, LoadOptions())
    pages = clean_pages(loaded)
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    sections = find_sections(loaded, pages)
    chunks = chunk_document(id_, loaded.media_type, [sections], embeddings, chunking)
    made = document(1, [chunk.text for chunk in chunks])[0]
    record = DocumentRecord(
        id_,
        (str(path),),
        loaded.media_type,
        loaded.title,
        len(pages),
        made.characters,
        len(chunks),
        0,
        path.stat().st_size,
        made.added_at,
    )
    return record, chunks, embeddings.encode_documents([contextual_text(c) for c in chunks])


def ids(records: Iterable[DocumentRecord]) -> set[int]:
    """The seeds that documents of store_samples were made from."""
    return {int(record.id, 16) for record in records}


__all__ = ["add", "assert_answers", "assert_whole", "file_item", "ids", "model", "seen", "switch"]
