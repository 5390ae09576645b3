"""Exact search over the vectors of the catalog.

For what the vector index cannot answer well: passages that it does not hold yet, the few that a
filter lets through (a graph index must search far to find them), a small collection (Chroma takes
longer to import than all its vectors to read), and an index that is missing or doubtful. Costs a
pass over the vectors: 2 to 4 ms for each thousand of 384 numbers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag_app.store.conditions import Condition

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors

_BLOCK = 4096

_VECTORS = "JOIN vectors AS v ON v.chunk = c.key"
_PENDING = (
    "pending AS p JOIN chunks AS c ON c.key = p.chunk JOIN documents AS d ON d.key = c.document"
    f" {_VECTORS} WHERE p.collection = :collection"
)


def search(
    connection: sqlite3.Connection,
    collection: int,
    vector: Vectors,
    k: int,
    condition: Condition | None,
    *,
    pending: bool = False,
) -> list[tuple[str, float]]:
    """The k nearest passages to ``vector`` (dimension,): id and cosine, best first.

    Args:
        connection: In a transaction.
        collection: Key of the collection.
        vector: The question's.
        k: How many at most.
        condition: What they must satisfy.
        pending: Look only at those that the vector index does not hold yet.
    """
    condition = condition or Condition()
    found = f"{_PENDING} AND {condition.sql}" if pending else condition.passages(_VECTORS)
    rows = connection.execute(
        f"SELECT c.id, v.vector FROM {found}",  # noqa: S608
        condition.bound(collection),
    )
    return _nearest(rows, vector, k)


def among(
    connection: sqlite3.Connection, keys: Sequence[int], vector: Vectors, k: int
) -> list[tuple[str, float]]:
    """The k nearest of the passages with these keys: id and cosine, best first."""
    rows = connection.execute(
        "SELECT c.id, v.vector FROM json_each(?) AS wanted"  # noqa: S608
        f" CROSS JOIN chunks AS c ON c.key = wanted.value {_VECTORS}",
        (json.dumps(keys),),
    )
    return _nearest(rows, vector, k)


def matrix(blobs: Sequence[bytes]) -> Vectors:
    """Vectors as the catalog keeps them, of shape (vectors, dimension)."""
    import numpy as np  # a tenth of a second that commands without vectors save

    return np.frombuffer(b"".join(blobs), np.float32).reshape(len(blobs), -1)


def lengths(vectors: Vectors) -> Vectors:
    """The length of each.

    By einsum rather than BLAS, whose threads wait for cores that an encoder may be using.
    """
    import numpy as np

    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors)))


def unit(vector: Vectors) -> Vectors:
    """A vector with the length 1, unless it is zero."""
    import numpy as np

    given = np.asarray(vector, np.float32)
    return np.asarray(given / (np.linalg.norm(given) or 1.0))


def units(vectors: Vectors) -> Vectors:
    """Vectors with the length 1 each, but for those that are zero."""
    import numpy as np

    norms = lengths(vectors)
    return np.asarray(vectors / np.where(norms == 0, 1, norms)[:, None])


def _nearest(rows: sqlite3.Cursor, vector: Vectors, k: int) -> list[tuple[str, float]]:
    """The best of rows of an id and a vector."""
    import numpy as np

    query = unit(vector)
    best: list[tuple[str, float]] = []
    while block := rows.fetchmany(_BLOCK):
        vectors = matrix([blob for _, blob in block])
        norms = lengths(vectors)
        cosines = np.einsum("ij,j->i", vectors, query) / np.where(norms == 0, 1, norms)
        top = np.argsort(-cosines, kind="stable")[:k]
        best += [(block[i][0], float(cosines[i])) for i in top]
        best = sorted(best, key=lambda hit: (-hit[1], hit[0]))[:k]
    return best
