"""Writing to a collection: whole documents, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag_app.errors import EmbeddingMismatchError, StoreError
from rag_app.store import documents, keywords, upkeep
from rag_app.store.database import Database
from rag_app.store.languages import guess
from rag_app.store.terms import words
from rag_app.store.vectors import VectorIndex
from rag_app.types import Chunk, DocumentRecord

if TYPE_CHECKING:
    from rag_app.store.vectors import Vectors

_SAMPLE = 2000
"""Words by which the language of a document is told."""

_FLUSH = upkeep.BATCH
"""Passages that may wait for the vector index; until then they are searched exactly."""


class Writer:
    """The one writer of a collection; made by ``Collection.writer`` and used in one thread.

    A document is there for readers, whole, when the method that stores it returns. A kill at any
    moment leaves either the old state or the new one, and at most some passages that the vector
    index does not hold yet; those are searched exactly and added by the next writer.
    """

    def __init__(self, collection: int, database: Database, index: VectorIndex) -> None:
        self._collection = collection
        self._database = database
        self._index = index
        self._waiting = 0

    def has(self, document_id: str) -> bool:
        """Whether the collection holds this content."""
        with self._database.read() as connection:
            return documents.find(connection, self._collection, document_id) is not None

    def path_document(self, path: str) -> str | None:
        """Id of the document that a path holds."""
        with self._database.read() as connection:
            return documents.find_by_path(connection, self._collection, path)

    def put(self, document: DocumentRecord, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Stores a document under all its sources, in place of what those held before.

        A document with the same id is replaced; its paths stay. A document that no path holds any
        more is deleted in the same transaction.

        Args:
            document: Its record; ``chunks`` counts the passages given.
            chunks: Its passages.
            vectors: float32 of shape (passages, dimension).

        Raises:
            EmbeddingMismatchError: The vectors have another dimension than the collection.
            StoreUnavailableError: The disk is full or cannot be written, or Chroma does not answer.
        """
        self.put_many([(document, chunks, vectors)])

    def put_many(
        self, items: Iterable[tuple[DocumentRecord, Sequence[Chunk], Vectors]]
    ) -> None:
        """Stores several documents in one transaction: all of them, or none."""
        count = 0
        with self._writing() as connection:
            for document, chunks, vectors in items:
                self._check(connection, document, chunks, vectors)
                self._replace(connection, document, chunks, vectors)
                count += len(chunks)
        self._changed(count)

    def point(self, path: str, document_id: str) -> None:
        """Records that a path now holds a document that is stored already.

        What the path held before is deleted if no other path holds it.

        Raises:
            StoreError: There is no such document.
        """
        with self._writing() as connection:
            document = documents.find(connection, self._collection, document_id)
            if document is None:
                raise StoreError(
                    f"There is no document {document_id} to cite {path} under. Ingest the file."
                )
            self._connect(connection, path, document.key)
            self._name_keywords(connection, document.key, document.language)
        self._changed(0)

    def forget(self, path: str) -> None:
        """Records that a path is gone; deletes its document if no other path holds it."""
        with self._writing() as connection:
            held = documents.find_by_path(connection, self._collection, path)
            if held is None:
                return
            connection.execute(
                "DELETE FROM paths WHERE collection = ? AND path = ?", (self._collection, path)
            )
            self._released(connection, held)
        self._changed(0)

    def delete(self, document_id: str) -> None:
        """Deletes a document and all its paths, if it is there."""
        with self._writing() as connection:
            self._delete(connection, document_id)
        self._changed(0)

    def recover(self) -> None:
        """Works off what an interrupted run left; costs nothing when there is nothing."""
        with self._database.read() as connection:
            due = upkeep.is_due(connection, self._collection, self._index.place)
        if due:
            self.flush()

    def flush(self) -> None:
        """Brings the vector index up to date."""
        with self._database.read() as connection:
            due = upkeep.is_due(connection, self._collection, self._index.place)
        if due:
            upkeep.synchronize(self._database, self._index, self._collection)
        self._waiting = 0

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._database.write() as connection:
            yield connection
            connection.execute(
                "UPDATE collections SET updated_at = ? WHERE key = ?",
                (documents.now(), self._collection),
            )

    def _changed(self, passages: int) -> None:
        self._waiting += passages
        if self._waiting >= _FLUSH:
            self.flush()

    def _check(
        self,
        connection: sqlite3.Connection,
        document: DocumentRecord,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> None:
        check_dimension(connection, self._collection, vectors.shape[1:])
        if len(vectors) != len(chunks) or document.chunks != len(chunks):
            raise ValueError(
                f"{document.source}: {document.chunks} passages announced, {len(chunks)} given, "
                f"with {len(vectors)} vectors"
            )
