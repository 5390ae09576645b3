"""Bringing the vector index up to date with the catalog.

The catalog is the truth: a document is there, whole, from the moment its transaction commits.
Which of its passages the index does not hold yet stands in ``pending``, what the index holds too
much in ``trash``, and both are worked off here by whoever holds the collection's writer lock. Every
step may be repeated, so it does not matter where an earlier run was cut off.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from uuid import uuid4

from rag_app.store import keywords
from rag_app.store.chroma import WELL_FOUND, VectorRow
from rag_app.store.database import Database
from rag_app.store.vectors import IndexUnusableError, VectorIndex

BATCH = 256
"""Passages handed to the index at once; readers wait this long at most (about 0.2 s)."""

_BATCH_UNASKED = 1000
"""The same while no reader of the collection asks the index, so that none waits."""


def new_index(connection: sqlite3.Connection, collection: int, place: str) -> None:
    """Gives a collection a new, empty index and marks all its passages as not in it.

    The name is opaque, so it survives renames and meets no other on a shared server.
    """
    discard_index(connection, collection)
    connection.execute(
        "INSERT OR REPLACE INTO indexes (collection, name, place) VALUES (?, ?, ?)",
        (collection, f"rag-{uuid4().hex}", place),
    )
    connection.execute("DELETE FROM trash WHERE collection = ?", (collection,))
    connection.execute(
        "INSERT OR IGNORE INTO pending (chunk, collection)"
        " SELECT key, collection FROM chunks WHERE collection = ?",
        (collection,),
    )


def discard_index(connection: sqlite3.Connection, collection: int) -> None:
    """Marks the collection's index, if it has one, as to be dropped."""
    connection.execute(
        "INSERT OR IGNORE INTO discarded (name, place)"
        " SELECT name, place FROM indexes WHERE collection = ?",
        (collection,),
    )


def is_due(connection: sqlite3.Connection, collection: int, place: str) -> bool:
    """Whether the index differs from the catalog, as far as the catalog tells."""
    return bool(
        connection.execute(
            "SELECT EXISTS (SELECT 1 FROM pending WHERE collection = :key)"
            " OR EXISTS (SELECT 1 FROM trash WHERE collection = :key)"
            " OR EXISTS (SELECT 1 FROM discarded WHERE place = :place)"
            " OR EXISTS (SELECT 1 FROM indexes WHERE collection = :key"
            "   AND (place <> :place OR unsettled > 0))",
            {"key": collection, "place": place},
        ).fetchone()[0]
    )


GoOn = Callable[[int], bool]
"""Told how many passages still wait; false ends the work there."""


def synchronize(
    database: Database, index: VectorIndex, collection: int, go_on: GoOn = lambda _waiting: True
) -> None:
    """Works off all that the index lacks or has too much; the caller holds the writer lock.

    An index that is missing, unfinished or in another place is built anew.

    Raises:
        StoreUnavailableError: The index does not answer; the rest stays for the next time.
    """
    drop_discarded(database, index)
    try:
        name = _usable(database, index, collection)
        _work_off(database, index, collection, name, go_on)
    except IndexUnusableError:
        with database.write() as connection:
            new_index(connection, collection, index.place)
        _work_off(database, index, collection, _index_row(database, collection)[0], go_on)
        drop_discarded(database, index)


def drop_discarded(database: Database, index: VectorIndex) -> None:
    """Removes indexes that no collection uses any more, as far as they are in this place."""
    with database.read() as connection:
        rows = connection.execute("SELECT name FROM discarded WHERE place = ?", (index.place,))
        names = [name for (name,) in rows]
    for name in names:
        index.drop(name)
        with database.write() as connection:
            connection.execute("DELETE FROM discarded WHERE name = ?", (name,))


def _usable(database: Database, index: VectorIndex, collection: int) -> str:
    """Name of the index; raises IndexUnusableError if it must be built anew."""
    name, place = _index_row(database, collection)
    if place != index.place:
        index.count(name)  # raises where nothing answers: a mistyped address is not moved to
        raise IndexUnusableError
    with database.read() as connection:
        expected = connection.execute(
            "SELECT (SELECT count(*) FROM chunks WHERE collection = :key)"
            " - (SELECT count(*) FROM pending WHERE collection = :key)",
            {"key": collection},
        ).fetchone()[0]
    if expected and index.count(name) < expected:
        raise IndexUnusableError
    return name


def _index_row(database: Database, collection: int) -> tuple[str, str]:
    with database.read() as connection:
        row = connection.execute(
            "SELECT name, place FROM indexes WHERE collection = ?", (collection,)
        ).fetchone()
    return row[0], row[1]


def _work_off(
    database: Database, index: VectorIndex, collection: int, name: str, go_on: GoOn
) -> None:
    with database.read() as connection:
        total = keywords.count(connection, collection)
    asked = total >= index.worth_asking_from
    while ids := _trash(database, collection):
        index.remove(name, ids, asked=asked)
        with database.write() as connection:
            connection.execute(
                "DELETE FROM trash WHERE collection = ?"
                " AND chunk_id IN (SELECT value FROM json_each(?))",
                (collection, json.dumps(ids)),
            )
    batch = BATCH if asked else _BATCH_UNASKED
    waiting = _waiting(database, collection)  # once: counting takes 50 ms for a million
    while (rows := _pending(database, collection, batch)) and go_on(waiting):
        index.put(name, list(rows.values()), asked=asked)
        with database.write() as connection:
            connection.executemany("DELETE FROM pending WHERE chunk = ?", ((key,) for key in rows))
        waiting -= len(rows)
    if total > WELL_FOUND and waiting <= 0:
        index.widen(name, total)


def _waiting(database: Database, collection: int) -> int:
    with database.read() as connection:
        row = connection.execute("SELECT count(*) FROM pending WHERE collection = ?", (collection,))
        return int(row.fetchone()[0])


def _trash(database: Database, collection: int) -> list[str]:
    with database.read() as connection:
        rows = connection.execute(
            "SELECT chunk_id FROM trash WHERE collection = ? LIMIT ?", (collection, BATCH)
        )
        return [chunk_id for (chunk_id,) in rows]


def _pending(database: Database, collection: int, batch: int) -> dict[int, VectorRow]:
    import numpy as np  # a tenth of a second that commands without vectors save

    with database.read() as connection:
        rows = connection.execute(
            "SELECT c.key, c.id, v.vector, d.id, c.page,"
            " (SELECT path FROM paths WHERE document = d.key ORDER BY key LIMIT 1)"
            " FROM pending AS p JOIN chunks AS c ON c.key = p.chunk"
            " JOIN vectors AS v ON v.chunk = c.key JOIN documents AS d ON d.key = c.document"
            " WHERE p.collection = ? ORDER BY p.chunk LIMIT ?",
            (collection, batch),
        )
        return {
            key: VectorRow(
                id_,
                np.frombuffer(vector, np.float32),
                {"document": document, "page": page, "source": source or ""},
            )
            for key, id_, vector, document, page, source in rows
        }
