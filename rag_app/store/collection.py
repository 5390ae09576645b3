"""One collection: reading, searching, and the door to writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag_app.store import (
    debts,
    dense,
    documents,
    keyword_search,
    keywords,
    naming,
    nearness,
    roles,
    stored_vectors,
    upkeep,
)
from rag_app.store.asked import asked_terms
from rag_app.store.changes import check_dimension
from rag_app.store.codes import Codes
from rag_app.store.conditions import Passing
from rag_app.store.database import Database
from rag_app.store.filtering import Filters, state_of
from rag_app.store.info import INFO, CollectionInfo, info_of
from rag_app.store.locks import writing
from rag_app.store.vectors import VectorIndex
from rag_app.store.writer import Writer
from rag_app.types import Chunk, DocumentRecord, Filter

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors


class Collection:
    """A collection of one embedding model and one chunking; made by ``Store``.

    Every method may be called from any thread and reads one state of the catalog. All raise
    ``CollectionNotFoundError`` once the collection is deleted.
    """

    def __init__(self, key: int, name: str, database: Database, index: VectorIndex) -> None:
        self.key = key
        self._name = name
        self._database = database
        self._index = index
        self._filters = Filters(key)
        self._codes = Codes(key)
        self._known_languages: tuple[str, list[str]] = ("", [])

    @property
    def info(self) -> CollectionInfo:
        """What it is now."""
        with self._reading() as connection:
            row = connection.execute(f"{INFO} WHERE c.key = ?", (self.key,)).fetchone()
        return info_of(row)

    @property
    def name(self) -> str:
        """Its present name."""
        return self.info.name

    def documents(self) -> list[DocumentRecord]:
        """All documents, sorted by the path they are cited under."""
        with self._reading() as connection:
            return documents.read(connection, self.key)

    def document(self, document_id: str) -> DocumentRecord | None:
        """The document with this id."""
        with self._reading() as connection:
            return next(iter(documents.read(connection, self.key, [document_id])), None)

    def document_at(self, path: str) -> DocumentRecord | None:
        """The document that this path holds."""
        with self._reading() as connection:
            document_id = documents.find_by_path(connection, self.key, path)
            if document_id is None:
                return None
            return documents.read(connection, self.key, [document_id])[0]

    def chunks(self, document_id: str, first: int = 0, last: int | None = None) -> list[Chunk]:
        """The passages of a document, or those from one position to another, in order."""
        with self._reading() as connection:
            return documents.chunks_of(connection, self.key, document_id, first, last)

    def paths(self) -> dict[str, str]:
        """Every path of the collection and the document that it holds."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT p.path, d.id FROM paths AS p JOIN documents AS d ON d.key = p.document"
                " WHERE p.collection = ? ORDER BY p.path",
                (self.key,),
            )
            return dict(rows.fetchall())

    def fetch(self, chunk_ids: Iterable[str]) -> dict[str, tuple[Chunk, DocumentRecord]]:
        """Passages with their documents; ids that are not there are left out."""
        with self._reading() as connection:
            found = documents.chunks(connection, self.key, chunk_ids)
            wanted = {chunk.document_id for chunk in found.values()}
            records = {r.id: r for r in documents.read(connection, self.key, wanted)}
        return {id_: (chunk, records[chunk.document_id]) for id_, chunk in found.items()}

    def search_dense(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The passages nearest to a vector.

        Args:
            vector: The question's, of shape (dimension,).
            k: How many at most.
            where: Which passages to look at.

        Returns:
            Chunk id and cosine, best first; committed passages only.

        Raises:
            EmbeddingMismatchError: The vector has another dimension than the collection.
            StoreUnavailableError: The Chroma server does not answer.
        """
        with self._reading() as connection:
            check_dimension(connection, self.key, vector.shape)
            condition = self._filters.resolved(connection, where)
            return dense.search(
                connection, self._index, self._codes, self.key, vector, k, condition
            )

    def search_keywords(
        self, question: str, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The passages that share most with a question, by BM25; any text is safe.

        Returns:
            Chunk id and BM25 score (larger is better), best first; empty when the question has no
            word, or no passage has one of its words.
        """
        with self._reading() as connection:
            asked = asked_terms(question, self._languages(connection))
            condition = self._filters.resolved(connection, where)
            return keyword_search.search(connection, self.key, asked, k, condition)

    def passing(self, where: Filter | None) -> Passing:
        """How many documents and passages a filter lets through."""
        with self._reading() as connection:
            return self._filters.passing(connection, where)

    def nearness(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """For each passage how many of a question's words it says close together, in [0, 1]."""
        with self._reading() as connection:
            languages = self._languages(connection)
            return nearness.shares(connection, self.key, question, languages, chunk_ids)

    def naming(self, question: str, chunk_ids: Iterable[str]) -> dict[str, float]:
        """For passages of documents that a question names, how far it does so, in (0, 1]."""
        with self._reading() as connection:
            languages = self._languages(connection)
            return naming.shares(connection, self.key, question, languages, chunk_ids)

    def matched_words(self, question: str, chunk_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each passage the words of a question that it has, in any of their forms."""
        with self._reading() as connection:
            languages = self._languages(connection)
            return nearness.matched_words(connection, self.key, question, languages, chunk_ids)

    def document_frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many passages each word stands, in any of its forms; for inverse frequencies."""
        with self._reading() as connection:
            languages = self._languages(connection)
            return keywords.frequencies(connection, self.key, words, languages)

    def chunk_ids(self) -> list[str]:
        """The ids of all passages, in ascending order (they follow from content, not from time)."""
        with self._reading() as connection:
            return stored_vectors.chunk_ids(connection, self.key)

    def vectors(self, chunk_ids: Iterable[str]) -> dict[str, Vectors]:
        """Stored vectors, each of shape (dimension,); ids that are not there are left out."""
        with self._reading() as connection:
            return stored_vectors.vectors(connection, self.key, chunk_ids)

    def owed(self) -> dict[str, str | None]:
        """What it has still to take over after a rollback: path by path the document to hold.

        None stands for a path that is to be forgotten.
        """
        with self._reading() as connection:
            return debts.read(connection, self.key)

    @property
    def needs_upkeep(self) -> bool:
        """Whether its vector index lags behind, which opening a writer mends."""
        with self._reading() as connection:
            return upkeep.is_due(connection, self.key, self._index.place)

    @contextmanager
    def writer(
        self,
        wait_s: float,
        on_wait: Callable[[], None] | None = None,
        *,
        deferred: bool = False,
    ) -> Iterator[Writer]:
        """Opens the collection for writing; one writer at a time, in all threads and processes.

        First works off what an interrupted run left. Readers go on meanwhile.

        Args:
            wait_s: Seconds to wait for another writer.
            on_wait: Called once if there is one.
            deferred: Leave the vector index alone until ``flush`` is called; for an index that is
                built as a whole before anyone asks it.

        Raises:
            StoreBusyError: The other writer did not end in time.
            CollectionSwitchedError: The collection has changed over to another index.
        """
        with writing(self._database.path.parent, self.key, self._name, wait_s, on_wait):
            self._check_writable()  # it may have been deleted or replaced while we waited
            writer = Writer(self.key, self._database, self._index, deferred=deferred)
            if deferred:
                yield writer
                return
            writer.flush()
            yield writer
            writer.flush()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._database.read() as connection:
            found = connection.execute("SELECT 1 FROM collections WHERE key = ?", (self.key,))
            if found.fetchone() is None:
                raise roles.gone(connection, self._name)
            yield connection

    def _check_writable(self) -> None:
        with self._reading() as connection:
            roles.check_current(connection, self.key)

    def _languages(self, connection: sqlite3.Connection) -> list[str]:
        """Those of the stemmers; kept as long as the collection stays as it is."""
        state = state_of(connection, self.key)
        known, found = self._known_languages
        if known != state:
            found = documents.languages(connection, self.key)
            self._known_languages = state, found
        return found
