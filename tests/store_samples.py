"""Small made-up documents and vectors for the tests of the store."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from rag_app.settings import Settings
from rag_app.store import Collection, Store
from rag_app.types import TEXT, Chunk, ChunkingIdentity, DocumentRecord, EmbeddingIdentity

DIMENSION = 16
IDENTITY = EmbeddingIdentity("test:small", "f" * 64, DIMENSION, 64)
CHUNKING = ChunkingIdentity(200, 0)

WORKER = Path(__file__).with_name("store_worker.py")

Item = tuple[DocumentRecord, list[Chunk], np.ndarray]


def vectors(seed: int, count: int, dimension: int = DIMENSION) -> np.ndarray:
    """Unit vectors, the same for the same seed."""
    made = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def document(
    seed: int,
    texts: list[str] | int = 3,
    sources: tuple[str, ...] | None = None,
    headings: tuple[str, ...] = (),
) -> Item:
    """A document whose id, passages and vectors follow from ``seed``."""
    if isinstance(texts, int):
        texts = [f"passage {n} of text number {seed}" for n in range(texts)]
    id_ = f"{seed:064x}"
    chunks = [
        Chunk(f"{id_[-16:]}-{n}", id_, n, text, n + 1, 0, len(text), headings, len(text.split()))
        for n, text in enumerate(texts)
    ]
    record = DocumentRecord(
        id=id_,
        sources=sources or (f"/docs/{seed}.txt",),
        media_type=TEXT,
        title=None,
        pages=len(texts),
        characters=sum(map(len, texts)),
        chunks=len(texts),
        truncated_chunks=0,
        size_bytes=1000,
        added_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    return record, chunks, vectors(seed, len(texts))


def settings(home: Path, url: str | None = None) -> Settings:
    return Settings(home=home, chroma_url=url, lock_wait_s=5)


def make(store: Store, name: str = "default") -> Collection:
    return store.create(name, IDENTITY, CHUNKING)


def put(collection: Collection, *items: Item) -> None:
    with collection.writer(5) as writer:
        for item in items:
            writer.put(*item)


def assert_whole(collection: Collection) -> int:
    """Every document has all its passages, by every way of reading; returns how many there are."""
    records = collection.documents()
    for record in records:
        chunks = collection.chunks(record.id)
        assert [chunk.ordinal for chunk in chunks] == list(range(record.chunks))
        made = vectors(int(record.id, 16), record.chunks)
        for chunk, vector in zip(chunks, made, strict=True):
            (best, cosine), *_ = collection.search_dense(vector, 1)
            assert (best, round(cosine, 3)) == (chunk.id, 1.0)
    return len(records)


def start(*arguments: object) -> subprocess.Popen[str]:
    """Starts a task of store_worker.py."""
    command = [sys.executable, str(WORKER), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def as_format_2(connection: sqlite3.Connection) -> None:
    """Makes a catalog what it was before documents had metadata."""
    for column in ("modified_at", "spoken", "metadata"):
        connection.execute(f"ALTER TABLE documents DROP COLUMN {column}")
    connection.execute("ALTER TABLE chunks DROP COLUMN label")
    connection.execute("DROP INDEX chunks_page")
    connection.execute("CREATE INDEX chunks_document ON chunks (document)")
    connection.execute("PRAGMA user_version = 2")


def finish(process: subprocess.Popen[str]) -> str:
    """Waits for its end; what else it told."""
    return process.communicate(timeout=120)[0].strip()
