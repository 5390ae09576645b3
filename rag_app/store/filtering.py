"""The filters of a collection, each looked up in the catalog once.

Which documents pass takes a look at every row of the catalog, so it is kept for as long as the
collection stays as it is. What is kept is never older than the transaction that asks: the moment of
the collection's last change, read in it, is part of the key.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from rag_app.store.conditions import Condition, Passing, condition_of
from rag_app.types import Filter

FEW = 500_000
"""Up to so many passages are looked up once (0.2 s for as many); of more, each is when met."""

_KEPT = 16
_ROWS = "SELECT d.key, d.chunks FROM documents AS d WHERE d.collection = :collection AND "
_PAGED = (
    "SELECT d.key, count(*) FROM documents AS d CROSS JOIN chunks AS c ON c.document = d.key"
    " WHERE d.collection = :collection AND {} GROUP BY d.key"
)


def state_of(connection: sqlite3.Connection, collection: int) -> str:
    """Changes whenever the collection does."""
    row = connection.execute(
        "SELECT updated_at || coalesce(since, '') FROM collections WHERE key = ?", (collection,)
    ).fetchone()
    return str(row[0])


class Filters:
    """The filters that one collection was asked with; may be used from any thread.

    Args:
        collection: Key of the collection.
    """

    def __init__(self, collection: int) -> None:
        self._collection = collection
        self._known: dict[tuple[str, Filter], Condition] = {}

    def resolved(self, connection: sqlite3.Connection, where: Filter | None) -> Condition | None:
        """The condition of a filter with what satisfies it; None when all passes.

        Args:
            connection: In a transaction.
            where: The filter.
        """
        if not where:
            return None
        state = state_of(connection, self._collection)
        if (state, where) not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[state, where] = self._look(connection, condition_of(where))
        return self._known[state, where]

    def passing(self, connection: sqlite3.Connection, where: Filter | None) -> Passing:
        """How much a filter lets through; for none, all that is there."""
        condition = self.resolved(connection, where)
        return (condition or self._look(connection, Condition())).passing

    def _look(self, connection: sqlite3.Connection, condition: Condition) -> Condition:
        # The catalog has counted the passages of each document; only pages must be counted.
        whole = condition.passage == "1"
        statement = _ROWS + condition.document if whole else _PAGED.format(condition.sql)
        rows = connection.execute(statement, condition.bound(self._collection)).fetchall()
        passages = sum(count for _, count in rows)
        return replace(
            condition,
            passing=Passing(len(rows), passages),
            keys=json.dumps([key for key, _ in rows]) if passages <= FEW else None,
        )
