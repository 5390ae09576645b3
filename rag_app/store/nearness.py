"""How close together a passage says what a question asks for.

BM25 does not care where the words stand: a passage that has one word of the question in each of
its sentences counts as much as one that has them all in one. Here the best stretch of
``WIDTH`` terms counts, each of the question's words in it once, weighed by its rarity (the share
of the weight of all of them). After the windows of Tao and Zhai (SIGIR 2007), with the terms that
the keyword index holds anyway.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rag_app.store import bm25, keywords, term_counts
from rag_app.store.asked import MAX_TERMS, shown_words, telling_words
from rag_app.store.terms import term

WIDTH = 25
"""Terms in a stretch: 15 to 35 rank SQuAD and Cranfield alike (nDCG@10 within 0.002)."""


def shares(
    connection: sqlite3.Connection,
    collection: int,
    question: str,
    languages: Sequence[str],
    chunk_ids: Iterable[str],
) -> dict[str, float]:
    """For each passage the share of the question's words in its best stretch, in [0, 1].

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        question: In any words.
        languages: Those of the collection.
        chunk_ids: What to look at; ids that are not there are left out.
    """
    weights = _weights(connection, collection, question, languages)
    found = _terms(connection, collection, chunk_ids)
    return {id_: best_stretch(weights, terms) for id_, terms in found.items()}


def matched_words(
    connection: sqlite3.Connection,
    collection: int,
    question: str,
    languages: Sequence[str],
    chunk_ids: Iterable[str],
) -> dict[str, tuple[str, ...]]:
    """For each passage the words of the question that it or its headings have in any form.

    A code counts as one word, however it is parted.
    """
    words = {
        shown: [
            f" {' '.join(term(word, language) for word in phrase)} "
            for phrase in phrases
            for language in languages
        ]
        for shown, phrases in shown_words(question, languages).items()
    }
    return {
        id_: tuple(shown for shown, forms in words.items() if any(one in text for one in forms))
        for id_, terms in _terms(connection, collection, chunk_ids).items()
        for text in [f" {' '.join(terms)} "]
    }


def best_stretch(weights: Mapping[str, float], terms: Sequence[str], width: int = WIDTH) -> float:
    """The largest share of ``weights`` whose keys stand within ``width`` terms of one another."""
    whole = sum(weights.values())
    if not whole:
        return 0.0
    hits = [(place, found) for place, found in enumerate(terms) if found in weights]
    inside: Counter[str] = Counter()
    best = held = 0.0
    first = 0
    for place, found in hits:
        if not inside[found]:
            held += weights[found]
        inside[found] += 1
        while hits[first][0] <= place - width:
            gone = hits[first][1]
            inside[gone] -= 1
            if not inside[gone]:
                held -= weights[gone]
            first += 1
        best = max(best, held)
    return min(1.0, best / whole)


def _terms(
    connection: sqlite3.Connection, collection: int, chunk_ids: Iterable[str]
) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT c.id, t.headings || ' ' || t.body FROM chunks AS c"  # noqa: S608 - a number
        f" JOIN {keywords.table_of(collection)} AS t ON t.rowid = c.key"
        " WHERE c.collection = ? AND c.id IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(list(chunk_ids))),
    )
    return {id_: text.split(" ") for id_, text in rows}


def _weights(
    connection: sqlite3.Connection, collection: int, question: str, languages: Sequence[str]
) -> dict[str, float]:
    """Inverse document frequency, as BM25 has it, of each term that the collection knows."""
    table = keywords.table_of(collection)
    words = telling_words(question, languages)[:MAX_TERMS]
    terms = dict.fromkeys(term(word, language) for word in words for language in languages)
    passages = keywords.count(connection, collection)
    known = term_counts.of(connection, table, terms)
    return {one: bm25.rarity(passages, having) for one, having in known.items()}
