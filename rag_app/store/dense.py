"""Nearest passages of a collection: the vector index, completed from the catalog."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

from rag_app.store import documents, exact
from rag_app.store.vectors import IndexUnusableError, VectorIndex

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

_MOST = 2000
"""Give up asking the index for more after this many (all but k of them deleted passages)."""


def search(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    document_ids: str | None,
) -> list[tuple[str, float]]:
    """The k nearest committed passages: id and cosine, best first.

    A cosine of exactly 0 is no match: models of counted words give it to texts that have no word in
    common, and the zero vector of a text without any known word has it with everything.

    Everything is read in the caller's transaction, begun before the index is asked: a passage
    that was committed by then is either in the index or pending, so a document is found whole.

    Args:
        connection: In a read transaction.
        index: The vector index.
        collection: Key of the collection.
        vector: The question's, of shape (dimension,).
        k: How many at most.
        document_ids: A JSON array of the only documents to search in.

    Raises:
        StoreUnavailableError: The index's server does not answer.
    """
    if not vector.any():
        return []
    found = _nearest(connection, index, collection, vector, k, document_ids)
    return [(chunk_id, cosine) for chunk_id, cosine in found if cosine != 0]


def _nearest(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    document_ids: str | None,
) -> list[tuple[str, float]]:
    if document_ids is not None:
        return exact.search(connection, collection, vector, k, "documents", document_ids)
    if documents.count_chunks(connection, collection) < index.worth_asking_from:
        return exact.search(connection, collection, vector, k, "all")
    pending = exact.search(connection, collection, vector, k, "pending")
    name, place = connection.execute(
        "SELECT name, place FROM indexes WHERE collection = ?", (collection,)
    ).fetchone()
    try:
        if place != index.place:
            raise IndexUnusableError
        indexed = _committed(connection, index, collection, name, vector, k)
    except IndexUnusableError:
        return exact.search(connection, collection, vector, k, "all")
    # A passage may be in both; the catalog's cosine is the exact one.
    merged = dict(indexed) | dict(pending)
    return sorted(merged.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def _committed(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    name: str,
    vector: Vectors,
    k: int,
) -> list[tuple[str, float]]:
    if not _holds_any(connection, collection):
        return []
    wanted = k
    while True:
        found = index.search(name, vector, wanted)
        known = _known(connection, collection, [chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in known]
        if len(hits) >= k or len(found) < wanted or wanted >= _MOST:
            return hits[:k]
        wanted = min(2 * wanted + len(found) - len(hits), _MOST)


def _holds_any(connection: sqlite3.Connection, collection: int) -> bool:
    """Whether a committed passage is in the index, so that it need not be opened for nothing."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM chunks WHERE collection = ?"
        " AND key NOT IN (SELECT chunk FROM pending))",
        (collection,),
    ).fetchone()
    return bool(row[0])


def _known(connection: sqlite3.Connection, collection: int, chunk_ids: list[str]) -> set[str]:
    rows = connection.execute(
        "SELECT id FROM chunks WHERE collection = ? AND id IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(chunk_ids)),
    )
    return {chunk_id for (chunk_id,) in rows}
