"""Writing to a collection: whole documents, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag_app.errors import StoreError
from rag_app.store import changes, documents, upkeep
from rag_app.store import readings as kept
from rag_app.store.database import Database
from rag_app.store.vectors import VectorIndex
from rag_app.types import Chunk, DocumentRecord, Metadata

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

FLUSH = upkeep.BATCH
"""Passages that may wait for the vector index; until then they are searched exactly."""


class Writer:
    """The one writer of a collection; made by ``Collection.writer`` and used in one thread.

    A document is there for readers, whole, when the method that stores it returns. A kill at any
    moment leaves either the old state or the new one, and at most some passages that the vector
    index does not hold yet; those are searched exactly and added by the next writer.
    """

    def __init__(
        self, collection: int, database: Database, index: VectorIndex, *, deferred: bool = False
    ) -> None:
        self._collection = collection
        self._deferred = deferred
        self._database = database
        self._index = index
        self._waiting = 0

    def has(self, document_id: str) -> bool:
        """Whether the collection holds this content."""
        with self._database.read() as connection:
            return documents.find(connection, self._collection, document_id) is not None

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
            ValueError: The arguments contradict each other.
        """
        self.put_many([(document, chunks, vectors)])

    def put_many(self, items: Iterable[tuple[DocumentRecord, Sequence[Chunk], Vectors]]) -> None:
        """Stores several documents in one transaction: all of them, or none.

        For many small documents; the arguments and errors are those of ``put``. The vector index
        is brought up to date before, not after: an error means that none of these is stored.
        """
        if self._waiting >= FLUSH and not self._deferred:
            self.flush()
        count = 0
        with self._writing() as connection:
            for document, chunks, vectors in items:
                matrix = self._checked(connection, document, chunks, vectors)
                changes.replace(connection, self._collection, document, chunks, matrix)
                count += len(chunks)
        self._waiting += count

    def keep_readings(self, readings: Mapping[str, str]) -> None:
        """Keeps what was told when documents were read, in the place of what was told before.

        Args:
            readings: JSON by document; documents that are not there are ignored.
        """
        with self._writing() as connection:
            kept.keep(connection, self._collection, readings)

    def copy_readings(self, source: int, document_ids: Iterable[str]) -> None:
        """Takes over what is kept of the same documents in the index with the key ``source``."""
        with self._writing() as connection:
            kept.copy(connection, source, self._collection, document_ids)

    def point(self, path: str, document_id: str) -> None:
        """``point_all`` for one path."""
        self.point_all({path: document_id})

    def point_all(self, paths: Mapping[str, str]) -> None:
        """Records that paths now hold documents that are stored already, in one transaction.

        What they held before is deleted if no path holds it after that.

        Args:
            paths: For each path, the id of its document.

        Raises:
            StoreError: There is no such document; nothing is recorded then.
        """
        with self._writing() as connection:
            wanted: dict[str, int | None] = {}
            for path, document_id in paths.items():
                document = documents.find(connection, self._collection, document_id)
                if document is None:
                    raise StoreError(
                        f"There is no document {document_id} for {path} to hold. Ingest the file."
                    )
                wanted[path] = document.key
            changes.connect(connection, self._collection, wanted)

    def forget(self, path: str) -> None:
        """``forget_all`` for one path."""
        self.forget_all([path])

    def forget_all(self, paths: Iterable[str]) -> None:
        """Records that paths are gone; deletes documents that no other path holds."""
        with self._writing() as connection:
            changes.connect(connection, self._collection, dict.fromkeys(paths))

    def delete(self, document_id: str) -> None:
        """Deletes a document and all its paths, if it is there."""
        with self._writing() as connection:
            document = documents.find(connection, self._collection, document_id)
            if document is not None:
                changes.remove(connection, self._collection, document.key)

    def describe(self, metadata: Mapping[str, Metadata]) -> None:
        """Replaces what is said of documents, in one transaction.

        Args:
            metadata: All of it, by document; documents that are not there are ignored.
        """
        with self._writing() as connection:
            for document_id, said in metadata.items():
                document = documents.find(connection, self._collection, document_id)
                if document is not None:
                    documents.describe(connection, document.key, said)

    def arrange(self, sources: Mapping[str, Sequence[str]]) -> None:
        """Makes the catalog of documents that of another index, in one transaction.

        Args:
            sources: For each document that is to stay, all its paths, in order. Documents that
                are not named are deleted; named ones that are not there are ignored.
        """
        with self._writing() as connection:
            changes.arrange(connection, self._collection, sources)

    def flush(self, go_on: upkeep.GoOn = lambda _waiting: True) -> None:
        """Brings the vector index up to date; costs nothing, not even an import, when it is.

        Args:
            go_on: Told how many passages still wait; false ends it there.
        """
        with self._database.read() as connection:
            due = upkeep.is_due(connection, self._collection, self._index.place)
        if due:
            upkeep.synchronize(self._database, self._index, self._collection, go_on)
        self._waiting = 0

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._database.write() as connection:
            yield connection
            connection.execute(
                "UPDATE collections SET updated_at = ? WHERE key = ?",
                (documents.now(), self._collection),
            )

    def _checked(
        self,
        connection: sqlite3.Connection,
        document: DocumentRecord,
        chunks: Sequence[Chunk],
        vectors: Vectors,
    ) -> Vectors:
        import numpy as np  # a tenth of a second that deleting does without

        matrix = np.ascontiguousarray(vectors, np.float32)
        if chunks:
            changes.check_dimension(connection, self._collection, matrix.shape[1:])
        if not len(matrix) == len(chunks) == document.chunks or not document.sources:
            raise ValueError(
                f"document {document.id} of {len(document.sources)} paths announces "
                f"{document.chunks} passages; {len(chunks)} and {len(matrix)} vectors were given"
            )
        if any(chunk.document_id != document.id for chunk in chunks):
            raise ValueError(f"a passage of another document was given with {document.id}")
        if not np.isfinite(matrix).all():
            raise StoreError(
                f"The embedding model gave {document.source} a vector that is not finite. "
                "Use another model."
            )
        return matrix
