"""Vector indexes in Chroma's embedded engine, made safe for several processes and for kill -9.

The engine is not made for either (seen with chromadb 1.5.9): a process that has an index in memory
does not see what another one adds, and writes its own older state over the newer one on disk; and
an index is written in place, so a process killed at that moment leaves files that crash whoever
opens them. Therefore:

- one process at a time uses the engine, for the milliseconds of a call (``locks/chroma.lock``);
- every change raises the index's ``generation`` in the catalog, and a process that knows an older
  one opens its engine anew;
- ``unsettled`` is raised in the catalog before a change and cleared after it. Whoever holds the lock
  and finds it raised knows that the last holder died in the middle: the index is not opened again,
  searches are exact meanwhile, and the next writer builds it anew. Opening alone raises it by one,
  so an index that crashed two processes in a row is not opened a third time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from filelock import FileLock, Timeout

from rag_app.errors import StoreBusyError
from rag_app.store.chroma import Engine
from rag_app.store.database import Database
from rag_app.store.faults import chroma_fault, system_explained
from rag_app.store.vectors import IndexUnusableError, VectorRow

if TYPE_CHECKING:
    from rag_app.store.vectors import Vectors

PLACE = "embedded"
WAIT_S = 60.0
"""Calls take milliseconds; whoever holds the engine longer hangs."""

_DOUBTFUL = 2
"""An index that is unsettled this often is not opened."""


class EmbeddedIndex:
    """Indexes in the folder ``home/chroma``; all instances of a process share one engine.

    Usable from several threads; calls wait for each other.
    """

    place = PLACE

    def __init__(self, home: Path, database: Database) -> None:
        self._database = database
        self._shared = _Shared.of(home)
        self._open = True

    def put(self, name: str, rows: Sequence[VectorRow]) -> None:
        if rows:
            with self._changing(name, len(rows[0].vector)) as engine:
                engine.put(name, rows)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        with self._database.read() as connection:
            dimension = connection.execute(
                "SELECT json_extract(c.embedding, '$.dimension') FROM indexes AS i"
                " JOIN collections AS c ON c.key = i.collection WHERE i.name = ?",
                (name,),
            ).fetchone()[0]
        with self._changing(name, dimension) as engine:
            engine.remove(name, ids)

    def search(self, name: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        with self._reading(name) as engine:
            return engine.search(name, vector, k)

    def ids(self, name: str) -> set[str]:
        with self._reading(name) as engine:
            return engine.ids(name)

    def count(self, name: str) -> int:
        try:
            with self._reading(name) as engine:
                return engine.count(name)
        except IndexUnusableError:
            return 0

    def drop(self, name: str) -> None:
        with suppress(IndexUnusableError), self._shared.engine() as engine, self._explained():
            engine.drop(name)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._shared.release()

    @contextmanager
    def _reading(self, name: str) -> Iterator[Engine]:
        with self._shared.engine() as engine:
            generation, unsettled = self._state(name)
            if unsettled >= _DOUBTFUL:
                raise IndexUnusableError
            known = self._shared.seen.get(name)
            if known == generation and not unsettled:
                with self._explained():
                    yield engine
                return
            if known is not None:
                engine = self._shared.restart()
            self._mark(name, "unsettled = unsettled + 1")
            with self._settled(name, generation):
                yield engine

    @contextmanager
    def _changing(self, name: str, dimension: int) -> Iterator[Engine]:
        with self._shared.engine() as engine:
            generation, unsettled = self._state(name)
            if unsettled >= _DOUBTFUL:
                raise IndexUnusableError
            if self._shared.seen.get(name, generation) != generation:
                engine = self._shared.restart()
            self._mark(name, f"generation = generation + 1, unsettled = {_DOUBTFUL:d}")
            with self._settled(name, generation + 1):
                try:
                    yield engine
                finally:  # after an interrupt too: the call itself was not cut short
                    engine.settle(name, dimension)

    @contextmanager
    def _settled(self, name: str, generation: int) -> Iterator[None]:
        """Clears the mark unless the engine failed; an interrupt of ours is no failure."""
        try:
            with self._explained():
                yield
        except IndexUnusableError:
            self._mark(name, "unsettled = 0")  # there is none: nothing is half done
            raise
        except Exception:
            self._shared.seen.pop(name, None)
            raise
        except BaseException:
            self._settle(name, generation)
            raise
        self._settle(name, generation)

    def _settle(self, name: str, generation: int) -> None:
        self._mark(name, "unsettled = 0")
        self._shared.seen[name] = generation

    def _state(self, name: str) -> tuple[int, int]:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT generation, unsettled FROM indexes WHERE name = ?", (name,)
            ).fetchone()
        if row is None:
            raise IndexUnusableError
        return row[0], row[1]

    def _mark(self, name: str, change: str) -> None:
        with self._database.write() as connection:
            connection.execute(f"UPDATE indexes SET {change} WHERE name = ?", (name,))  # noqa: S608

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from chromadb.errors import NotFoundError  # noqa: PLC0415 - imported when vectors are

        try:
            with system_explained(self._shared.path):
                yield
        except NotFoundError as error:
            raise IndexUnusableError from error
        except Exception as error:
            if known := chroma_fault(error, self._shared.path):
                raise known from error
            raise


class _Shared:
    """The engine of one folder, for this process."""

    _all: ClassVar[dict[Path, _Shared]] = {}
    _all_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, home: Path) -> None:
        self.path = home / "chroma"
        self.seen: dict[str, int] = {}
        self._home = home
        self._users = 0
        self._lock = threading.RLock()
        self._file_lock = FileLock(home / "locks" / "chroma.lock", thread_local=False)
        self._engine: Engine | None = None

    @classmethod
    def of(cls, home: Path) -> _Shared:
        with cls._all_lock:
            shared = cls._all.setdefault(home, cls(home))
            shared._users += 1
            return shared

    def release(self) -> None:
        with self._all_lock:
            self._users -= 1
            if self._users:
                return
            del self._all[self._home]
        with self._lock:
            self._stop()

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The engine, to be used by nobody else in any process until the block ends."""
        with self._lock:
            try:
                with system_explained(self._home):
                    self._file_lock.acquire(timeout=WAIT_S, poll_interval=0.005)
            except Timeout as error:
                raise StoreBusyError(
                    f"Another process has held {self.path} for {WAIT_S:.0f} seconds. Wait for it "
                    "to end, or end it, and try again."
                ) from error
            try:
                yield self._engine or self.restart()
            finally:
                self._file_lock.release()

    def restart(self) -> Engine:
        """Opens the engine anew, from what is on the disk now."""
        self._stop()
        engine = Engine(is_persistent=True, persist_directory=str(self.path))
        try:
            engine.start()
        except Exception as error:
            if known := chroma_fault(error, self.path):
                raise known from error
            raise
        self._engine = engine
        return engine

    def _stop(self) -> None:
        self.seen.clear()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
