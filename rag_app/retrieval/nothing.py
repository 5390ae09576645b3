"""What to say when a filter lets nothing of a collection through: which of its fields, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import PurePath
from typing import TYPE_CHECKING

from rag_app.types import DocumentRecord, Filter
from rag_app.types.kinds import kind_of

if TYPE_CHECKING:
    from rag_app.store import Collection

_NAMED = 6
"""Values that the sentence names at most."""

_PARTS = 4
"""Parts of a path that are shown whole."""


def nothing_passes(collection: Collection, where: Filter | None) -> str:
    """One sentence or two: what the filter asks for, and what there is instead.

    Empty when it lets something through.
    """
    if not where or collection.passing(where).passages:
        return ""
    records = collection.documents()
    if not records:
        return f"The collection “{collection.name}” holds no documents to search in."
    said = f"Nothing in the collection “{collection.name}” fits the filter"
    for name, alone in where.fields_alone().items():
        if not collection.passing(alone).passages:
            instead = _instead(name, alone, records)
            return f"{said} {', '.join(named_parts(alone, records))}. {instead}".strip()
    together = ", ".join(named_parts(where, records))
    return f"{said} {together} all at once; leave one of them out."


def named_parts(where: Filter, records: Iterable[DocumentRecord]) -> tuple[str, ...]:
    """The parts of a filter, with names where it has ids, and the ends of long paths of folders."""
    names = {f"document={one.id}": f"document={one.name}" for one in records}
    for folder in where.folders:
        if len(parts := PurePath(folder).parts) > _PARTS:
            names[f"folder={folder}"] = f"folder=…/{'/'.join(parts[-2:])}"
    return tuple(names.get(part, part) for part in where.parts())


def _instead(field: str, alone: Filter, records: Iterable[DocumentRecord]) -> str:
    if field == "pages":
        last = max((one.pages for one in records if one.paginated), default=0)
        return f"The longest document has {last:,} pages." if last else "No document has pages."
    there = sorted({value for record in records for value in _VALUES[field](record)})
    if not there:
        return _NONE.get(field, "")
    if field in {"since", "until"}:
        return f"Its documents are from {there[0]} to {there[-1]}."
    asked = [part.partition("=")[2] for part in alone.parts()]
    if field == "metadata":
        asked = [part.removeprefix("meta.") for part in alone.parts()]
    near = list(dict.fromkeys(n for one in asked for n in get_close_matches(one, there, n=2)))
    if near:
        return f"Did you mean {' or '.join(near[:_NAMED])}?"
    more = " …" if len(there) > _NAMED else "."
    return f"There are: {', '.join(there[:_NAMED])}{more}"


def _names(record: DocumentRecord) -> list[str]:
    return [PurePath(source).name for source in record.sources]


def _folders(record: DocumentRecord) -> list[str]:
    return [PurePath(source).parent.name for source in record.sources]


def _types(record: DocumentRecord) -> list[str]:
    kind = kind_of(record.media_type)
    endings = (PurePath(source).suffix.lower().removeprefix(".") for source in record.sources)
    return [one for one in (kind, *endings) if one]


def _languages(record: DocumentRecord) -> list[str]:
    return [record.language] if record.language else []


def _days(record: DocumentRecord) -> list[str]:
    return [f"{(record.modified_at or record.added_at).astimezone().date()}"]


def _metadata(record: DocumentRecord) -> list[str]:
    return [f"{key}={value}" for key, value in record.metadata]


_VALUES: dict[str, Callable[[DocumentRecord], list[str]]] = {
    "documents": _names,
    "folders": _folders,
    "types": _types,
    "languages": _languages,
    "since": _days,
    "until": _days,
    "metadata": _metadata,
}
"""Field → what a document has there."""

_NONE = {
    "languages": "The language of none of its documents could be told.",
    "metadata": "None of its documents has metadata; give some with: ingest PATH --meta KEY=VALUE",
}
