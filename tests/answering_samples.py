"""A small collection of a made-up firm, in the real store and with the real bundled model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from rag_app.embeddings import embeddings_for
from rag_app.settings import Settings, load_settings
from rag_app.store import Store
from rag_app.types import PDF, TEXT, Chunk, ChunkingIdentity, DocumentRecord, Hit

PASSAGES = {
    "warranty.pdf": (
        (
            "The Heron pump has a warranty of 36 months from the date of delivery. Wear parts "
            "such as seals and filters are excluded from the warranty."
        ),
        (
            "Claims are sent to service@heron.example together with the serial number. A claim is "
            "answered within five working days."
        ),
    ),
    "history.txt": (
        (
            "Heron Pumps was founded in 1987 by Marta Lindqvist in the town of Kalmar. She had "
            "built her first pump in a boat shed two years before."
        ),
        "In 2004 the company moved its assembly to Gdansk. About 210 people work there today.",
    ),
    "prices.md": (
        (
            "| Model | Flow | Price |\n|---|---|---|\n| Heron 20 | 20 litres | 340 euros |\n"
            "| Heron 55 | 55 litres | 615 euros |"
        ),
    ),
    "safety.txt": (
        (
            "Disconnect the pump from the mains before opening the housing. Never run it dry for "
            "more than 30 seconds, because the seals overheat."
        ),
    ),
}


def made_settings(home: Path, **flags: object) -> Settings:
    """Settings with everything under ``home``, and nothing from the environment."""
    return load_settings({"home": home, "collection": "firm", **flags}, environ={})


def record(name: str, texts: tuple[str, ...]) -> tuple[DocumentRecord, list[Chunk]]:
    """A document whose every passage is a page."""
    id_ = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    media_type = PDF if name.endswith(".pdf") else TEXT
    document = DocumentRecord(
        id=id_,
        sources=(f"/docs/{name}",),
        media_type=media_type,
        title=None,
        pages=len(texts),
        characters=sum(map(len, texts)),
        chunks=len(texts),
        truncated_chunks=0,
        size_bytes=100,
        added_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    chunks = [
        Chunk(f"{id_[:16]}-{n}", id_, n, text, n + 1, 0, len(text), (), len(text.split()))
        for n, text in enumerate(texts)
    ]
    return document, chunks


def build(settings: Settings, passages: Mapping[str, tuple[str, ...]] = PASSAGES) -> Store:
    """Fills the collection that ``settings`` name."""
    store = Store(settings)
    embeddings = embeddings_for(settings, None)
    collection = store.create(settings.collection, embeddings.identity, ChunkingIdentity(200, 0))
    with collection.writer(5) as writer:
        for name, texts in passages.items():
            document, chunks = record(name, texts)
            writer.put(document, chunks, embeddings.encode_documents(list(texts)))
    return store


def made_hit(text: str, *, name: str = "a.txt", page: int = 1, start: int = 0) -> Hit:
    """A hit on one passage that starts at ``start`` of its page."""
    document, _ = record(name, (text,))
    chunk = Chunk(f"{name}-{page}", document.id, 0, text, page, start, start + len(text))
    return Hit(chunk, document, 0.5, 0.5, 1.0)
