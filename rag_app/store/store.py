"""The store: all collections of one RAG_HOME."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack
from difflib import get_close_matches
from types import TracebackType
from typing import Self

from rag_app.errors import (
    CollectionExistsError,
    CollectionNotFoundError,
    StoreUnavailableError,
    UsageError,
)
from rag_app.settings import Settings, check_collection_name
from rag_app.store import belongings, readings, roles, rows, upkeep
from rag_app.store.check import check_collection, check_file
from rag_app.store.collection import Collection
from rag_app.store.database import Database
from rag_app.store.embedded import EmbeddedIndex
from rag_app.store.generations import Generations
from rag_app.store.info import INFO, CollectionInfo, info_of
from rag_app.store.locks import writing
from rag_app.store.repair import repair_collection
from rag_app.store.schema import CATALOG
from rag_app.store.server import ServerIndex
from rag_app.store.vectors import VectorIndex
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

FILE_NAME = "catalog.sqlite3"


class Store:
    """Collections: documents, passages and keywords in SQLite, the vector index in Chroma.

    Opening costs nothing; Chroma is imported when a vector index is first touched. A store and
    what it gives may be used from any number of threads, and several stores, in this process or
    others, may work on one folder: readers wait for nobody, and each collection has one writer.

    Args:
        settings: ``home`` is where everything lies; ``chroma_url`` names a Chroma server to be
            used instead of the embedded one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings.home / FILE_NAME, CATALOG)
        self._index: VectorIndex = (
            ServerIndex(settings.chroma_url, settings.chroma_timeout_s)
            if settings.chroma_url
            else EmbeddedIndex(settings.home, self._database)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of files and connections; may be called twice."""
        self._index.close()
        self._database.close()

    def warm(self) -> None:
        """Gets the vector index ready for writing; for a thread that has nothing else to do.

        Raises:
            StoreUnavailableError: It cannot be opened, as the first write will say as well.
        """
        self._index.warm()

    def collections(self) -> list[CollectionInfo]:
        """All collections, sorted by name."""
        with self._database.read() as connection:
            found = connection.execute(f"{INFO} GROUP BY c.key ORDER BY c.name").fetchall()
        return [info for info in map(info_of, found) if info.role == "live"]

    def exists(self, name: str) -> bool:
        """Whether there is a collection of this name."""
        with self._database.read() as connection:
            return roles.key_of(connection, name) is not None

    def create(
        self, name: str, embedding: EmbeddingIdentity, chunking: ChunkingIdentity
    ) -> Collection:
        """Makes an empty collection for one embedding model and one chunking.

        Raises:
            CollectionExistsError: There is one of this name.
            UsageError: The name has characters that a name may not have.
        """
        _check_name(name)
        with self._database.write() as connection:
            _check_free(connection, name)
            key = rows.insert(connection, name, embedding, chunking)
            upkeep.new_index(connection, key, self._index.place)
        return Collection(key, name, self._database, self._index)

    def get(self, name: str) -> Collection:
        """The collection of this name.

        Raises:
            CollectionNotFoundError: There is none; the message names those that are there.
        """
        with self._database.read() as connection:
            key = _require(connection, name)
        return Collection(key, name, self._database, self._index)

    def generations(self, name: str) -> Generations:
        """The indexes of a collection: for switching to another embedding model, and back.

        Raises:
            CollectionNotFoundError: There is none of this name.
        """
        self.get(name)
        settings = self._settings
        return Generations(name, settings.home, self._database, self._index, settings.lock_wait_s)

    def readings(self, name: str, document_ids: Iterable[str]) -> dict[str, str]:
        """What was told of documents when they were read, by id, as ``keep_readings`` got it.

        Raises:
            CollectionNotFoundError: There is none of this name.
        """
        key = self.get(name).key
        with self._database.read() as connection:
            return readings.read(connection, key, document_ids)

    def rename(self, old: str, new: str) -> None:
        """Renames a collection with all that is its own, also while others read or write it.

        Raises:
            CollectionNotFoundError: There is no ``old``.
            CollectionExistsError: There is a ``new`` already.
            StoreBusyError: It has uploads, and somebody is writing to it.
            UsageError: The new name will not do, or a former collection has left uploads there.
        """
        _check_name(new)
        if (collection := self.get(old)).info.name == new:
            return
        with belongings.following(self._settings, collection, new), self._database.write() as found:
            _require(found, old)
            _check_free(found, new)
            belongings.check_room(self._settings.home, new)
            roles.rename(found, old, new)

    def delete(self, name: str) -> None:
        """Deletes a collection with its uploads; other files it was made from stay.

        Raises:
            CollectionNotFoundError: There is none of this name.
            StoreBusyError: Somebody is writing to it.
            StoreUnavailableError: Chroma does not answer; all but the vectors there is deleted.
        """
        generations, wait_s = self.generations(name), self._settings.lock_wait_s
        with ExitStack() as locks:
            for one in filter(None, map(generations.get, roles.IN_LOCKING_ORDER)):
                locks.enter_context(writing(self._settings.home, one.key, name, wait_s))
            with self._database.write() as connection:
                for role in roles.IN_LOCKING_ORDER:
                    # Asked anew: one may have been begun while we waited.
                    if (row := roles.key_of(connection, name, role)) is not None:
                        rows.remove(connection, row)
            belongings.remove(self._settings.home, name)
            try:
                upkeep.drop_discarded(self._database, self._index)
            except StoreUnavailableError as error:
                raise StoreUnavailableError(
                    f"The collection '{name}' is deleted, but its vectors stay in Chroma until the "
                    f"next ingest. {error}"
                ) from error

    def check(self, name: str | None = None, *, leave_busy: bool = False) -> list[str]:
        """Compares catalog, keyword index and vector index, passage for passage.

        Args:
            name: Look at the live index of this collection only, and not at the file itself.
            leave_busy: Pass over what another process is writing to; otherwise that is told.

        Returns:
            A sentence for each difference, with what to do; empty when all is well.

        Raises:
            StoreUnavailableError: The Chroma server does not answer.
        """
        sentences = check_file(self._database) if name is None else []
        with self._database.read() as connection:
            collections = connection.execute("SELECT key, name FROM collections").fetchall()
        for key, stored_name in collections:
            if name in {None, stored_name}:
                sentences += check_collection(
                    self._database, self._index, key, stored_name, leave_busy=leave_busy
                )
        return sentences

    def repair(self) -> list[str]:
        """Mends what can be mended from the catalog, once ``check`` has been over it.

        Returns:
            The sentences of another check: what is left.

        Raises:
            StoreBusyError: Another process is writing to a collection.
            StoreUnavailableError: The Chroma server does not answer.
        """
        with self._database.read() as connection:
            collections = connection.execute("SELECT key, name FROM collections").fetchall()
        for key, name in collections:
            wait_s = self._settings.lock_wait_s
            repair_collection(self._database, self._index, key, name, wait_s)
        return self.check()


def _check_name(name: str) -> None:
    try:
        check_collection_name(name)
    except ValueError as error:
        raise UsageError(f"'{name}' cannot name a collection: {error}.") from error


def _check_free(connection: sqlite3.Connection, name: str) -> None:
    if roles.key_of(connection, name) is not None:
        raise CollectionExistsError(
            f"There is a collection '{name}' already. Choose another name, or delete it first: "
            f"rag collections delete {name}"
        )


def _require(connection: sqlite3.Connection, name: str) -> int:
    key = roles.key_of(connection, name)
    if key is not None:
        return key
    names = roles.live_names(connection)
    if not names:
        hint = "There are none yet: make it with rag ingest PATH."
    elif near := get_close_matches(name, names, n=3):
        hint = f"Did you mean {' or '.join(near)}?"
    else:
        shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        hint = f"There are: {shown}."
    raise CollectionNotFoundError(f"There is no collection '{name}'. {hint}")
