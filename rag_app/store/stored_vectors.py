"""Vectors as they are kept in the catalog: for maps and measures; ``exact`` searches them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag_app.store.chroma import Vectors


def chunk_ids(connection: sqlite3.Connection, collection: int) -> list[str]:
    """The ids of all passages, in ascending order."""
    rows = connection.execute("SELECT id FROM chunks WHERE collection = ?", (collection,))
    return sorted(id_ for (id_,) in rows)


def vectors(
    connection: sqlite3.Connection, collection: int, wanted: Iterable[str]
) -> dict[str, Vectors]:
    """The vector of each passage, of shape (dimension,); ids that are not there are left out."""
    import numpy as np  # a tenth of a second that commands without vectors save

    rows = connection.execute(
        "SELECT c.id, v.vector FROM chunks AS c JOIN vectors AS v ON v.chunk = c.key"
        " WHERE c.collection = ? AND c.id IN (SELECT value FROM json_each(?))",
        (collection, json.dumps(list(wanted))),
    )
    return {id_: np.frombuffer(blob, np.float32) for id_, blob in rows}
