"""Changing a collection over to another index, and back, each in one transaction.

The next index is built beside the live one, which answers meanwhile; the changeover renames both,
and the former one stays until it is pruned or the next changeover takes its place. Whoever has an
index open goes on with it: rows are known by their keys, which do not change. Locks are taken in
one order: the next index's, then the live one's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag_app.errors import CollectionNotFoundError, StoreBusyError, StoreError
from rag_app.store import debts, roles, rows, upkeep
from rag_app.store.collection import Collection
from rag_app.store.database import Database
from rag_app.store.debts import Debts
from rag_app.store.locks import writing
from rag_app.store.roles import Role
from rag_app.store.rows import Size
from rag_app.store.vectors import VectorIndex
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

OnWait = Callable[[], None] | None


class Generations:
    """All indexes of one collection; made by ``Store.generations``."""

    def __init__(
        self, name: str, home: Path, database: Database, index: VectorIndex, wait_s: float
    ) -> None:
        self.name = name
        self._home, self._database, self._index, self._wait_s = home, database, index, wait_s

    @property
    def live(self) -> Collection:
        """The index that answers.

        Raises:
            CollectionNotFoundError: The collection was deleted or renamed.
        """
        if (live := self.get("live")) is None:
            raise CollectionNotFoundError(
                f"There is no collection '{self.name}' any more. See: rag collections"
            )
        return live

    def get(self, role: Role) -> Collection | None:
        """One of the indexes, if it is there."""
        with self._database.read() as connection:
            key = roles.key_of(connection, self.name, role)
        return None if key is None else Collection(key, self.name, self._database, self._index)

    def debts(self) -> Debts:
        """What the live index has still to take over from the former one after a rollback."""
        with self._database.read() as connection:
            key = roles.key_of(connection, self.name)
            return debts.summary(connection, key) if key is not None else Debts()

    def foreseen_debts(self) -> Debts:
        """What a rollback would leave to be taken over; nothing is changed."""
        with self._database.write() as connection:  # it is tried, and undone
            live = roles.key_of(connection, self.name)
            former = roles.key_of(connection, self.name, "former")
            if live is None or former is None:
                return Debts()
            return debts.foreseen(connection, newer=live, older=former)

    def begin(
        self, embedding: EmbeddingIdentity, chunking: ChunkingIdentity, asked: str
    ) -> Collection:
        """Makes an empty next index; one that was begun before is discarded.

        Raises:
            StoreBusyError: Another process is building the next index.
            StoreError: The live index has not caught up since a rollback.
        """
        self.discard("next")
        with self._database.write() as connection:
            live = roles.key_of(connection, self.name)
            if live is None or roles.key_of(connection, self.name, "next") is not None:
                raise _busy(self.name)
            _refuse_debts(connection, self.name, live)
            key = rows.insert(
                connection, roles.stored_name(self.name, "next"), embedding, chunking, asked
            )
            upkeep.new_index(connection, key, self._index.place)
        return Collection(key, self.name, self._database, self._index)

    @contextmanager
    def holding(self, live: Collection, on_wait: OnWait = None) -> Iterator[None]:
        """Keeps writers away from the live index.

        Raises:
            StoreBusyError: One did not end in time.
        """
        with writing(self._home, live.key, self.name, self._wait_s, on_wait):
            yield

    def change_over(self, live: Collection, following: Collection) -> None:
        """Makes the next index the live one; the caller holds the writer locks of both.

        The live one becomes the former one; what was the former one before is discarded. Works
        also if the collection was renamed meanwhile.

        Raises:
            StoreError: They are no longer what they were, or the live index has not caught up.
        """
        with self._database.write() as connection:
            name, role = roles.parse_name(roles.stored_name_of(connection, live.key) or "")
            beside = roles.stored_name_of(connection, following.key)
            if role != "live" or beside != roles.stored_name(name, "next"):
                raise StoreError(
                    f"The collection '{self.name}' was changed over or deleted by another process "
                    "meanwhile. Run rag switch again; what is built is kept."
                )
            _refuse_debts(connection, name, live.key)
            if (former := roles.key_of(connection, name, "former")) is not None:
                rows.remove(connection, former)
            rows.become(connection, live.key, name, "former")
            rows.become(connection, following.key, name, "live")
        self._drop_discarded()

    def roll_back(self, on_wait: OnWait = None) -> Debts:
        """Lets the live and the former index change places.

        Returns:
            What the one that answers now has to take over from the other.

        Raises:
            StoreError: There is no former index.
            StoreBusyError: Somebody is writing to the live one.
        """
        live = self.live
        with self.holding(live, on_wait), self._database.write() as connection:
            if roles.key_of(connection, self.name) != live.key:
                raise _busy(self.name)
            former = roles.key_of(connection, self.name, "former")
            if former is None:
                raise StoreError(
                    f"The collection '{self.name}' has no former index to go back to: it was not "
                    "switched, or the former one was pruned. Build one: rag switch "
                    f"{self.name} --to SPEC"
                )
            debts.record(connection, newer=live.key, older=former)
            connection.execute("UPDATE collections SET name = '#' WHERE key = ?", (former,))
            rows.become(connection, live.key, self.name, "former")
            rows.become(connection, former, self.name, "live")
            return debts.summary(connection, former)

    def size(self, role: Role) -> Size:
        """What one of the indexes takes; nothing if it is not there."""
        with self._database.read() as connection:
            return rows.size(connection, roles.key_of(connection, self.name, role))

    def discard(self, role: Role) -> Size:
        """Deletes the next or the former index, if it is there.

        Returns:
            What it took.

        Raises:
            StoreBusyError: The next index is being built.
            StoreError: The live index has not taken over all that the former one knows.
        """
        target = self.get(role)
        if target is None or role == "live":
            return Size(0, 0)
        with self._alone(target), self._database.write() as connection:
            if roles.key_of(connection, self.name, role) != target.key:
                return Size(0, 0)  # somebody was faster
            live = roles.key_of(connection, self.name)
            if role == "former" and live is not None:
                _refuse_debts(connection, self.name, live)
            size = rows.size(connection, target.key)
            rows.remove(connection, target.key)
        self._drop_discarded()
        return size

    @contextmanager
    def _alone(self, target: Collection) -> Iterator[None]:
        try:
            with writing(self._home, target.key, self.name, wait_s=0):
                yield
        except StoreBusyError as error:
            raise _busy(self.name) from error

    def _drop_discarded(self) -> None:
        """What a server that is down keeps is dropped by the next writer."""
        with suppress(StoreError):
            upkeep.drop_discarded(self._database, self._index)


def _refuse_debts(connection: sqlite3.Connection, name: str, live: int) -> None:
    if total := debts.summary(connection, live).total:
        raise StoreError(
            f"The collection '{name}' has not taken over {total} changes since its rollback, which "
            f"only the former index knows. Do that first: rag rollback {name} --catch-up"
        )


def _busy(name: str) -> StoreBusyError:
    return StoreBusyError(
        f"Another process is changing the index of the collection '{name}'. Wait for it to end, "
        "or end it, and try again; what it has built is kept."
    )
