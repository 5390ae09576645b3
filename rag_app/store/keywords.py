"""The keyword index: one FTS5 table for each collection, ranked by BM25.

Columns are the passage, the headings above it, and the names of its document's files; each holds
terms (terms.py), so SQLite's tokenizer only splits at spaces. The score is FTS5's ``bm25()``
(Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75) with its sign turned: larger is better.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from rag_app.store.conditions import Condition
from rag_app.store.languages import is_stop_word
from rag_app.store.terms import term, terms, words

WEIGHTS = (1.0, 2.0, 0.5)
"""Weight of a term in the passage, the headings and the file names.

Headings at 0.5 / 1 / 2, nDCG@10: SciFact 0.683 / 0.686 / 0.694, Cranfield 0.347 / 0.350 / 0.356,
XQuAD (English, Spanish, German) within 0.003 of each other."""

MAX_TERMS = 64
"""Longest query; the terms after it add little and cost time."""

MAX_CHARACTERS = 20_000
"""What is read of a question."""

_CODE = re.compile(r"\d|[^\W\d_a-z]{2}")
"""Marks a piece with a hyphen or the like as a code (AB-1234, NF-kB) rather than a compound
(two-dimensional), whose parts may as well stand apart."""

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')


def create(connection: sqlite3.Connection, collection: int) -> None:
    """Makes the index of the collection with this key."""
    table = table_of(collection)
    connection.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5("
        "body, headings, names, tokenize = 'unicode61 remove_diacritics 0')"
    )
    connection.execute(f"CREATE VIRTUAL TABLE {table}_terms USING fts5vocab({table}, row)")


def drop(connection: sqlite3.Connection, collection: int) -> None:
    """Removes the index."""
    connection.execute(f"DROP TABLE IF EXISTS {table_of(collection)}_terms")
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
    connection.executemany(
        f"INSERT INTO {table_of(collection)} (rowid, body, headings, names) VALUES (?, ?, ?, ?)",  # noqa: S608
        (
            (
                key,
                " ".join(terms(text, language)),
                " ".join(terms(" ".join(heads), language)),
                named,
            )
            for key, text, heads in rows
        ),
    )


def rename(
    connection: sqlite3.Connection,
    collection: int,
    document: int,
    names: Sequence[str],
    language: str,
) -> None:
    """Replaces the file names of a document's passages."""
    connection.execute(
        f"UPDATE {table_of(collection)} SET names = ? "  # noqa: S608 - the key is a number
        "WHERE rowid IN (SELECT key FROM chunks WHERE document = ?)",
        (" ".join(terms(" ".join(names), language)), document),
    )


def remove(connection: sqlite3.Connection, collection: int, document: int) -> None:
    """Takes out the passages of a document, while they are still in the catalog."""
    connection.execute(
        f"DELETE FROM {table_of(collection)} "  # noqa: S608 - the key is a number
        "WHERE rowid IN (SELECT key FROM chunks WHERE document = ?)",
        (document,),
    )


def search(
    connection: sqlite3.Connection,
    collection: int,
    expression: str,
    k: int,
    condition: Condition | None = None,
) -> list[tuple[str, float]]:
    """The best passages for an expression of ``expression()``: id and BM25, best first.

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        expression: What to match.
        k: How many at most.
        condition: What the passages must satisfy.
    """
    table = table_of(collection)
    only = f" AND {_passes(table, condition)}" if condition else ""
    weights = ", ".join(map(str, WEIGHTS))
    found = connection.execute(
        f"SELECT c.id, hit.score FROM (SELECT rowid AS key, -rank AS score FROM {table}"  # noqa: S608
        f" WHERE {table} MATCH :expression AND rank MATCH 'bm25({weights})'{only}"
        " ORDER BY rank LIMIT :k) AS hit JOIN chunks AS c ON c.key = hit.key",
        (condition or Condition()).bound(collection, expression=expression, k=k),
    )
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))


def expression(question: str, languages: Sequence[str]) -> str:
    """The FTS5 query of a question: its terms and phrases, joined by OR.

    Function words are left out when others remain (half the time, and nDCG@10 of SciFact,
    Cranfield and XQuAD up by 0.002 to 0.005). A passage in quotation marks, and a code of
    several parts ("AB-1234", "3.5"), is a phrase, so that exact matches come first; the words of
    the phrase are searched as well. Every language of the collection stems in its own way, so a
    word may give several terms.

    Returns:
        The query, or "" when there is no word in the question. Any text is safe: nothing but
        letters and digits reaches the query, and each term stands in quotation marks.
    """
    question = question[:MAX_CHARACTERS]
    found = [*_phrases(question), *([word] for word in telling_words(question, languages))]
    unique: dict[str, None] = {}
    for phrase in found:
        for language in languages:
            unique[" ".join(term(word, language) for word in phrase)] = None
        if len(unique) >= MAX_TERMS:
            break
    return " OR ".join(f'"{text}"' for text in list(unique)[:MAX_TERMS])


def telling_words(question: str, languages: Sequence[str]) -> list[str]:
    """The words of a question without function words, unless there are no others."""
    found = list(_single_words(question[:MAX_CHARACTERS]))
    return [word for word in found if not is_stop_word(word, languages)] or found


def table_of(collection: int) -> str:
    """Name of a collection's index; its terms are those of ``NAME_terms``."""
    return f"keywords_{collection:d}"


def frequencies(
    connection: sqlite3.Connection, collection: int, given: Iterable[str], languages: Sequence[str]
) -> dict[str, int]:
    """In how many passages each of the given words stands, in any of its forms."""
    query = f"SELECT doc FROM {table_of(collection)}_terms WHERE term = ?"  # noqa: S608
    counts: dict[str, int] = {}
    for word in given:
        # A word of several parts is at most as frequent as its rarest part.
        counts[word] = min(
            (
                max(
                    (
                        (connection.execute(query, (term(part, language),)).fetchone() or (0,))[0]
                        for language in languages
                    ),
                    default=0,  # there are no documents
                )
                for part in words(word)
            ),
            default=0,
        )
    return counts


def _passes(table: str, condition: Condition) -> str:
    """SQL: whether the passage of a row of the keyword index satisfies the condition.

    Where few documents do, their passages are gathered and each row is looked up among them. Where
    many do, each row is looked up in the catalog as it comes: rows come best first, and the search
    ends with the k-th that passes. The plus keeps SQLite from searching the keyword index anew for
    every passage of the set, which takes a hundred times as long.
    """
    if condition.keys is not None:
        return f"+{table}.rowid IN (SELECT c.key FROM {condition.passages()})"  # noqa: S608
    return (
        "EXISTS (SELECT 1 FROM chunks AS c CROSS JOIN documents AS d ON d.key = c.document"  # noqa: S608
        f" WHERE c.key = +{table}.rowid AND {condition.sql})"
    )


def _phrases(question: str) -> Iterator[list[str]]:
    """Word sequences that are to stand together: quoted passages, and codes of several parts."""
    for groups in _QUOTED.findall(question):
        phrase = list(words("".join(groups)))
        if len(phrase) > 1:
            yield phrase[:MAX_TERMS]
    for piece in question.split():
        code = list(words(piece))
        if len(code) > 1 and _CODE.search(piece):
            yield code[:MAX_TERMS]


def _single_words(question: str) -> Iterator[str]:
    for piece in question.split():
        parts = list(words(piece))
        # The "3" and "5" of "3.5" mean nothing alone, nor does the "s" of "year's".
        yield from (
            parts
            if len(parts) == 1
            else (part for part in parts if len(part) > 1 and not part.isdigit())
        )
