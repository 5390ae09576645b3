"""How far a question names the documents that passages are from.

"What did 3M spend in FY2018?" names ``3M_2018_10K.pdf``: a passage of that report hardly ever says
whose it is, and neither its vector nor its words tell it from the same passage of another report.
The names of the documents that a search came upon are compared with the question; a word that tells
few of them apart counts more than one that many have (inverse document frequency). A year in a word
(FY2018, 2024Q2) counts as a word, and so do words that a file name joins (BESTBUY).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log

from rag_app.store import keywords
from rag_app.store.asked import MAX_CHARACTERS, telling_words
from rag_app.store.terms import term, words

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LETTER = re.compile(r"[^\W\d_]")
_JOINED = 3
"""Words of the question that a name may have as one."""
_SHORTEST = 6
"""Letters of what is joined: shorter ones are words of their own too often."""


def shares(
    connection: sqlite3.Connection,
    collection: int,
    question: str,
    languages: Sequence[str],
    chunk_ids: Iterable[str],
) -> dict[str, float]:
    """For passages of documents that a question names, how far it does so, in (0, 1].

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        question: In any words.
        languages: Those of the collection.
        chunk_ids: What the search came upon.

    Returns:
        The share of the naming words of the question that the document's names have, weighed by
        their rarity among these documents. Passages of documents that it does not name are left
        out; nothing is named by a number alone.
    """
    rows = connection.execute(
        "SELECT c.id, t.names FROM chunks AS c"  # noqa: S608 - a number
        f" JOIN {keywords.table_of(collection)} AS t ON t.rowid = c.key"
        " WHERE c.collection = ? AND c.id IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(list(chunk_ids))),
    ).fetchall()
    named = _named(_terms(question, languages), {names for _, names in rows})
    return {id_: named[names] for id_, names in rows if names in named}


def _named(asked: set[str], names: set[str]) -> dict[str, float]:
    """The same for documents by their names, each a text of terms."""
    common = {one: asked & _with_years(one.split(" ")) for one in names}
    frequency = Counter(word for found in common.values() for word in found)
    rarity = {word: log((len(names) + 1) / count) for word, count in frequency.items()}
    whole = sum(rarity.values())
    return {
        one: sum(rarity[word] for word in found) / whole
        for one, found in common.items()
        if len(names) > 1 and any(len(word) > 1 and _LETTER.search(word) for word in found)
    }


def _terms(question: str, languages: Sequence[str]) -> set[str]:
    """The words of the question that may stand in a name, as terms."""
    question = question[:MAX_CHARACTERS]
    run = words(question)
    joined = {
        text
        for length in range(2, _JOINED + 1)
        for first in range(len(run) - length + 1)
        if len(text := "".join(run[first : first + length])) >= _SHORTEST
    }
    asked = _with_years(telling_words(question, languages)) | joined
    return {term(word, language) for word in asked for language in languages}


def _with_years(found: Iterable[str]) -> set[str]:
    found = set(found)
    return found | {year for word in found for year in _YEAR.findall(word)}
