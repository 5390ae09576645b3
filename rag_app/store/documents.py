"""Rows of the catalog as values, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rag_app.types import Chunk, DocumentRecord, Metadata
from rag_app.types.metadata import in_order

_DOCUMENTS = (
    "SELECT d.id, d.media_type, d.title, d.pages, d.characters, d.chunks, d.truncated_chunks,"
    " d.size_bytes, d.added_at, d.modified_at, d.spoken, d.metadata,"
    " (SELECT json_group_array(path) FROM"
    "  (SELECT path FROM paths WHERE document = d.key ORDER BY key)) FROM documents AS d"
)

_CHUNKS = (
    "SELECT c.id, d.id, c.ordinal, c.text, c.page, c.start, c.end, c.headings, c.tokens,"
    " c.truncated, c.label FROM chunks AS c JOIN documents AS d ON d.key = c.document"
)


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """What the catalog knows a document by: its row, and the stemmer of its keywords."""

    key: int
    language: str


def now() -> str:
    """The present time (UTC) as the catalog writes it."""
    return _written(datetime.now(UTC))


def languages(connection: sqlite3.Connection, collection: int) -> list[str]:
    """Those of the documents' stemmers, that of most documents first."""
    rows = connection.execute(
        "SELECT language FROM documents WHERE collection = ?"
        " GROUP BY language ORDER BY count(*) DESC, language",
        (collection,),
    )
    return [language for (language,) in rows]


def find(connection: sqlite3.Connection, collection: int, document_id: str) -> DocumentKey | None:
    """The row of a document."""
    row = connection.execute(
        "SELECT key, language FROM documents WHERE collection = ? AND id = ?",
        (collection, document_id),
    ).fetchone()
    return DocumentKey(*row) if row else None


def find_by_path(connection: sqlite3.Connection, collection: int, path: str) -> str | None:
    """Id of the document that a path holds."""
    row = connection.execute(
        "SELECT d.id FROM paths AS p JOIN documents AS d ON d.key = p.document"
        " WHERE p.collection = ? AND p.path = ?",
        (collection, path),
    ).fetchone()
    return row[0] if row else None


def read(
    connection: sqlite3.Connection, collection: int, document_ids: Iterable[str] | None = None
) -> list[DocumentRecord]:
    """The documents with these ids, or all; sorted by the path they are cited under."""
    only = "" if document_ids is None else " AND d.id IN (SELECT value FROM json_each(?))"
    values = () if document_ids is None else (json.dumps(list(document_ids)),)
    rows = connection.execute(f"{_DOCUMENTS} WHERE d.collection = ?{only}", (collection, *values))
    return sorted((_record(row) for row in rows), key=lambda record: record.source)


def chunks_of(
    connection: sqlite3.Connection,
    collection: int,
    document_id: str,
    first: int = 0,
    last: int | None = None,
) -> list[Chunk]:
    """The passages of a document from one position to another (its last for None), in order."""
    rows = connection.execute(
        f"{_CHUNKS} WHERE d.collection = ?1 AND d.id = ?2 AND c.ordinal >= ?3"
        " AND (?4 IS NULL OR c.ordinal <= ?4) ORDER BY c.ordinal",
        (collection, document_id, first, last),
    )
    return [_chunk(row) for row in rows]


def chunks(
    connection: sqlite3.Connection, collection: int, chunk_ids: Iterable[str]
) -> dict[str, Chunk]:
    """The passages with these ids; unknown ones are left out."""
    rows = connection.execute(
        f"{_CHUNKS} WHERE c.collection = ? AND c.id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (collection, json.dumps(list(chunk_ids))),
    )
    return {chunk.id: chunk for chunk in map(_chunk, rows)}


def insert(
    connection: sqlite3.Connection,
    collection: int,
    record: DocumentRecord,
    language: str,
    spoken: str,
) -> int:
    """Adds a document without paths or passages; returns its key.

    Args:
        connection: In a write transaction.
        collection: Key of the collection.
        record: What is kept of it.
        language: Its stemmer.
        spoken: ISO 639-1 code of the language it is in, if that is known.
    """
    cursor = connection.execute(
        "INSERT INTO documents (collection, id, media_type, title, language, pages, characters,"
        " chunks, truncated_chunks, size_bytes, added_at, modified_at, spoken, metadata)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            collection,
            record.id,
            record.media_type,
            record.title,
            language,
            record.pages,
            record.characters,
            record.chunks,
            record.truncated_chunks,
            record.size_bytes,
            _written(record.added_at),
            _written(record.modified_at) if record.modified_at else None,
            spoken,
            json.dumps(record.metadata, ensure_ascii=False),
        ),
    )
    return int(cursor.lastrowid or 0)


def insert_chunks(
    connection: sqlite3.Connection, collection: int, document: int, given: Sequence[Chunk]
) -> list[int]:
    """Adds the passages of a document; returns their keys, in order."""
    statement = (
        "INSERT INTO chunks (collection, document, id, ordinal, text, page, start, end, headings,"
        " tokens, truncated, label) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    return [
        int(
            connection.execute(
                statement,
                (
                    collection,
                    document,
                    chunk.id,
                    chunk.ordinal,
                    chunk.text,
                    chunk.page,
                    chunk.start,
                    chunk.end,
                    json.dumps(chunk.headings, ensure_ascii=False),
                    chunk.tokens,
                    int(chunk.truncated),
                    chunk.label,
                ),
            ).lastrowid
            or 0
        )
        for chunk in given
    ]


def metadata_of(connection: sqlite3.Connection, collection: int, paths: Iterable[str]) -> Metadata:
    """What was said of the documents that these paths hold."""
    rows = connection.execute(
        "SELECT d.metadata FROM documents AS d WHERE d.key IN (SELECT document FROM paths"
        " WHERE collection = ? AND path IN (SELECT value FROM json_each(?)))",
        (collection, json.dumps(list(paths))),
    )
    return in_order(pair for (text,) in rows for pair in _metadata(text))


def describe(connection: sqlite3.Connection, document: int, metadata: Metadata) -> None:
    """Replaces what was said of a document."""
    connection.execute(
        "UPDATE documents SET metadata = ? WHERE key = ?",
        (json.dumps(in_order(metadata), ensure_ascii=False), document),
    )


def paths_of(connection: sqlite3.Connection, document: int) -> list[str]:
    """The paths of a document, in the order they were met."""
    rows = connection.execute("SELECT path FROM paths WHERE document = ? ORDER BY key", (document,))
    return [path for (path,) in rows]


def _record(row: sqlite3.Row) -> DocumentRecord:
    id_, media_type, title, pages, characters, chunks_, truncated, size, *more = row
    added, modified, spoken, metadata, paths = more
    return DocumentRecord(
        id=id_,
        sources=tuple(json.loads(paths)),
        media_type=media_type,
        title=title,
        pages=pages,
        characters=characters,
        chunks=chunks_,
        truncated_chunks=truncated,
        size_bytes=size,
        added_at=datetime.fromisoformat(added),
        modified_at=datetime.fromisoformat(modified) if modified else None,
        language=spoken,
        metadata=_metadata(metadata),
    )


def _metadata(text: str) -> Metadata:
    return tuple((key, value) for key, value in json.loads(text))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _chunk(row: sqlite3.Row) -> Chunk:
    id_, document, ordinal, text, page, start, end, headings, tokens, *more = row
    truncated, label = more
    return Chunk(
        id=id_,
        document_id=document,
        ordinal=ordinal,
        text=text,
        page=page,
        start=start,
        end=end,
        headings=tuple(json.loads(headings)),
        tokens=tokens,
        truncated=bool(truncated),
        label=label,
    )
