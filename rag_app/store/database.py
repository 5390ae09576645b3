"""SQLite files that several threads and processes read while one writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag_app.errors import StoreBusyError, StoreUnavailableError
from rag_app.store.faults import sqlite_explained, system_explained
from rag_app.store.schema import Schema

BUSY_S = 30.0
"""How long a transaction waits for another process's; ours take milliseconds."""


class Database:
    """A SQLite file in write-ahead mode with a pool of connections.

    Usable from any number of threads: each transaction borrows a connection of its own, so readers
    wait for nobody. A thread holds no connection between transactions, so threads may come and go.
    A commit survives the death of the process; after a power cut the last few may be missing, and
    the file is still whole (``synchronous=NORMAL``).
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._ready = False
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one state of the file from its first statement to its end."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that takes effect as a whole, or not at all if the block raises."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Closes the idle connections; those in use close when their transaction ends."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with sqlite_explained(self.path):
            with system_explained(self.path):
                connection = self._borrow()
            try:
                connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    if connection.in_transaction:  # SQLite itself ends it on a full disk
                        connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreUnavailableError(f"{self.path} was closed. Open the store again.")
            if self._idle:
                return self._idle.pop()
            if not self._ready:
                self._prepare()
                self._ready = True
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        locks = self.path.parent / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as connection:
            if self._schema.is_current(connection, self.path):
                return
        # Changing to write-ahead mode does not wait for others, so only one process may try.
        lock = FileLock(locks / f"{self.path.stem}.lock")
        try:
            lock.acquire(timeout=BUSY_S)
        except Timeout as error:
            raise StoreBusyError(
                f"Another process is still preparing {self.path}. Wait for it to end, or end it, "
                "and try again."
            ) from error
        try:
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                self._schema.apply(connection, self.path)
        finally:
            lock.release()
