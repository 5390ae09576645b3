"""Nearest passages of a collection: the vector index, completed from the catalog.

Under a filter there are two ways, chosen by how many passages it lets through:

- Few, or few of a small collection: exact search through them alone.
- Many: the index is asked for more than are wanted, and those that pass are kept. A share p of
  the passages passes, so k/p of the index's are expected to hold k of them; half as many again are
  asked for, and twice as many whenever they were too few. Where that would be more than ``_MOST``,
  or ``_MOST`` still hold too few (what passes lies far from the question), exact search it is,
  which reads block after block and never holds all.

Chroma's own ``where`` is not used: it knows of a document only what it was given when the document
was stored (not a path or metadata that came later), and its graph search loses passages when few
pass.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from rag_app.store import exact, keywords
from rag_app.store.conditions import Condition, among
from rag_app.store.vectors import IndexUnusableError, VectorIndex

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

_MOST = 2000
"""Give up asking the index for more after this many (all but k of them deleted passages, or such
as a filter leaves out)."""

FEW = 5000
"""So many passages are searched exactly as quickly (15 to 50 ms) as the index finds the few of them
among many others."""


def search(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    condition: Condition | None,
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
        condition: What the passages must satisfy.

    Raises:
        StoreUnavailableError: The index's server does not answer.
    """
    if not vector.any():
        return []
    found = _nearest(connection, index, collection, vector, k, condition)
    return [(chunk_id, cosine) for chunk_id, cosine in found if cosine != 0]


def _nearest(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    condition: Condition | None,
) -> list[tuple[str, float]]:
    total = keywords.count(connection, collection)
    passages = condition.passing.passages if condition else total
    wanted = k + 3 * k * (total - passages) // (2 * max(passages, 1))
    few = condition is not None and (passages <= FEW or wanted > _MOST)
    if few or total < index.worth_asking_from:
        return exact.search(connection, collection, vector, k, condition)
    try:
        indexed = _indexed(connection, index, collection, vector, k, wanted, condition)
    except IndexUnusableError:
        return exact.search(connection, collection, vector, k, condition)
    pending = exact.search(connection, collection, vector, k, condition, pending=True)
    # A passage may be in both; the catalog's cosine is the exact one.
    merged = dict(indexed) | dict(pending)
    return sorted(merged.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def _indexed(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    wanted: int,
    condition: Condition | None,
) -> list[tuple[str, float]]:
    """The nearest that the index holds; it is asked for ``wanted`` at first.

    Raises:
        IndexUnusableError: It cannot be asked, or has too few that satisfy the condition.
    """
    name, place = connection.execute(
        "SELECT name, place FROM indexes WHERE collection = ?", (collection,)
    ).fetchone()
    if place != index.place:
        raise IndexUnusableError
    if not _holds_any(connection, collection):
        return []
    while True:
        found = index.search(name, vector, wanted)
        if not found:  # damaged files need not crash
            raise IndexUnusableError
        ids = [chunk_id for chunk_id, _ in found]
        known = among(connection, collection, condition, ids)
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in known]
        if len(hits) >= k or len(found) < wanted:
            return hits[:k]
        if wanted >= _MOST:
            if condition:
                raise IndexUnusableError
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
