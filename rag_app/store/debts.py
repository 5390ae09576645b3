"""What a collection still has to take over after a rollback.

A rollback brings an older index back, which knows nothing of what happened since the switch. In
the same transaction each path that differs is written down with the document it is to hold; a row
goes when that path is written to, by the one who catches up or by anyone else, whose word is newer.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Debts:
    """Files that differ between the index that answers and the one it took the place of.

    Attributes:
        added: Files that only the other one knows.
        changed: Files of which the other one has another content.
        moved: Known contents under other paths.
        removed: Files that the other one has forgotten.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.added + self.changed + self.moved + self.removed


def record(connection: sqlite3.Connection, newer: int, older: int) -> None:
    """Writes down what ``older`` lacks of ``newer``, in place of what either of them owed.

    What was said of documents that both have is taken over at once.

    What ``newer`` itself has not caught up with yet it owes to ``older``, which has it.
    """
    keys = {"newer": newer, "older": older}
    connection.execute(
        "UPDATE documents SET metadata = n.metadata FROM documents AS n"
        " WHERE documents.collection = :older AND n.collection = :newer AND n.id = documents.id"
        " AND n.metadata <> documents.metadata",
        keys,
    )
    connection.execute("DELETE FROM owed WHERE collection = :older", keys)
    connection.execute(
        "INSERT INTO owed (collection, path, document)"
        " SELECT :older, p.path, d.id FROM paths AS p JOIN documents AS d ON d.key = p.document"
        " WHERE p.collection = :newer"
        " AND p.path NOT IN (SELECT path FROM owed WHERE collection = :newer)"
        " AND NOT EXISTS (SELECT 1 FROM paths AS q JOIN documents AS e ON e.key = q.document"
        "   WHERE q.collection = :older AND q.path = p.path AND e.id = d.id)",
        keys,
    )
    connection.execute(
        "INSERT INTO owed (collection, path)"
        " SELECT :older, q.path FROM paths AS q WHERE q.collection = :older"
        " AND q.path NOT IN (SELECT path FROM paths WHERE collection = :newer)"
        " AND q.path NOT IN (SELECT path FROM owed WHERE collection = :newer)",
        keys,
    )
    connection.execute("DELETE FROM owed WHERE collection = :newer", keys)


def foreseen(connection: sqlite3.Connection, newer: int, older: int) -> Debts:
    """What ``record`` would leave ``older`` to take over; nothing is changed."""
    connection.execute("SAVEPOINT foreseen")
    try:
        record(connection, newer, older)
        return summary(connection, older)
    finally:
        connection.execute("ROLLBACK TO foreseen")
        connection.execute("RELEASE foreseen")


def read(connection: sqlite3.Connection, collection: int) -> dict[str, str | None]:
    """Path by path the document it is to hold; None for one that is to be forgotten."""
    rows = connection.execute(
        "SELECT path, document FROM owed WHERE collection = ? ORDER BY path", (collection,)
    )
    return dict(rows.fetchall())


def summary(connection: sqlite3.Connection, collection: int) -> Debts:
    """The same, counted."""
    rows = connection.execute(
        "SELECT CASE WHEN o.document IS NULL THEN 'removed'"
        " WHEN EXISTS (SELECT 1 FROM documents AS d"
        "   WHERE d.collection = o.collection AND d.id = o.document) THEN 'moved'"
        " WHEN EXISTS (SELECT 1 FROM paths AS p"
        "   WHERE p.collection = o.collection AND p.path = o.path) THEN 'changed'"
        " ELSE 'added' END FROM owed AS o WHERE o.collection = ?",
        (collection,),
    )
    return Debts(**Counter(kind for (kind,) in rows))


def settle(connection: sqlite3.Connection, collection: int, path: str) -> None:
    """Forgets what is owed about a path that has just been written to."""
    connection.execute("DELETE FROM owed WHERE collection = ? AND path = ?", (collection, path))


def settle_document(connection: sqlite3.Connection, collection: int, document: int) -> None:
    """Forgets what is owed about the paths of a document that is about to go."""
    connection.execute(
        "DELETE FROM owed WHERE collection = ?"
        " AND path IN (SELECT path FROM paths WHERE document = ?)",
        (collection, document),
    )
