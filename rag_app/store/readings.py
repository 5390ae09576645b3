"""What was told of documents when they were read: rows that leave with their documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping


def keep(connection: sqlite3.Connection, collection: int, readings: Mapping[str, str]) -> None:
    """Keeps a text for each of some documents, by id; those that are not there are ignored."""
    connection.executemany(
        "INSERT OR REPLACE INTO readings (document, told)"
        " SELECT key, ?3 FROM documents WHERE collection = ?1 AND id = ?2",
        ((collection, id_, told) for id_, told in readings.items()),
    )


def copy(
    connection: sqlite3.Connection, source: int, collection: int, document_ids: Iterable[str]
) -> None:
    """Takes over what is kept of the same documents in another row of collections."""
    connection.execute(
        "INSERT OR REPLACE INTO readings (document, told)"
        " SELECT new.key, r.told FROM documents AS new"
        " JOIN documents AS old ON old.id = new.id AND old.collection = ?"
        " JOIN readings AS r ON r.document = old.key"
        " WHERE new.collection = ? AND new.id IN (SELECT value FROM json_each(?))",
        (source, collection, json.dumps(list(document_ids))),
    )


def read(
    connection: sqlite3.Connection, collection: int, document_ids: Iterable[str]
) -> dict[str, str]:
    """What is kept of these documents."""
    found = connection.execute(
        "SELECT d.id, r.told FROM documents AS d JOIN readings AS r ON r.document = d.key"
        " WHERE d.collection = ? AND d.id IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(list(document_ids))),
    )
    return dict(found.fetchall())
