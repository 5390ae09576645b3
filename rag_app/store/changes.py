"""Changes to a collection's documents, each within its caller's transaction.

Passages leave in a fixed order: keywords while the rows are still there to name them, ids to the
trash for the vector index, then the document, which takes passages, vectors and paths with it.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag_app.errors import EmbeddingMismatchError
from rag_app.store import debts, documents, keywords
from rag_app.store.languages import sample, stemmer_of, told
from rag_app.types import Chunk, DocumentRecord
from rag_app.types.metadata import changed

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors


def check_dimension(
    connection: sqlite3.Connection, collection: int, shape: tuple[int, ...]
) -> None:
    """Checks that one vector of ``shape`` fits the collection.

    Raises:
        EmbeddingMismatchError: It does not.
    """
    row = connection.execute("SELECT name, embedding FROM collections WHERE key = ?", (collection,))
    name, embedding = row.fetchone()
    identity = json.loads(embedding)
    if shape != (identity["dimension"],):
        given = " x ".join(map(str, shape)) or "no"
        raise EmbeddingMismatchError(
            f"The collection '{name}' holds vectors of {identity['dimension']} numbers, made by "
            f"{identity['spec']}, and was given one of {given}. Use {identity['spec']}, or ingest "
            "into a new collection."
        )


def replace(
    connection: sqlite3.Connection,
    collection: int,
    record: DocumentRecord,
    chunks: Sequence[Chunk],
    vectors: Vectors,
) -> None:
    """Stores a document with its passages; what its paths held before goes if nothing holds it.

    What the user said of the former content of its paths holds for the new one as well, but for
    the keys that ``record`` names.
    """
    old = documents.find(connection, collection, record.id)
    kept = documents.paths_of(connection, old.key) if old else []
    paths = list(dict.fromkeys([*kept, *record.sources]))
    said = changed(documents.metadata_of(connection, collection, paths), record.metadata)
    if old:
        remove(connection, collection, old.key)
    spoken = record.language or told(sample(chunk.text for chunk in chunks))
    language = stemmer_of(spoken)
    described = dataclasses.replace(record, metadata=said)
    key = documents.insert(connection, collection, described, language, spoken)
    connect(connection, collection, dict.fromkeys(paths, key))
    rows = documents.insert_chunks(connection, collection, key, chunks)
    connection.executemany(
        "INSERT INTO vectors (chunk, vector) VALUES (?, ?)",
        ((row, vector.tobytes()) for row, vector in zip(rows, vectors, strict=True)),
    )
    connection.executemany(
        "INSERT INTO pending (chunk, collection) VALUES (?, ?)", ((row, collection) for row in rows)
    )
    connection.executemany(
        "DELETE FROM trash WHERE collection = ? AND chunk_id = ?",
        ((collection, chunk.id) for chunk in chunks),
    )
    keywords.add(
        connection,
        collection,
        ((row, chunk.text, chunk.headings) for row, chunk in zip(rows, chunks, strict=True)),
        _names(connection, key),
        language,
    )


def remove(connection: sqlite3.Connection, collection: int, document: int) -> None:
    """Deletes a document with its passages and paths."""
    debts.settle_document(connection, collection, document)
    keywords.remove(connection, collection, document)
    connection.execute(
        "INSERT OR IGNORE INTO trash (collection, chunk_id)"
        " SELECT collection, id FROM chunks WHERE document = ?",
        (document,),
    )
    connection.execute("DELETE FROM documents WHERE key = ?", (document,))


def connect(
    connection: sqlite3.Connection, collection: int, wanted: Mapping[str, int | None]
) -> None:
    """Lets paths hold documents; what no path holds any more after that is deleted.

    Args:
        connection: In a write transaction.
        collection: Key of the collection.
        wanted: For each path the key of its document, or None for a path that is gone.
    """
    left: dict[int, None] = {}
    held: dict[int, None] = {}
    for path, document in wanted.items():
        debts.settle(connection, collection, path)
        before = connection.execute(
            "SELECT document FROM paths WHERE collection = ? AND path = ?", (collection, path)
        ).fetchone()
        if before == (document,):
            continue
        if before is not None:
            left.setdefault(before[0])
            connection.execute(
                "DELETE FROM paths WHERE collection = ? AND path = ?", (collection, path)
            )
        if document is not None:
            held.setdefault(document)
            connection.execute(
                "INSERT INTO paths (collection, path, document) VALUES (?, ?, ?)",
                (collection, path, document),
            )
    # Not before all paths are settled: two files that have changed places hold both documents.
    for document in left:
        if not documents.paths_of(connection, document):
            held.pop(document, None)
            remove(connection, collection, document)
        else:
            held.setdefault(document)
    for document in held:
        rename_keywords(connection, collection, document)


def arrange(
    connection: sqlite3.Connection, collection: int, sources: Mapping[str, Sequence[str]]
) -> None:
    """Lets documents be held by exactly the given paths, in this order; those not named go."""
    held = {record.id: record.sources for record in documents.read(connection, collection)}
    moved: list[tuple[int, Sequence[str]]] = []
    for document_id, paths in held.items():
        row = documents.find(connection, collection, document_id)
        if row is None:
            continue
        if document_id not in sources:
            remove(connection, collection, row.key)
        elif tuple(sources[document_id]) != paths:
            moved.append((row.key, sources[document_id]))
            connection.execute("DELETE FROM paths WHERE document = ?", (row.key,))
    connect(connection, collection, {path: key for key, wanted in moved for path in wanted})


def rename_keywords(connection: sqlite3.Connection, collection: int, document: int) -> None:
    """Brings the file names in the keyword index up to date with the document's paths."""
    language = connection.execute(
        "SELECT language FROM documents WHERE key = ?", (document,)
    ).fetchone()[0]
    keywords.rename(connection, collection, document, _names(connection, document), language)


def _names(connection: sqlite3.Connection, document: int) -> list[str]:
    paths = documents.paths_of(connection, document)
    return list(dict.fromkeys(PurePath(path).name for path in paths))
