"""Mending differences between the catalog and the indexes made from it, for ``rag doctor``.

The catalog holds the text and the vector of every passage, so that both indexes can be made anew
from it. A passage without its vector, or a document without some of its passages, can only come
from the file again.
"""

from __future__ import annotations

import json
import sqlite3
from itertools import groupby
from pathlib import PurePath

from rag_app.store import documents, keywords, term_counts, upkeep
from rag_app.store.database import Database
from rag_app.store.locks import writing
from rag_app.store.roles import parse_name
from rag_app.store.vectors import VectorIndex


def repair_collection(
    database: Database, index: VectorIndex, collection: int, stored_name: str, wait_s: float
) -> None:
    """Brings the keyword index and the vector index of a live index in line with the catalog.

    A vector index must have been given up before, as ``check_collection`` does where it differs.

    Raises:
        StoreBusyError: Another process is writing to it.
        StoreUnavailableError: The Chroma server does not answer.
    """
    name, role = parse_name(stored_name)
    if role != "live":
        return
    with writing(database.path.parent, collection, name, wait_s):
        with database.write() as connection:
            repair_keywords(connection, collection)
        upkeep.synchronize(database, index, collection)


def repair_keywords(connection: sqlite3.Connection, collection: int) -> None:
    """Takes out rows of no passage, and indexes the passages that have no row."""
    table = keywords.table_of(collection)
    connection.execute(
        f"DELETE FROM {table} WHERE rowid NOT IN"  # noqa: S608 - the key is a number
        " (SELECT key FROM chunks WHERE collection = ?)",
        (collection,),
    )
    missing = connection.execute(
        "SELECT c.document, d.language, c.key, c.text, c.headings FROM chunks AS c"  # noqa: S608
        " JOIN documents AS d ON d.key = c.document"
        f" WHERE c.collection = ? AND c.key NOT IN (SELECT rowid FROM {table})"
        " ORDER BY c.document, c.key",
        (collection,),
    ).fetchall()
    for (document, language), found in groupby(missing, key=lambda row: (row[0], row[1])):
        paths = documents.paths_of(connection, document)
        names = list(dict.fromkeys(PurePath(path).name for path in paths))
        rows = [(key, text, json.loads(headings)) for _, _, key, text, headings in found]
        keywords.add(connection, collection, rows, names, language)
    term_counts.count_again(connection, table)
