"""Asking a keyword index: the passages that share most with a question, by BM25.

FTS5 takes 2 to 3 microseconds to score a passage and a tenth of that to find it. In a large
collection the commoner words of a question stand in tens of thousands of passages, so there

1. the passages of each term are listed, rare terms first, as many terms as ``_LISTED`` allows;
2. those whose terms weigh most together are scored: ``_KEPT`` of them by FTS5, or, where that would
   have to go through too many others once more, ``_READ`` of them here.

Under a filter it is always done so, with what passes of each list; and where no more than ``_READ``
pass, they are all scored here, however large the collection is.

Where documents are in several languages, a word has a stem for each of them. Such forms count as
one word: that few documents are in a language makes no word rare. FTS5 does not know that, so what
is best by its scores is scored once more here.

Whatever is found has its BM25 for the whole question either way. What may be missed are passages
that have none but the commonest words; ``benchmarks/speed.py`` tells how many that are.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from rag_app.store import bm25, term_counts
from rag_app.store.asked import expression
from rag_app.store.conditions import Condition, passage_keys
from rag_app.store.key_lists import largest, numbers, weighed
from rag_app.store.keywords import table_of

if TYPE_CHECKING:
    from rag_app.store.key_lists import Keys, Sums

_SCORED = 10_000
"""Up to so many passages are all scored, which takes about 20 ms."""

_LISTED = 250_000
"""So many are listed at most, but for the first term: 0.2 seconds for a million."""

_KEPT = 2000
"""So many are scored by FTS5."""

_READ = 500
"""So many are read and scored here (10 ms)."""

_PASSED = 100
"""Matches that FTS5 goes through in the time in which a passage is read and scored here."""

_LOOKED_AT = 10_000
"""Of the listed ones, so many are asked whether a filter that lets many through passes them."""


def search(
    connection: sqlite3.Connection,
    collection: int,
    asked: Mapping[str, str],
    k: int,
    condition: Condition | None = None,
) -> list[tuple[str, float]]:
    """The best passages for what ``asked_terms`` gave: id and BM25, best first.

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        asked: Terms and phrases, each with what it is a form of.
        k: How many at most.
        condition: What the passages must satisfy.
    """
    table = table_of(collection)
    counts = _counts(connection, table, asked)
    if not counts:
        return []
    others = _others(asked, counts)
    if (condition is not None or sum(counts.values()) > _SCORED) and 2 * k <= _READ:
        found = _narrowed(connection, collection, counts, others, k, condition)
    elif any(others.values()):
        found = _scored(connection, collection, counts, max(k, _READ), condition)
        _, rarities = _listed(connection, table, counts, others, phrases_only=False)
        found = bm25.scores(connection, table, found, rarities)
    else:
        found = _scored(connection, collection, counts, k, condition)
    found = dict(sorted(found.items(), key=lambda hit: (-hit[1], hit[0]))[:k])
    ids = dict(
        connection.execute(
            "SELECT key, id FROM chunks WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(found)),),
        ).fetchall()
    )
    hits = [(ids[key], score) for key, score in found.items() if key in ids]
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))


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


def _others(asked: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, int]:
    """For each, in how many passages the other forms of the same stand."""
    together: Counter[str] = Counter()
    for one, count in counts.items():
        together[asked[one]] += count
    return {one: together[asked[one]] - count for one, count in counts.items()}


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
    others: Mapping[str, int],
    k: int,
    condition: Condition | None,
) -> dict[int, float]:
    """Keys and BM25 of the k best and some more, found in the two steps above."""
    table = table_of(collection)
    passing = _passing(connection, collection, condition)
    few = passing is not None and len(passing) <= _READ
    listed, rarities = _listed(connection, table, counts, others, phrases_only=few)
    if passing is not None and few:
        return bm25.scores(connection, table, passing.tolist(), rarities)
    keys, sums = weighed(listed, rarities, passing)
    kept = _best(connection, collection, keys, sums, condition)
    read = kept[:_READ]
    cheap = len(listed) == len(counts) and sum(counts.values()) <= _PASSED * len(read)
    if cheap and not any(others.values()):
        return _scored(connection, collection, listed, k, among=kept)
    return bm25.scores(connection, table, read, rarities)


def _listed(
    connection: sqlite3.Connection,
    table: str,
    counts: Mapping[str, int],
    others: Mapping[str, int],
    *,
    phrases_only: bool,
) -> tuple[dict[str, Keys], dict[str, float]]:
    """The passages of the terms, as far as they are listed, and the rarities of all.

    A phrase that is not listed has none: how many passages have it is not known.
    """
    total = term_counts.passages(connection, table)
    listed: dict[str, Keys] = {}
    rarities: dict[str, float] = {}
    rows = 0
    for one, count in counts.items():
        rows += count
        phrase, some = " " in one, not listed or rows <= _LISTED
        if some and (phrase or not phrases_only):
            matching = f"{table} WHERE {table} MATCH :asked"
            listed[one] = numbers(connection, "rowid", matching, {"asked": expression([one])})
        if one in listed:
            rarities[one] = bm25.rarity(total, min(total, len(listed[one]) + others[one]))
        elif not phrase:
            rarities[one] = bm25.rarity(total, min(total, count + others[one]))
    return listed, rarities


def _passing(
    connection: sqlite3.Connection, collection: int, condition: Condition | None
) -> Keys | None:
    """The keys of what a filter lets through, unless they are too many to be looked up."""
    if condition is None or condition.keys is None:
        return None
    return passage_keys(connection, collection, condition)


def _best(
    connection: sqlite3.Connection,
    collection: int,
    keys: Keys,
    sums: Sums,
    condition: Condition | None,
) -> list[int]:
    """At most ``_KEPT`` keys that satisfy the condition, those with the largest sums first.

    Where few satisfy it, the keys are of those already.
    """
    if condition is None or condition.keys is not None:
        return largest(keys, sums, _KEPT)
    ordered = largest(keys, sums, _LOOKED_AT)
    source = (
        "json_each(:keys) AS k CROSS JOIN chunks AS c ON c.key = k.value"
        f" CROSS JOIN documents AS d ON d.key = c.document WHERE {condition.sql}"
    )
    bound = condition.bound(collection, keys=json.dumps(ordered))
    passing = set(numbers(connection, "c.key", source, bound).tolist())
    return [key for key in ordered if key in passing][:_KEPT]
