"""A keyword index of exactly the passages that are compared, in memory.

The collection's own holds the hidden sentences, and the passages that a sample leaves out. The
same code makes and searches this one.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import PurePath

from rag_app.evaluation.passages import CODES, Passage, Passages
from rag_app.retrieval.fuse import Ranking
from rag_app.store import keywords
from rag_app.store.languages import DEFAULT

_KEY = 1
_NAMES = {code: name for name, code in CODES.items()}


def keyword_rankings(passages: Passages, questions: Sequence[str], k: int) -> list[Ranking]:
    """What the keyword search finds for each question: id and BM25, best first."""
    by_document: dict[str, list[tuple[int, Passage]]] = defaultdict(list)
    for key, passage in enumerate(passages.all):
        by_document[passage.document.id].append((key, passage))
    languages = {id_: _NAMES.get(passages.languages[id_], DEFAULT) for id_ in by_document}
    ordered = [name for name, _ in Counter(sorted(languages.values())).most_common()]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE chunks (key INTEGER PRIMARY KEY, id TEXT)")
        connection.executemany(
            "INSERT INTO chunks VALUES (?, ?)",
            ((key, passage.id) for key, passage in enumerate(passages.all)),
        )
        keywords.create(connection, _KEY)
        for id_, own in by_document.items():
            rows = ((key, one.text, one.chunk.headings) for key, one in own)
            names = [PurePath(source).name for source in own[0][1].document.sources]
            keywords.add(connection, _KEY, rows, names, languages[id_])
        found: list[Ranking] = []
        for question in questions:
            expression = keywords.expression(question, ordered)
            found.append(keywords.search(connection, _KEY, expression, k) if expression else [])
        return found
