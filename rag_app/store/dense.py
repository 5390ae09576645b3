"""Nearest passages of a collection: the vector index, completed from the catalog.

Under a filter there are three ways, chosen by how many passages it lets through:

- A few: exact search through them alone.
- Up to ``CODED``: the same by their codes (codes.py), which are kept in memory.
- More: the index is asked for more than are wanted, and those that pass are kept. A share p of
  the passages passes, so k/p of the index's are expected to hold k of them; four times as many and
  more are asked for. Where that would be more than ``_MOST``, or they still hold too few (what
  passes lies far from the question), their codes it is.

Chroma's own ``where`` is not used: it knows of a document only what it was given when the document
was stored (not a path or metadata that came later), and its graph search loses passages when few
pass.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from rag_app.store import exact, keywords
from rag_app.store.codes import Codes
from rag_app.store.conditions import Condition, among, passage_keys
from rag_app.store.vectors import IndexUnusableError, VectorIndex

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

_MOST = 2000
"""Never ask the index for more than this many (all but k of them deleted passages, or such as a
filter leaves out)."""

READ = 1000
"""So many vectors are read (2 to 4 ms) rather than their codes kept."""

CODED = 200_000
"""So many codes are compared (60 ms) rather than the index asked."""


def search(
    connection: sqlite3.Connection,
    index: VectorIndex,
    codes: Codes,
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
        codes: The collection's codes, as far as there are any.
        collection: Key of the collection.
        vector: The question's, of shape (dimension,).
        k: How many at most.
        condition: What the passages must satisfy.

    Raises:
        StoreUnavailableError: The index's server does not answer.
    """
    if not vector.any():
        return []
    found = _nearest(connection, index, codes, collection, vector, k, condition)
    return [(chunk_id, cosine) for chunk_id, cosine in found if cosine != 0]


def _nearest(
    connection: sqlite3.Connection,
    index: VectorIndex,
    codes: Codes,
    collection: int,
    vector: Vectors,
    k: int,
    condition: Condition | None,
) -> list[tuple[str, float]]:
    total = keywords.count(connection, collection)
    passages = condition.passing.passages if condition else total
    wanted = k + 6 * k * (total - passages) // max(passages, 1)
    few = condition is not None and (passages <= CODED or wanted > _MOST)
    if few or total < index.worth_asking_from:
        return _compared(connection, codes, collection, vector, k, condition)
    try:
        indexed = _indexed(connection, index, collection, vector, k, wanted, condition)
    except IndexUnusableError:
        return _compared(connection, codes, collection, vector, k, condition)
    pending = exact.search(connection, collection, vector, k, condition, pending=True)
    # A passage may be in both; the catalog's cosine is the exact one.
    merged = dict(indexed) | dict(pending)
    return sorted(merged.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def _compared(
    connection: sqlite3.Connection,
    codes: Codes,
    collection: int,
    vector: Vectors,
    k: int,
    condition: Condition | None,
) -> list[tuple[str, float]]:
    """The nearest, without the index."""
    if condition is None or condition.passing.passages <= READ:
        return exact.search(connection, collection, vector, k, condition)
    return codes.search(connection, passage_keys(connection, collection, condition), vector, k)


def _indexed(
    connection: sqlite3.Connection,
    index: VectorIndex,
    collection: int,
    vector: Vectors,
    k: int,
    wanted: int,
    condition: Condition | None,
) -> list[tuple[str, float]]:
    """The nearest that the index holds; it is asked for ``wanted``, or more if many are deleted.

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
        if condition:
            raise IndexUnusableError
        if wanted >= _MOST:
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
