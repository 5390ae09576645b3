"""Exact search over the vectors of the catalog.

For what the vector index cannot answer well: passages that it does not hold yet, the few that a
filter lets through (a graph index must search far to find them), a small collection (Chroma takes
longer to import than all its vectors to read), and an index that is missing or doubtful. Costs a
pass over the vectors: 2 to 4 ms for each thousand of 384 numbers.
"""

from __future__ import annotations

import sqlite3
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
    import numpy as np  # a tenth of a second that commands without vectors save

    condition = condition or Condition()
    found = f"{_PENDING} AND {condition.sql}" if pending else condition.passages(_VECTORS)
    query = np.asarray(vector, np.float32)
    query = query / (np.linalg.norm(query) or 1.0)
    rows = connection.execute(
        f"SELECT c.id, v.vector FROM {found}",  # noqa: S608
        condition.bound(collection),
    )
    best: list[tuple[str, float]] = []
    while block := rows.fetchmany(_BLOCK):
        matrix = np.frombuffer(b"".join(blob for _, blob in block), np.float32)
        matrix = matrix.reshape(len(block), -1)
        # einsum rather than BLAS, whose threads wait for cores that an encoder may be using
        norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))
        cosines = np.einsum("ij,j->i", matrix, query) / np.where(norms == 0, 1, norms)
        top = np.argsort(-cosines, kind="stable")[:k]
        best += [(block[i][0], float(cosines[i])) for i in top]
        best = sorted(best, key=lambda hit: (-hit[1], hit[0]))[:k]
    return best
