"""Vector indexes: nearest neighbours by cosine, in Chroma.

An index is a derived copy. The catalog holds every vector, so an index that is lost or doubtful
is built again, and what it does not hold yet is searched exactly (exact.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Literal

from rag_app.store.chroma import Engine, VectorRow, breadth

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

DOUBTFUL = 2
"""An index marked ``unsettled`` this often in the catalog is not asked; the next writer builds it
anew."""

Purpose = Literal["search", "read", "change", "change unasked", "drop"]


class IndexUnusableError(Exception):
    """The index is missing or was left unfinished; never leaves the store."""


class VectorIndex(ABC):
    """Named indexes in one Chroma; a backend says how its engine is reached.

    Every method raises ``StoreUnavailableError`` when Chroma does not answer or cannot write, and
    may be called from any thread.
    """

    place: str
    """Which Chroma this is; an index built in one place is not in another."""

    worth_asking_from: int = 0
    """Smaller collections are searched exactly, without asking the index."""

    @abstractmethod
    def _using(self, name: str, purpose: Purpose) -> AbstractContextManager[Engine]:
        """The engine, for one call about the index ``name``.

        Raises:
            IndexUnusableError: There is no such index (and it is not to be changed), or it was
                left unfinished.
        """

    @abstractmethod
    def warm(self) -> None:
        """Gets the engine ready, which takes a second, before it is needed."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of files and connections; may be called twice."""

    def put(self, name: str, rows: Sequence[VectorRow], *, asked: bool = True) -> None:
        """Adds rows, or replaces those with the same id; makes the index if there is none.

        Args:
            name: Of the index.
            rows: What to add.
            asked: Whether searches ask this index, which is then to be ready for them; one that is
                too small to be worth it need not be.

        Raises:
            IndexUnusableError: It was left unfinished.
        """
        with self._using(name, "change" if asked else "change unasked") as engine:
            engine.put(name, rows)

    def widen(self, name: str, passages: int) -> None:
        """Has searches look at more of the index, the more passages it holds.

        Raises:
            IndexUnusableError: There is no such index, or it was left unfinished.
        """
        with self._using(name, "read") as engine:
            if engine.breadth(name) == breadth(passages):
                return
        with self._using(name, "change unasked") as engine:
            engine.widen(name, breadth(passages))
        self._reopen()

    def _reopen(self) -> None:  # noqa: B027 - only an engine in this process has anything to do
        """Has the next call read the index from disk again, where it is in this process."""

    def remove(self, name: str, ids: Sequence[str], *, asked: bool = True) -> None:
        """Takes out rows; ids that it does not hold are ignored.

        Args:
            name: Of the index.
            ids: Of the rows.
            asked: As for ``put``.

        Raises:
            IndexUnusableError: There is no such index, or it was left unfinished.
        """
        with self._using(name, "change" if asked else "change unasked") as engine:
            engine.remove(name, ids)

    def search(self, name: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest rows to ``vector`` (dimension,): id and cosine, best first.

        Raises:
            IndexUnusableError: There is none, it was left unfinished, or others keep it busy.
        """
        with self._using(name, "search") as engine:
            return engine.search(name, vector, k)

    def ids(self, name: str) -> set[str]:
        """All ids in the index.

        Raises:
            IndexUnusableError: There is no such index, or it was left unfinished.
        """
        with self._using(name, "read") as engine:
            return engine.ids(name)

    def count(self, name: str) -> int:
        """How many rows it holds; 0 when there is no such index."""
        with suppress(IndexUnusableError), self._using(name, "read") as engine:
            return engine.count(name)
        return 0

    def drop(self, name: str) -> None:
        """Removes the index, if there is one."""
        with suppress(IndexUnusableError), self._using(name, "drop") as engine:
            engine.drop(name)
