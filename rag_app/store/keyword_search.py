"""Asking a keyword index: the passages that share most with a question, by BM25.

FTS5 takes 2 to 3 microseconds to score a passage and a tenth of that to find it. In a large
collection the commoner words of a question stand in tens of thousands of passages, so there

1. the passages of each term are listed, rare terms first, as many terms as ``_LISTED`` allows;
2. those whose terms weigh most together are scored: ``_KEPT`` of them by FTS5, or, where that would
   have to go through too many others once more, ``_READ`` of them here.

Whatever is found has its BM25 for the whole question either way. What may be missed are passages
that have none but the commonest words; ``benchmarks/speed.py`` tells how many that are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from rag_app.store import bm25, term_counts
from rag_app.store.asked import expression
from rag_app.store.conditions import Condition
from rag_app.store.keywords import table_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Sums = NDArray[np.float64]

_SCORED = 10_000
"""Up to so many passages are all scored, which takes about 20 ms."""

_LISTED = 250_000
"""So many are listed at most, but for the first term: 0.2 seconds for a million."""

_SCORED_OF = 100_000
_KEPT = 1000
"""So many are scored by FTS5, of so many listed."""

_READ = 400
"""So many are read and scored here; as many milliseconds as FTS5 takes for ten times as many."""

_LOOKED_AT = 10_000
"""Of the listed ones, so many are asked whether a filter that lets many through passes them."""


def search(
    connection: sqlite3.Connection,
    collection: int,
    asked: Sequence[str],
    k: int,
    condition: Condition | None = None,
) -> list[tuple[str, float]]:
    """The best passages for what ``asked_terms`` gave: id and BM25, best first.

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        asked: Terms and phrases.
        k: How many at most.
        condition: What the passages must satisfy.
    """
    table = table_of(collection)
    counts = _counts(connection, table, asked)
    if not counts:
        return []
    total = max(1, term_counts.passages(connection, table))
    rows = sum(counts.values())
    passing = condition.passing.passages / total if condition else 1.0
    if (rows <= _LISTED and rows * passing <= _SCORED) or 2 * k > _READ:
        found = _scored(connection, collection, counts, k, condition)
    else:
        found = _narrowed(connection, collection, counts, condition)
    ids = dict(
        connection.execute(
            "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(found)),),
        ).fetchall()
    )
    hits = [(ids[key], score) for key, score in found.items() if key in ids]
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]


def _counts(connection: sqlite3.Connection, table: str, asked: Iterable[str]) -> dict[str, int]:
    """In how many passages each stands, rare ones first; of phrases a bound, and they come first.

    What stands nowhere is left out.
    """
    phrases = {one: one.split() for one in asked}
    known = term_counts.of(connection, table, {word for one in phrases.values() for word in one})
    counts = {one: min(known.get(word, 0) for word in parts) for one, parts in phrases.items()}
    return {
        one: counts[one]
        for one in sorted(counts, key=lambda one: (" " not in one, counts[one], one))
        if counts[one]
    }


def _scored(
    connection: sqlite3.Connection,
    collection: int,
    asked: Iterable[str],
    k: int,
    condition: Condition | None = None,
    among: Iterable[int] | None = None,
) -> dict[int, float]:
    """Keys and BM25 of the k best, among some passages or all, as FTS5 scores them.

    The plus keeps SQLite from searching the keyword index anew for every passage of a set, which
    takes a hundred times as long.
    """
    table = table_of(collection)
    only = ""
    if among is not None:
        only = f" AND +{table}.rowid IN (SELECT value FROM json_each(:among))"  # noqa: S608
    elif condition:
        only = f" AND {_passes(table, condition)}"
    rows = connection.execute(
        f"SELECT rowid, {bm25.function(table)} AS score FROM {table}"  # noqa: S608 - our own names
        f" WHERE {table} MATCH :expression{only} ORDER BY score DESC, rowid LIMIT :k",
        (condition or Condition()).bound(
            collection,
            expression=expression(asked),
            k=k,
            among=None if among is None else json.dumps(list(among)),
        ),
    )
    return dict(rows.fetchall())


def _passes(table: str, condition: Condition) -> str:
    """SQL: whether the passage of a row of the keyword index satisfies the condition."""
    if condition.keys is not None:
        return f"+{table}.rowid IN (SELECT c.key FROM {condition.passages()})"  # noqa: S608
    return (
        "EXISTS (SELECT 1 FROM chunks AS c CROSS JOIN documents AS d ON d.key = c.document"  # noqa: S608
        f" WHERE c.key = +{table}.rowid AND {condition.sql})"
    )


def _narrowed(
    connection: sqlite3.Connection,
    collection: int,
    counts: Mapping[str, int],
    condition: Condition | None,
) -> dict[int, float]:
    """Keys and BM25 of the best, found in the two steps above."""
    table = table_of(collection)
    listed: dict[str, Keys] = {}
    rows = 0
    for one, count in counts.items():
        rows += count
        if not listed or rows <= _LISTED:
            listed[one] = _keys(
                connection, f"{table} WHERE {table} MATCH :asked", {"asked": expression([one])}
            )
    total = term_counts.passages(connection, table)
    rarities = {
        one: bm25.rarity(total, len(listed[one]) if one in listed else count)
        for one, count in counts.items()
        if one in listed or " " not in one
    }
    keys, sums = _weighed(listed, rarities)
    kept = _best(connection, collection, keys, sums, condition)
    if rows <= _SCORED_OF and len(listed) == len(counts):
        return _scored(connection, collection, listed, len(kept), among=kept)
    return bm25.scores(connection, table, kept[:_READ], rarities)


def _keys(
    connection: sqlite3.Connection,
    source: str,
    values: Mapping[str, object],
    column: str = "rowid",
) -> Keys:
    """A column of numbers; as one text, since a row each would take longer than finding them."""
    import numpy as np  # a tenth of a second that small collections save

    statement = f"SELECT group_concat({column}) FROM {source}"  # noqa: S608 - our own names
    (text,) = connection.execute(statement, values).fetchone()
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def _weighed(listed: Mapping[str, Keys], rarities: Mapping[str, float]) -> tuple[Keys, Sums]:
    """Each key that is listed, and the sum of the rarities of its terms."""
    import numpy as np

    weights = np.repeat([rarities[one] for one in listed], [len(keys) for keys in listed.values()])
    every = np.concatenate(list(listed.values()))
    order = np.argsort(every, kind="stable")  # lists in order are merged, which is quick
    keys = every[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first], np.add.reduceat(weights[order], first)


def _best(
    connection: sqlite3.Connection,
    collection: int,
    keys: Keys,
    sums: Sums,
    condition: Condition | None,
) -> list[int]:
    """At most ``_KEPT`` keys that satisfy the condition, those with the largest sums first."""
    import numpy as np

    if condition and condition.keys is not None:
        bound = condition.bound(collection)
        inside = np.isin(keys, _keys(connection, condition.passages(), bound, "c.key"))
        return _largest(keys[inside], sums[inside], _KEPT)
    if condition is None:
        return _largest(keys, sums, _KEPT)
    ordered = _largest(keys, sums, _LOOKED_AT)
    source = (
        "json_each(:keys) AS k CROSS JOIN chunks AS c ON c.key = k.value"
        f" CROSS JOIN documents AS d ON d.key = c.document WHERE {condition.sql}"
    )
    bound = condition.bound(collection, keys=json.dumps(ordered))
    passing = set(_keys(connection, source, bound, "c.key").tolist())
    return [key for key in ordered if key in passing][:_KEPT]


def _largest(keys: Keys, sums: Sums, count: int) -> list[int]:
    """The keys with the largest sums, those first; equal ones in order."""
    import numpy as np

    if len(keys) > count:
        least = np.partition(sums, -count)[-count]
        # Of the many that may share the least sum, those that stand first.
        enough = np.flatnonzero(sums > least)
        some = np.flatnonzero(sums == least)[: count - len(enough)]
        chosen = np.sort(np.concatenate([enough, some]))
        keys, sums = keys[chosen], sums[chosen]
    return list(keys[np.argsort(-sums, kind="stable")].tolist())
