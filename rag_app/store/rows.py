"""Rows of ``collections``: one for each index of a collection."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from rag_app.store import keywords, roles, upkeep
from rag_app.store.documents import now
from rag_app.store.roles import Role
from rag_app.types import ChunkingIdentity, EmbeddingIdentity


@dataclass(frozen=True, slots=True)
class Size:
    """What an index takes.

    Attributes:
        passages: How many it holds.
        bytes: Of disk, roughly: vectors twice (catalog and vector index), text twice (passages
            and keywords).
    """

    passages: int
    bytes: int


def insert(
    connection: sqlite3.Connection,
    stored_name: str,
    embedding: EmbeddingIdentity,
    chunking: ChunkingIdentity,
    asked: str | None = None,
) -> int:
    """Adds a row of ``collections`` with its keyword index; returns its key."""
    moment = now()
    cursor = connection.execute(
        "INSERT INTO collections (name, embedding, chunking, created_at, updated_at, since, asked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            stored_name,
            json.dumps(asdict(embedding), ensure_ascii=False),
            json.dumps(asdict(chunking)),
            moment,
            moment,
            moment,
            asked,
        ),
    )
    key = int(cursor.lastrowid or 0)
    keywords.create(connection, key)
    return key


def remove(connection: sqlite3.Connection, key: int) -> None:
    """Deletes a row with all that is in it; its vector index waits to be dropped."""
    upkeep.discard_index(connection, key)
    keywords.drop(connection, key)
    connection.execute("DELETE FROM collections WHERE key = ?", (key,))


def become(connection: sqlite3.Connection, key: int, name: str, role: Role) -> None:
    """Gives a row its role in the collection ``name``, from now on."""
    connection.execute(
        "UPDATE collections SET name = ?, since = ? WHERE key = ?",
        (roles.stored_name(name, role), now(), key),
    )


def size(connection: sqlite3.Connection, key: int | None) -> Size:
    """What a row takes; nothing for none."""
    row = connection.execute(
        "SELECT count(*), coalesce(sum(length(c.text) + length(v.vector)), 0) FROM chunks AS c"
        " JOIN vectors AS v ON v.chunk = c.key WHERE c.collection = ?",
        (key,),
    ).fetchone()
    return Size(row[0], 2 * row[1])
