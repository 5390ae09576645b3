"""A keyword index of exactly the passages that are compared, in memory.

The collection's own holds the hidden sentences, and the passages that a sample leaves out. The
same code makes and searches this one.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import PurePath
from typing import Protocol

from rag_app.evaluation.passages import Passage, Passages
from rag_app.store import keyword_search, keywords, naming, nearness
from rag_app.store.asked import asked_terms
from rag_app.store.languages import stemmer_of

_KEY = 1


class Keywords(Protocol):
    """What is asked of a keyword index; a ``Collection`` has it too."""

    def search_keywords(self, question: str, k: int) -> list[tuple[str, float]]:
        """Id and BM25 of the passages that share most with a question, best first."""

    def nearness(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """For each passage how many of a question's words it says close together."""

    def naming(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """For passages of documents that a question names, how far it does so."""


class MemoryIndex:
    """The index of some passages; made by ``memory_index``."""

    def __init__(self, connection: sqlite3.Connection, languages: list[str]) -> None:
        self._connection = connection
        self._languages = languages

    def search_keywords(self, question: str, k: int) -> list[tuple[str, float]]:
        """As a collection does."""
        asked = asked_terms(question, self._languages)
        return keyword_search.search(self._connection, _KEY, asked, k)

    def nearness(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """As a collection does."""
        return nearness.shares(self._connection, _KEY, question, self._languages, chunk_ids)

    def naming(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """As a collection does."""
        return naming.shares(self._connection, _KEY, question, self._languages, chunk_ids)


@contextmanager
def memory_index(passages: Passages) -> Iterator[MemoryIndex]:
    """Indexes passages; the index goes afterwards."""
    by_document: dict[str, list[tuple[int, Passage]]] = defaultdict(list)
    for key, passage in enumerate(passages.all):
        by_document[passage.document.id].append((key, passage))
    languages = {id_: stemmer_of(own[0][1].document.language) for id_, own in by_document.items()}
    ordered = [name for name, _ in Counter(sorted(languages.values())).most_common()]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE TABLE chunks (key INTEGER PRIMARY KEY, collection INTEGER, id TEXT UNIQUE)"
        )
        connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?)",
            ((key, _KEY, passage.id) for key, passage in enumerate(passages.all)),
        )
        keywords.create(connection, _KEY)
        for id_, own in by_document.items():
            rows = ((key, one.text, one.chunk.headings) for key, one in own)
            names = [PurePath(source).name for source in own[0][1].document.sources]
            keywords.add(connection, _KEY, rows, names, languages[id_])
        yield MemoryIndex(connection, ordered)
