"""Comparing the catalog with the indexes made from it, for ``rag doctor``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from rag_app.errors import StoreBusyError
from rag_app.settings import without_credentials
from rag_app.store.database import Database
from rag_app.store.locks import writing
from rag_app.store.roles import Role, parse_name
from rag_app.store.upkeep import new_index
from rag_app.store.vectors import DOUBTFUL, IndexUnusableError, VectorIndex

_REBUILD = "Searches read all vectors until {writer}; that builds the index anew."

_ADD = "It is done as soon as {writer}."

_AGAIN = "{anew}."

# What the remedies above name, for each index of a collection.
_REMEDIES: dict[Role, dict[str, str]] = {
    "live": {
        "writer": "`rag ingest` runs once more on this collection",
        "anew": "Delete the collection and ingest its documents again",
    },
    "next": {
        "writer": "`rag switch` goes on with it",
        "anew": "Free it with `rag collections prune {name}`, and run `rag switch` again",
    },
    "former": {
        "writer": "`rag rollback` has brought it back and `rag ingest` runs on it",
        "anew": "Free it with `rag collections prune {name}`; the collection itself is whole",
    },
}

_NAMES: dict[Role, str] = {
    "live": "Collection '{name}'",
    "next": "Next index of the collection '{name}'",
    "former": "Former index of the collection '{name}'",
}

# Each counts rows that contradict each other; ``{keywords}`` is the collection's keyword table.
_COUNTS: tuple[tuple[str, str, str], ...] = (
    (
        (
            "SELECT count(*) FROM documents AS d WHERE d.collection = :key AND d.chunks <>"
            " (SELECT count(*) FROM chunks WHERE document = d.key)"
        ),
        "documents have another number of passages than recorded",
        _AGAIN,
    ),
    (
        (
            "SELECT count(*) FROM documents AS d WHERE d.collection = :key AND NOT EXISTS"
            " (SELECT 1 FROM paths WHERE document = d.key)"
        ),
        "documents belong to no path",
        _AGAIN,
    ),
    (
        (
            "SELECT count(*) FROM chunks AS c JOIN collections AS o ON o.key = c.collection"
            " LEFT JOIN vectors AS v ON v.chunk = c.key WHERE c.collection = :key"
            " AND coalesce(length(v.vector), 0) <> 4 * json_extract(o.embedding, '$.dimension')"
        ),
        "passages have no vector, or one of a wrong length",
        _AGAIN,
    ),
    (
        (
            "SELECT count(*) FROM chunks WHERE collection = :key"
            " AND key NOT IN (SELECT rowid FROM {keywords})"
        ),
        "passages are missing from the keyword index",
        _AGAIN,
    ),
    (
        (
            "SELECT count(*) FROM {keywords} WHERE rowid NOT IN"
            " (SELECT key FROM chunks WHERE collection = :key)"
        ),
        "passages in the keyword index belong to no document",
        _AGAIN,
    ),
    (
        "SELECT count(*) FROM pending WHERE collection = :key",
        "passages wait to be put into the vector index (they are found all the same)",
        _ADD,
    ),
    (
        "SELECT count(*) FROM trash WHERE collection = :key",
        "deleted passages wait to leave the vector index (they are not found any more)",
        _ADD,
    ),
    (
        "SELECT count(*) FROM owed WHERE collection = :key",
        "changes from before a rollback are in the former index only",
        "Take them over: rag rollback {name} --catch-up.",
    ),
)


def check_file(database: Database) -> list[str]:
    """What SQLite itself finds wrong with the catalog's file."""
    with database.read() as connection:
        found = connection.execute("PRAGMA quick_check(5)").fetchall()
    return [
        f"{database.path} is damaged ({text}). Move it away and ingest the documents again."
        for (text,) in found
        if text != "ok"
    ]


def check_collection(
    database: Database,
    index: VectorIndex,
    collection: int,
    stored_name: str,
    *,
    leave_busy: bool = False,
) -> list[str]:
    """A sentence for each way in which the parts of a collection differ.

    One that is being written to cannot be looked at, which is a sentence as well unless
    ``leave_busy`` says that its writer will look at it.

    A vector index that differs is given up: searches are exact until the next writer has built
    another one.
    """
    name, role = parse_name(stored_name)
    try:
        with writing(database.path.parent, collection, name, wait_s=0):
            problems = list(_compare(database, index, collection, role))
    except StoreBusyError:
        if role == "next" or leave_busy:  # the next one is there to be written to
            return []
        problems = ["it is being written to. Check again when that has ended."]
    return [_in_words(problem, name, role) for problem in problems]


def _in_words(problem: str, name: str, role: Role) -> str:
    text = f"{_NAMES[role]}: {problem}"
    for word, remedy in _REMEDIES[role].items():
        text = text.replace(f"{{{word}}}", remedy)
    return text.replace("{name}", name)


def _compare(database: Database, index: VectorIndex, collection: int, role: Role) -> Iterator[str]:
    with database.read() as connection:
        row = connection.execute(
            "SELECT name, place, unsettled FROM indexes WHERE collection = ?", (collection,)
        ).fetchone()
        if row is None:
            return  # the collection has just been deleted
        index_name, place, unsettled = row
        yield from _problems(connection, collection, built=role != "next")
        if role == "next":
            return  # its vector index is built last
        must, may = _ids(connection, collection)
    if place != index.place:
        yield f"its vector index is in another place ({without_credentials(place)}). {_REBUILD}"
    elif unsettled >= DOUBTFUL:
        yield f"an interrupted run left its vector index unfinished. {_REBUILD}"
    elif difference := _difference(index, index_name, must, may):
        with database.write() as connection:
            new_index(connection, collection, index.place)
        yield f"{difference} {_REBUILD}"


def _problems(connection: sqlite3.Connection, collection: int, *, built: bool) -> Iterator[str]:
    for query, problem, remedy in _COUNTS:
        if remedy is _ADD and not built:
            continue
        statement = query.replace("{keywords}", f"keywords_{collection:d}")
        count = connection.execute(statement, {"key": collection}).fetchone()[0]
        if count:
            yield f"{count} {problem}. {remedy}"


def _ids(connection: sqlite3.Connection, collection: int) -> tuple[set[str], set[str]]:
    """Ids that must be in the index, and ids that may be."""
    rows = connection.execute(
        "SELECT id, key IN (SELECT chunk FROM pending) FROM chunks WHERE collection = ?",
        (collection,),
    ).fetchall()
    trash = connection.execute("SELECT chunk_id FROM trash WHERE collection = ?", (collection,))
    must = {id_ for id_, waits in rows if not waits}
    return must, must | {id_ for id_, _ in rows} | {id_ for (id_,) in trash}


def _difference(index: VectorIndex, index_name: str, must: set[str], may: set[str]) -> str:
    try:
        held = index.ids(index_name)
    except IndexUnusableError:
        return "its vector index is missing." if must else ""
    if must <= held <= may:
        return ""
    return (
        f"{len(must - held)} passages are missing from the vector index, and {len(held - may)} "
        "vectors in it belong to no passage."
    )
