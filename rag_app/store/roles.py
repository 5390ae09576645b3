"""The generations of a collection: the live one, the next one being built, the former one kept.

Each is a row of ``collections`` with an index of its own. The live one bears the collection's
name; the others bear it with a mark that no user's name can have, so that a changeover is a few
renames in one transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

from rag_app.errors import CollectionNotFoundError, CollectionSwitchedError

Role = Literal["live", "next", "former"]

HIDDEN: tuple[Role, ...] = ("next", "former")

IN_LOCKING_ORDER: tuple[Role, ...] = ("next", "live", "former")
"""Whoever takes the writer locks of several takes them in this order."""

_MARK = "#"


def stored_name(name: str, role: Role) -> str:
    """The name in the catalog of one generation of the collection ``name``."""
    return name if role == "live" else f"{name}{_MARK}{role}"


def parse_name(stored: str) -> tuple[str, Role]:
    """The collection's name, and which generation of it a name in the catalog means."""
    name, _, mark = stored.partition(_MARK)
    return name, next((role for role in HIDDEN if role == mark), "live")


def key_of(connection: sqlite3.Connection, name: str, role: Role = "live") -> int | None:
    """The row of one generation of a collection; None as well for a name that has a mark."""
    if _MARK in name:
        return None
    row = connection.execute(
        "SELECT key FROM collections WHERE name = ?", (stored_name(name, role),)
    ).fetchone()
    return int(row[0]) if row else None


def stored_name_of(connection: sqlite3.Connection, key: int) -> str | None:
    """What a row is called now; None if it is gone."""
    row = connection.execute("SELECT name FROM collections WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else None


def check_current(connection: sqlite3.Connection, key: int) -> None:
    """Refuses to write where another index has taken over.

    Raises:
        CollectionSwitchedError: The collection has changed over.
    """
    name, role = parse_name(stored_name_of(connection, key) or "")
    if role == "former":
        raise CollectionSwitchedError(
            f"The collection '{name}' has changed over to another index in the meantime. "
            "Nothing was written; run the command again."
        )


def live_names(connection: sqlite3.Connection) -> list[str]:
    """Names of the collections, sorted."""
    rows = connection.execute("SELECT name FROM collections ORDER BY name")
    return [name for (name,) in rows if _MARK not in name]


def rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Renames a collection with all its generations."""
    for role in ("live", *HIDDEN):
        connection.execute(
            "UPDATE collections SET name = ? WHERE name = ?",
            (stored_name(new, role), stored_name(old, role)),
        )


def gone(connection: sqlite3.Connection, name: str) -> CollectionNotFoundError:
    """Why a collection that was opened under ``name`` is no longer there."""
    if key_of(connection, name) is not None:
        return CollectionNotFoundError(
            f"The collection '{name}' has changed over to another index, and the one "
            "that was open here was freed. Open it again."
        )
    return CollectionNotFoundError(f"The collection '{name}' was deleted. See: rag collections")
