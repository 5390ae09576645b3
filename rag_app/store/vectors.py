"""Vector indexes: what the store asks of one.

An index is a derived copy. The catalog holds every vector, so an index that is lost or doubtful
is built again, and what it does not hold yet is searched exactly (exact.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class IndexUnusableError(Exception):
    """The index is missing or was left unfinished; never leaves the store."""


class VectorRow(NamedTuple):
    """One passage for the index: its id, its vector of shape (dimension,), what it is kept with."""

    id: str
    vector: Vectors
    metadata: dict[str, str | int]


class VectorIndex(Protocol):
    """Approximate nearest neighbours by cosine, in named indexes."""

    place: str
    """Which Chroma this is; an index built in one place is not in another."""

    def put(self, name: str, rows: Sequence[VectorRow]) -> None:
        """Adds rows, or replaces those with the same id; makes the index if there is none."""

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """Takes out rows; ids that it does not hold are ignored."""

    def search(self, name: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest rows to ``vector`` (dimension,): id and cosine, best first.

        Raises:
            IndexUnusableError: There is no such index, or it was left unfinished.
        """

    def ids(self, name: str) -> set[str]:
        """All ids in the index.

        Raises:
            IndexUnusableError: There is no such index, or it was left unfinished.
        """

    def count(self, name: str) -> int:
        """How many rows it holds; 0 when there is no such index."""

    def drop(self, name: str) -> None:
        """Removes the index, if there is one."""

    def close(self) -> None:
        """Lets go of files and connections."""
