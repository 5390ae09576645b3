"""BM25 of a few passages, as FTS5 computes it (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log

from rag_app.store import term_counts

WEIGHTS = (1.0, 2.0, 0.5)
"""Weight of a term in the passage, the headings and the file names.

Headings at 0.5 / 1 / 2, nDCG@10: SciFact 0.683 / 0.686 / 0.694, Cranfield 0.347 / 0.350 / 0.356,
XQuAD (English, Spanish, German) within 0.003 of each other."""

_K1, _B = 1.2, 0.75


def rarity(passages: int, having: int) -> float:
    """Inverse document frequency of what so many of all passages have."""
    return max(log((passages - having + 0.5) / (having + 0.5)), 1e-6)


def function(table: str) -> str:
    """SQL: the BM25 of a row that a query found; larger is better."""
    return f"-bm25({table}, {', '.join(map(str, WEIGHTS))})"


def scores(
    connection: sqlite3.Connection, table: str, rows: Iterable[int], rarities: Mapping[str, float]
) -> dict[int, float]:
    """BM25 of some rows of a keyword index, which are read: fit for hundreds, not for thousands.

    Rows that have none of what is asked for are left out.

    Args:
        connection: In a transaction.
        table: The index.
        rows: Their keys.
        rarities: Terms and phrases that are asked for, and how much each counts.
    """
    mean = term_counts.mean_length(connection, table)
    found = connection.execute(
        f"SELECT rowid, body, headings, names FROM {table}"  # noqa: S608 - our own name
        " WHERE rowid IN (SELECT value FROM json_each(?))",
        (json.dumps(list(rows)),),
    )
    words = {asked for asked in rarities if " " not in asked}
    phrases = rarities.keys() - words
    scored = ((key, _score(columns, rarities, words, phrases, mean)) for key, *columns in found)
    return {key: score for key, score in scored if score}


def _score(
    columns: Sequence[str],
    rarities: Mapping[str, float],
    words: AbstractSet[str],
    phrases: AbstractSet[str],
    mean_length: float,
) -> float:
    length = 0
    often = dict.fromkeys(rarities, 0.0)
    for weight, column in zip(WEIGHTS, columns, strict=True):
        terms = column.split()
        length += len(terms)
        for asked in filter(words.__contains__, terms):
            often[asked] += weight
        for asked in filter(column.__contains__, phrases):
            often[asked] += weight * _spaced(column).count(_spaced(asked))
    norm = _K1 * (1 - _B + _B * length / mean_length)
    return sum(rarities[one] * (n * (_K1 + 1) / (n + norm)) for one, n in often.items() if n)


def _spaced(terms: str) -> str:
    """With two spaces between, so that what follows itself is counted twice."""
    return f" {terms.replace(' ', '  ')} "
