"""What is known of a collection without looking into its documents."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from rag_app.store import roles
from rag_app.store.roles import Role
from rag_app.types import ChunkingIdentity, EmbeddingIdentity


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection at one moment: what it was built with, and how much is in it.

    Attributes:
        name: What the user calls it, whichever index this is.
        embedding: The model of its vectors.
        chunking: How its passages were cut.
        documents: How many it holds.
        chunks: How many passages they have.
        created_at: When this index was begun.
        updated_at: When a document last came or went.
        role: Which of the collection's indexes this is.
        since: When it took that role.
        asked: The spec that a switch to it was asked for; ``embedding.spec`` may be that of a
            model that was fitted for it.
    """

    name: str
    embedding: EmbeddingIdentity
    chunking: ChunkingIdentity
    documents: int
    chunks: int
    created_at: datetime
    updated_at: datetime
    role: Role
    since: datetime
    asked: str | None


# What info_of reads.
INFO = (
    "SELECT c.name, c.embedding, c.chunking, count(d.key), coalesce(sum(d.chunks), 0),"
    " c.created_at, c.updated_at, coalesce(c.since, c.created_at), c.asked"
    " FROM collections AS c LEFT JOIN documents AS d"
    " ON d.collection = c.key"
)


def info_of(row: sqlite3.Row) -> CollectionInfo:
    """A row of the query behind ``CollectionInfo``."""
    stored, embedding, chunking, count, chunks, created, updated, since, asked = row
    name, role = roles.parse_name(stored)
    return CollectionInfo(
        name=name,
        embedding=EmbeddingIdentity(**json.loads(embedding)),
        chunking=ChunkingIdentity(**json.loads(chunking)),
        documents=count,
        chunks=chunks,
        created_at=datetime.fromisoformat(created),
        updated_at=datetime.fromisoformat(updated),
        role=role,
        since=datetime.fromisoformat(since),
        asked=asked,
    )
