"""A filter as SQL over the catalog: the one meaning that it has in every kind of search.

Dense search, keyword search and counts all put the same condition behind their ``WHERE``. Values
never become part of the SQL: they are bound, lists as JSON. Which documents pass is looked up once
(filtering.py).

A filter that lets few passages through is searched through them (exact.py, codes.py); one that lets
very many through takes what the indexes give and asks of each whether it passes (dense.py,
keyword_search.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from rag_app.store.key_lists import numbers
from rag_app.types import Filter, media
from rag_app.types.kinds import KINDS

if TYPE_CHECKING:
    from rag_app.store.key_lists import Keys


@dataclass(frozen=True, slots=True)
class Passing:
    """How much a filter lets through."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What a passage must satisfy; all do as long as nothing is given.

    Attributes:
        document: SQL about a row ``d`` of ``documents``.
        passage: SQL about a row ``c`` of ``chunks``.
        values: What is bound, by name; each name begins with ``f_``.
        passing: How much satisfies it, once that was looked up.
        keys: The keys of the documents that do, as JSON, where they are few.
        looked_up: What ``passage_keys`` has found.
    """

    document: str = "1"
    passage: str = "1"
    values: Mapping[str, str | int] = field(default_factory=dict)
    passing: Passing = Passing(0, 0)
    keys: str | None = None
    looked_up: list[Keys] = field(default_factory=list, compare=False, repr=False)

    @property
    def sql(self) -> str:
        """Of rows ``d`` and ``c`` that are joined."""
        return f"({self.document}) AND ({self.passage})"

    def passages(self, joined: str = "") -> str:
        """The rows ``c`` that satisfy it: what follows ``FROM``, up to and with ``WHERE``.

        CROSS JOIN is SQLite's way to fix the order: from the documents to their passages.

        Args:
            joined: More tables.
        """
        if self.keys is not None:
            return (
                f"json_each(:f_keys) AS k CROSS JOIN chunks AS c ON c.document = k.value {joined}"
                f" WHERE ({self.passage})"
            )
        return (
            f"documents AS d CROSS JOIN chunks AS c ON c.document = d.key {joined}"
            f" WHERE d.collection = :collection AND {self.sql}"
        )

    def bound(self, collection: int, **more: object) -> dict[str, object]:
        """All that a statement about a collection binds."""
        return {"collection": collection, "f_keys": self.keys, **self.values, **more}


def condition_of(where: Filter) -> Condition:
    """The condition of a filter, with nothing looked up yet."""
    lists: dict[str, Sequence[object]] = {
        "f_documents": where.documents,
        "f_folders": where.folders,
        "f_kinds": sorted(m for one in where.types for m in KINDS.get(one, ())),
        "f_endings": [f".{one.removeprefix('.')}" for one in where.types if one not in KINDS],
        "f_languages": where.languages,
        "f_paginated": sorted(media.PAGINATED),
    }
    for number, key in enumerate(dict(where.metadata)):
        lists[f"f_wanted_{number}"] = [value for name, value in where.metadata if name == key]
    values: dict[str, str | int] = {name: json.dumps(list(value)) for name, value in lists.items()}
    values |= {f"f_key_{number}": key for number, key in enumerate(dict(where.metadata))}
    for number, (first, last) in enumerate(where.pages):
        values |= {f"f_first_{number}": first, f"f_last_{number}": _END if last is None else last}
    if where.since:
        values["f_since"] = _midnight(where.since)
    if where.until:
        values["f_until"] = _midnight(where.until + timedelta(days=1))
    pages = [_PAGES.format(number=number) for number in range(len(where.pages))]
    return Condition(" AND ".join(_of_document(where)), " OR ".join(pages) or "1", values)


def passage_keys(connection: sqlite3.Connection, collection: int, condition: Condition) -> Keys:
    """The keys of the passages that satisfy a condition, ascending; found once for each.

    Args:
        connection: In a transaction for which ``filtering`` gave the condition.
        collection: Key of the collection.
        condition: What they must satisfy.
    """
    if not condition.looked_up:
        found = numbers(connection, "c.key", condition.passages(), condition.bound(collection))
        found.sort()
        condition.looked_up.append(found)
    return condition.looked_up[0]


def among(
    connection: sqlite3.Connection,
    collection: int,
    condition: Condition | None,
    chunk_ids: Sequence[str],
) -> set[str]:
    """Those of ``chunk_ids`` that are passages of the collection and satisfy the condition."""
    documents = " CROSS JOIN documents AS d ON d.key = c.document" if condition else ""
    condition = condition or Condition()
    rows = connection.execute(
        f"SELECT c.id FROM json_each(:ids) AS wanted CROSS JOIN chunks AS c{documents}"  # noqa: S608
        f" WHERE c.collection = :collection AND c.id = wanted.value AND {condition.sql}",
        condition.bound(collection, ids=json.dumps(chunk_ids)),
    )
    return {chunk_id for (chunk_id,) in rows}


def _of_document(where: Filter) -> Iterator[str]:
    if where.documents:
        yield f"(d.id IN (SELECT value FROM json_each(:f_documents)) OR {_DOCUMENTS})"  # noqa: S608
    if where.folders:
        yield _FOLDERS
    if where.types:
        yield f"(d.media_type IN (SELECT value FROM json_each(:f_kinds)) OR {_ENDINGS})"  # noqa: S608
    if where.languages:
        yield "d.spoken IN (SELECT value FROM json_each(:f_languages))"
    if where.since:
        yield f"{_DAY} >= :f_since"
    if where.until:
        yield f"{_DAY} < :f_until"
    if where.pages:
        yield "d.media_type IN (SELECT value FROM json_each(:f_paginated))"
    for number in range(len(dict(where.metadata))):
        yield _METADATA.format(number=number)


def _midnight(day: date) -> str:
    """The beginning of a day on this machine, as the catalog writes moments."""
    return datetime.combine(day, time()).astimezone(UTC).isoformat(timespec="microseconds")


def _path(of: str, matches: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM paths AS p, json_each(:{of}) AS f"  # noqa: S608 - our own names
        f" WHERE p.document = d.key AND ({matches}))"
    )


_DOCUMENTS = _path(
    "f_documents",
    "p.path = f.value OR substr(p.path, -length(f.value) - 1) = '/' || f.value",
)
_FOLDERS = _path(
    "f_folders",
    "CASE WHEN substr(f.value, 1, 1) = '/'"
    " THEN substr(p.path, 1, length(rtrim(f.value, '/')) + 1) = rtrim(f.value, '/') || '/'"
    " ELSE instr(p.path, '/' || f.value || '/') > 0 END",
)
_ENDINGS = _path("f_endings", "substr(lower(p.path), -length(f.value)) = f.value")
_DAY = "coalesce(d.modified_at, d.added_at)"
_PAGES = "c.page BETWEEN :f_first_{number} AND :f_last_{number}"
_END = 2**62
_METADATA = (
    "EXISTS (SELECT 1 FROM json_each(d.metadata) AS m WHERE json_extract(m.value, '$[0]') ="
    " :f_key_{number} AND json_extract(m.value, '$[1]') IN"
    " (SELECT value FROM json_each(:f_wanted_{number})))"
)
