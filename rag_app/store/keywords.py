"""The keyword index: one FTS5 table for each collection.

Columns are the passage, the headings above it, and the names of its document's files; each holds
terms (terms.py), so SQLite's tokenizer only splits at spaces. keyword_search.py asks it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from rag_app.store import term_counts
from rag_app.store.terms import term, terms, words

_OF_DOCUMENT = "WHERE rowid IN (SELECT key FROM chunks WHERE document = ?)"


def create(connection: sqlite3.Connection, collection: int) -> None:
    """Makes the index of the collection with this key."""
    table = table_of(collection)
    connection.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5("
        "body, headings, names, tokenize = 'unicode61 remove_diacritics 0')"
    )
    term_counts.create(connection, table)


def drop(connection: sqlite3.Connection, collection: int) -> None:
    """Removes the index."""
    term_counts.drop(connection, table_of(collection))
    connection.execute(f"DROP TABLE IF EXISTS {table_of(collection)}")


def add(
    connection: sqlite3.Connection,
    collection: int,
    rows: Iterable[tuple[int, str, Sequence[str]]],
    names: Sequence[str],
    language: str,
) -> None:
    """Indexes passages of one document.

    Args:
        connection: In a write transaction.
        collection: Key of the collection.
        rows: Key, text and headings of each passage.
        names: File names of the document.
        language: Its stemmer.
    """
    named = " ".join(terms(" ".join(names), language))
    given = [
        (key, " ".join(terms(text, language)), " ".join(terms(" ".join(heads), language)), named)
        for key, text, heads in rows
    ]
    connection.executemany(
        f"INSERT INTO {table_of(collection)} (rowid, body, headings, names) VALUES (?, ?, ?, ?)",  # noqa: S608
        given,
    )
    term_counts.add(connection, table_of(collection), (columns for _, *columns in given))


def rename(
    connection: sqlite3.Connection,
    collection: int,
    document: int,
    names: Sequence[str],
    language: str,
) -> None:
    """Replaces the file names of a document's passages."""
    table = table_of(collection)
    term_counts.take(connection, table, _columns(connection, table, document))
    connection.execute(
        f"UPDATE {table} SET names = ? {_OF_DOCUMENT}",  # noqa: S608 - the key is a number
        (" ".join(terms(" ".join(names), language)), document),
    )
    term_counts.add(connection, table, _columns(connection, table, document))


def remove(connection: sqlite3.Connection, collection: int, document: int) -> None:
    """Takes out the passages of a document, while they are still in the catalog."""
    table = table_of(collection)
    term_counts.take(connection, table, _columns(connection, table, document))
    connection.execute(f"DELETE FROM {table} {_OF_DOCUMENT}", (document,))  # noqa: S608


def table_of(collection: int) -> str:
    """Name of a collection's index."""
    return f"keywords_{collection:d}"


def count(connection: sqlite3.Connection, collection: int) -> int:
    """How many passages the index has."""
    return term_counts.passages(connection, table_of(collection))


def frequencies(
    connection: sqlite3.Connection, collection: int, given: Iterable[str], languages: Sequence[str]
) -> dict[str, int]:
    """In how many passages each of the given words stands, in any of its forms."""
    table = table_of(collection)
    counts: dict[str, int] = {}
    for word in given:
        # A word of several parts is at most as frequent as its rarest part.
        forms = [{term(part, language) for language in languages} for part in words(word)]
        counts[word] = min(
            (max(term_counts.of(connection, table, one).values(), default=0) for one in forms),
            default=0,
        )
    return counts


def _columns(connection: sqlite3.Connection, table: str, document: int) -> list[tuple[str, ...]]:
    """What the index holds of each passage of a document."""
    return connection.execute(
        f"SELECT body, headings, names FROM {table} {_OF_DOCUMENT}",  # noqa: S608
        (document,),
    ).fetchall()
