"""Tables of the catalog, and how a database file is brought to the present version.

One row of ``collections`` owns everything below it. The text of a passage lives once, in
``chunks``; its vector lives in ``vectors``, from which the vector index (Chroma) can be built again
at any time. ``pending`` names passages that the index does not hold yet, ``trash`` vectors that it
still holds, ``discarded`` whole indexes to be dropped. Each collection has a keyword table of its
own, ``keywords_<key>`` (see keywords.py) with its counts of terms, so that word frequencies of one
do not weigh in another.
A switch to another embedding model makes a second row beside the first (see roles.py), and ``owed``
says what a rolled back one has still to take over (see debts.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag_app.errors import StoreVersionError
from rag_app.store import term_counts
from rag_app.types.kinds import LANGUAGES

Step = str | Callable[[sqlite3.Connection], None]
"""A statement, or what takes more than one."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Layout of a database file.

    Attributes:
        version: Kept in the file's ``user_version``.
        statements: Make an empty file into this version.
        migrations: For each older version, the steps that lead to the next one.
    """

    version: int
    statements: tuple[str, ...]
    migrations: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)

    def apply(self, connection: sqlite3.Connection, path: Path) -> None:
        """Creates or migrates the file, in one transaction; does nothing at the right version.

        Raises:
            StoreVersionError: The file was written by a newer version.
        """
        if self.is_current(connection, path):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(connection)  # another process may have been first
            if found == 0:
                _take(connection, self.statements)
            for older in range(found or self.version, self.version):
                _take(connection, self.migrations[older])
            connection.execute(f"PRAGMA user_version = {self.version:d}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite itself ends it on a full disk
                connection.execute("ROLLBACK")
            raise

    def is_current(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether the file has this version.

        Raises:
            StoreVersionError: It has a newer one.
        """
        found = _version(connection)
        if found > self.version:
            raise StoreVersionError(
                f"{path} was written by a newer version of this application (format {found}, this "
                f"one reads {self.version}). Install the newer one, or set another RAG_HOME."
            )
        return found == self.version


def _take(connection: sqlite3.Connection, steps: Iterable[Step]) -> None:
    for step in steps:
        if isinstance(step, str):
            connection.execute(step)
        else:
            step(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


# ``since``: when the row took its present role; ``asked``: the spec that a switch was asked for.
_SWITCHING = (
    "ALTER TABLE collections ADD COLUMN since TEXT",
    "ALTER TABLE collections ADD COLUMN asked TEXT",
    """CREATE TABLE owed (
        collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
        path TEXT NOT NULL,
        document TEXT,
        PRIMARY KEY (collection, path)
    ) WITHOUT ROWID""",
)

# What filters ask of a document. ``language`` is that of its stemmer, English where none is told;
# ``spoken`` is what it is in, as far as that is known.
_FILTERING = (
    "ALTER TABLE documents ADD COLUMN modified_at TEXT",
    "ALTER TABLE documents ADD COLUMN spoken TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '[]'",
)

# A filter of pages reads the index alone, not the rows with their text.
_PAGES = (
    "CREATE INDEX chunks_page ON chunks (document, page)",
    "DROP INDEX chunks_document",
)

# Of documents that are there, what the stemmer tells; new ones are looked at more closely.
_SPOKEN = tuple(
    f"UPDATE documents SET spoken = '{code}' WHERE language = '{name}'"  # noqa: S608 - our names
    for code, name in LANGUAGES.items()
)


def _count_terms(connection: sqlite3.Connection) -> None:
    """Gives each keyword index its counts; before, FTS5 counted when it was asked."""
    for (key,) in connection.execute("SELECT key FROM collections").fetchall():
        connection.execute(f"DROP TABLE IF EXISTS keywords_{key:d}_terms")
        term_counts.count_again(connection, f"keywords_{key:d}")


# What was told of a document when it was last read, in JSON (see ingest/history.py).
_READINGS = (
    """CREATE TABLE IF NOT EXISTS readings (
        document INTEGER PRIMARY KEY REFERENCES documents ON DELETE CASCADE,
        told TEXT NOT NULL
    )""",
)

# What a document itself calls the page of a passage; empty where that is its number.
_LABELS = ("ALTER TABLE chunks ADD COLUMN label TEXT NOT NULL DEFAULT ''",)

CATALOG = Schema(
    version=6,
    migrations={
        1: _SWITCHING,
        2: (*_FILTERING, *_SPOKEN, *_PAGES),
        3: (_count_terms,),
        4: _READINGS,
        5: _LABELS,
    },
    statements=(
        """CREATE TABLE collections (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            embedding TEXT NOT NULL,
            chunking TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )""",
        # One vector index of each collection: its opaque name in Chroma and which Chroma that is.
        """CREATE TABLE indexes (
            collection INTEGER PRIMARY KEY REFERENCES collections ON DELETE CASCADE,
            name TEXT NOT NULL UNIQUE,
            place TEXT NOT NULL,
            generation INTEGER NOT NULL DEFAULT 0,
            unsettled INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE TABLE discarded (name TEXT PRIMARY KEY, place TEXT NOT NULL)",
        """CREATE TABLE documents (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            id TEXT NOT NULL,
            media_type TEXT NOT NULL,
            title TEXT,
            language TEXT NOT NULL,
            pages INTEGER NOT NULL,
            characters INTEGER NOT NULL,
            chunks INTEGER NOT NULL,
            truncated_chunks INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            added_at TEXT NOT NULL,
            UNIQUE (collection, id)
        )""",
        """CREATE TABLE paths (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            path TEXT NOT NULL,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            UNIQUE (collection, path)
        )""",
        "CREATE INDEX paths_document ON paths (document)",
        """CREATE TABLE chunks (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            id TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            text TEXT NOT NULL,
            page INTEGER NOT NULL,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            headings TEXT NOT NULL,
            tokens INTEGER NOT NULL,
            truncated INTEGER NOT NULL,
            UNIQUE (collection, id)
        )""",
        "CREATE INDEX chunks_page ON chunks (document, page)",
        """CREATE TABLE vectors (
            chunk INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE,
            vector BLOB NOT NULL
        )""",
        """CREATE TABLE pending (
            chunk INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE,
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE
        )""",
        "CREATE INDEX pending_collection ON pending (collection)",
        """CREATE TABLE trash (
            collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
            chunk_id TEXT NOT NULL,
            PRIMARY KEY (collection, chunk_id)
        ) WITHOUT ROWID""",
        *_SWITCHING,
        *_FILTERING,
        *_READINGS,
        *_LABELS,
    ),
)
