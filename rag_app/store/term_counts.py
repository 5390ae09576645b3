"""In how many passages each term stands: one table beside each keyword index.

FTS5 could tell, but counts a term's passages one by one whenever it is asked, which takes longer
than all else in a large collection. Here the counts are kept with every change, in its transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

_PASSAGES, _LENGTH = "", " "
"""No terms: how many passages there are, and the terms of all of them together."""

_ADD = (
    "INSERT INTO {} (term, passages) VALUES (?, ?)"
    " ON CONFLICT (term) DO UPDATE SET passages = passages + excluded.passages"
)


def create(connection: sqlite3.Connection, table: str) -> None:
    """Makes the counts of a keyword index, all zero."""
    connection.execute(
        f"CREATE TABLE {table}_counts"
        " (term TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID"
    )


def drop(connection: sqlite3.Connection, table: str) -> None:
    """Removes them."""
    connection.execute(f"DROP TABLE IF EXISTS {table}_counts")


def add(connection: sqlite3.Connection, table: str, passages: Iterable[Sequence[str]]) -> None:
    """Counts passages that came: each its columns, terms with spaces between."""
    connection.executemany(_ADD.format(f"{table}_counts"), _counted(passages).items())


def take(connection: sqlite3.Connection, table: str, passages: Iterable[Sequence[str]]) -> None:
    """Counts passages that go; a term that no passage has any more is forgotten."""
    counted = _counted(passages)
    connection.executemany(
        _ADD.format(f"{table}_counts"), ((term, -count) for term, count in counted.items())
    )
    connection.executemany(
        f"DELETE FROM {table}_counts WHERE term = ? AND passages <= 0",  # noqa: S608 - our own name
        ((term,) for term in counted),
    )


def count_again(connection: sqlite3.Connection, table: str) -> None:
    """Makes the counts anew from the keyword index."""
    drop(connection, table)
    create(connection, table)
    connection.execute("DROP TABLE IF EXISTS temp.counted")
    connection.execute(f"CREATE VIRTUAL TABLE temp.counted USING fts5vocab(main, {table}, row)")
    connection.execute(
        f"INSERT INTO {table}_counts SELECT term, doc FROM temp.counted"  # noqa: S608
    )
    connection.execute(
        f"INSERT INTO {table}_counts SELECT ?, sum(cnt) FROM temp.counted HAVING sum(cnt) > 0",  # noqa: S608
        (_LENGTH,),
    )
    connection.execute("DROP TABLE temp.counted")
    connection.execute(
        f"INSERT INTO {table}_counts SELECT ?, count(*) FROM {table}_docsize"  # noqa: S608
        " HAVING count(*) > 0",
        (_PASSAGES,),
    )


def of(connection: sqlite3.Connection, table: str, terms: Iterable[str]) -> dict[str, int]:
    """The count of each of the terms that stands anywhere."""
    query = f"SELECT passages FROM {table}_counts WHERE term = ?"  # noqa: S608 - our own name
    found = ((term, connection.execute(query, (term,)).fetchone()) for term in terms)
    return {term: row[0] for term, row in found if row}


def passages(connection: sqlite3.Connection, table: str) -> int:
    """How many passages the keyword index has."""
    return of(connection, table, [_PASSAGES]).get(_PASSAGES, 0)


def mean_length(connection: sqlite3.Connection, table: str) -> float:
    """Terms of a passage, on average."""
    found = of(connection, table, [_PASSAGES, _LENGTH])
    return found.get(_LENGTH, 0) / max(1, found.get(_PASSAGES, 0))


def _counted(passages: Iterable[Sequence[str]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for columns in passages:
        terms = " ".join(columns).split()
        counted.update(set(terms))
        counted[_PASSAGES] += 1
        counted[_LENGTH] += len(terms)
    return counted
