"""Vector indexes in Chroma's embedded engine, made safe for several processes and for kill -9.

The engine is made for neither (seen with chromadb 1.5.9): a process that has an index in memory
does not see what another one adds, and later writes its own older state over the newer one; and
an index is written in place, so a process killed at that moment leaves files that crash whoever
opens them. Therefore:

- one process at a time uses the engine, for the milliseconds of a call (``locks/chroma.lock``);
- every change raises the index's ``generation`` in the catalog, and a process that knows an older
  one opens its engine anew;
- ``unsettled`` is raised in the catalog before a change and cleared after it. Whoever holds the
  lock and finds it raised knows that the last holder died in the middle: the index is not opened
  again, searches are exact, and the next writer builds it anew. Opening alone raises it by one, so
  an index that crashed two processes in a row is not opened a third time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rag_app.errors import StoreBusyError
from rag_app.store import shared
from rag_app.store.chroma import Engine
from rag_app.store.database import Database
from rag_app.store.faults import chroma_explained
from rag_app.store.shared import Seen
from rag_app.store.vectors import DOUBTFUL, IndexUnusableError, Purpose, VectorIndex

SEARCH_WAIT_S = 2.0
"""A search that others keep from the engine for longer goes through all vectors instead (300 ms
for 100,000): many processes that start at once open the index one after the other."""

_CHANGES: tuple[Purpose, ...] = ("change", "change unasked")


class EmbeddedIndex(VectorIndex):
    """Indexes in the folder ``home/chroma``.

    Args:
        home: The application's folder.
        database: The catalog, which keeps the state of each index.
    """

    place = "embedded"

    # Importing and opening Chroma takes half a second to three, reading so many vectors 20 ms.
    worth_asking_from = 5000

    def __init__(self, home: Path, database: Database) -> None:
        self._database = database
        self._shared = shared.acquire(home)
        self._open = True

    def warm(self) -> None:
        """Imports and starts it."""
        import chromadb  # noqa: F401 - the long part, while nobody is kept out

        with self._shared.held(), chroma_explained(self._shared.path):
            self._shared.engine()

    def close(self) -> None:
        """Gives the engine back; the last one to do so closes it."""
        if self._open:
            self._open = False
            shared.release(self._shared)

    def _reopen(self) -> None:
        with self._shared.held():
            self._shared.stop()

    @contextmanager
    def _using(self, name: str, purpose: Purpose) -> Iterator[Engine]:
        import chromadb  # noqa: F401 - takes seconds, for which nobody else is to be kept out

        with self._held(purpose):
            if purpose == "drop":
                with self._explained():
                    yield self._shared.engine()
                return
            generation, unsettled = self._state(name)
            if unsettled >= DOUBTFUL:
                raise IndexUnusableError
            known = self._shared.seen.get(name)
            if known is not None and known.generation != generation:
                self._shared.stop()
                known = None
            if purpose in _CHANGES:
                with self._changing(name, generation + 1, settles=purpose == "change") as engine:
                    yield engine
            elif known is not None and (known.is_settled or purpose == "read"):
                with self._explained():
                    yield self._shared.engine()
            else:
                with self._opening(name, generation, settles=purpose == "search") as engine:
                    yield engine

    @contextmanager
    def _held(self, purpose: Purpose) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                wait_s = SEARCH_WAIT_S if purpose == "search" else shared.WAIT_S
                stack.enter_context(self._shared.held(wait_s))
            except StoreBusyError as error:
                if purpose == "search":
                    raise IndexUnusableError from error
                raise
            yield

    @contextmanager
    def _opening(self, name: str, generation: int, *, settles: bool) -> Iterator[Engine]:
        self._mark(name, "unsettled = unsettled + 1")
        with self._settling(name, Seen(generation, settles)), self._explained():
            engine = self._shared.engine()
            if settles:
                engine.settle(name)
            yield engine

    @contextmanager
    def _changing(self, name: str, generation: int, *, settles: bool) -> Iterator[Engine]:
        self._mark(name, f"unsettled = {DOUBTFUL:d}, generation = generation + 1")
        with self._settling(name, Seen(generation, settles)), self._explained():
            engine = self._shared.engine()
            try:
                yield engine
            except (KeyboardInterrupt, SystemExit):  # the call itself is not cut short by these
                if settles:
                    engine.settle(name)
                raise
            if settles:
                engine.settle(name)

    @contextmanager
    def _settling(self, name: str, seen: Seen) -> Iterator[None]:
        """Clears the mark, unless the engine failed."""
        try:
            yield
        except IndexUnusableError:  # there is none, so nothing is half done
            self._mark(name, "unsettled = 0")
            raise
        except (KeyboardInterrupt, SystemExit):  # the engine has done its work
            self._settled(name, seen)
            raise
        except BaseException:  # a panic of the engine is no Exception
            self._shared.stop()
            raise
        self._settled(name, seen)

    def _settled(self, name: str, seen: Seen) -> None:
        self._mark(name, "unsettled = 0")
        self._shared.seen[name] = seen

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
        from chromadb.errors import NotFoundError

        try:
            with chroma_explained(self._shared.path):
                yield
        except NotFoundError as error:
            raise IndexUnusableError from error
