"""A file of vectors by key: SQLite, shared by several processes, and never needed.

Whatever is wrong with the file, the work goes on without it: that is said once, in the log.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np

from rag_app.embeddings.base import Vectors

VERSION = 1
LIMIT_BYTES = 2 * 2**30
"""About 1.3 million vectors of MiniLM. Beyond it the oldest quarter is dropped."""
_BUSY_MS = 5000
_VARIABLES = 500  # SQLite takes more in one statement, but older builds stop at 999
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS vectors (
    number INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    vector BLOB NOT NULL
);
PRAGMA user_version = {VERSION};
"""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class VectorFile:
    """Vectors as float32 blobs. Safe for several threads and processes.

    Args:
        path: The file; it and its folder are made when first used.
        limit_bytes: Size at which the oldest vectors are dropped.
    """

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self._path = path
        self._limit = limit_bytes
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._broken = False

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, Vectors]:
        """The vectors that are there; one of another length counts as absent."""
        return self._use(lambda connection: _select(connection, keys, dimension)) or {}

    def put(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Adds vectors, in one transaction."""
        self._use(lambda connection: _insert(connection, vectors, self._limit))

    def prune(self, keep_bytes: int = 0) -> int:
        """Drops the oldest vectors until at most ``keep_bytes`` are used, and shrinks the file.

        Returns:
            How many vectors were dropped.
        """
        return self._use(lambda connection: _prune(connection, keep_bytes)) or 0

    def close(self) -> None:
        """Closes the file; it is opened again when used again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        with suppress(AttributeError, sqlite3.Error):
            if self._connection is not None:
                self._connection.close()

    def _use(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        with self._lock:
            if self._broken:
                return None
            try:
                if self._connection is None:
                    self._connection = _open(self._path)
                with self._connection:
                    return work(self._connection)
            except (sqlite3.Error, OSError) as error:
                self._broken = True
                _log.warning(
                    "The vector cache %s cannot be used (%s); going on without it. Delete the "
                    "file, or set RAG_CACHE to a folder that can be written.",
                    self._path,
                    error,
                )
                return None


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000, check_same_thread=False)
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise sqlite3.DatabaseError("written by a newer version of this application")
        connection.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes from a cache is computed again.
        connection.execute("PRAGMA synchronous = OFF")
        if found < VERSION:
            connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _select(
    connection: sqlite3.Connection, keys: Sequence[bytes], dimension: int
) -> dict[bytes, Vectors]:
    found: dict[bytes, Vectors] = {}
    for start in range(0, len(keys), _VARIABLES):
        some = keys[start : start + _VARIABLES]
        marks = ",".join("?" * len(some))
        query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608 - marks only
        with closing(connection.execute(query, some)) as rows:
            for key, blob in rows:
                if len(blob) == 4 * dimension:
                    found[key] = np.frombuffer(blob, "<f4")
    return found


def _insert(connection: sqlite3.Connection, vectors: Mapping[bytes, Vectors], limit: int) -> None:
    connection.executemany(
        "INSERT INTO vectors (key, vector) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET vector = excluded.vector",
        ((key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()),
    )
    if _used(connection) > limit:
        # SQLite fills the freed pages again, so that the file stops growing without VACUUM.
        connection.execute(
            "DELETE FROM vectors WHERE number <= "
            "(SELECT min(number) + (max(number) - min(number)) / 4 FROM vectors)"
        )


def _prune(connection: sqlite3.Connection, keep_bytes: int) -> int:
    dropped = 0
    while _used(connection) > keep_bytes:
        count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        if count == 0:
            break
        share = count if keep_bytes == 0 else max(1, count // 8)
        dropped += connection.execute(
            "DELETE FROM vectors WHERE number IN "
            "(SELECT number FROM vectors ORDER BY number LIMIT ?)",
            (share,),
        ).rowcount
    connection.commit()
    connection.execute("VACUUM")
    return dropped


def _used(connection: sqlite3.Connection) -> int:
    """Bytes in pages that hold something."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)
