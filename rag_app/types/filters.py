"""A filter: which passages a search looks at.

Several values of one field mean any of them, several fields all of them, and nothing at all means
every passage. The fields and what they are compared with:

=============  =====================================================================
``document``   file name, the end of a path (``reports/may.pdf``), whole path, or id
``folder``     a folder of that name at any depth, or a whole path from ``/`` on
``type``       a kind (``pdf``, ``word``, …) or a file name's ending (``docx``, ``.py``)
``language``   ``en`` or ``english``, as far as a document's language could be told
``since``      the first day: of the file's last change when it was ingested, or of
``until``      being ingested where that is not known; ``until`` is the last day
``pages``      ``7``, ``3-10`` or ``3-``; documents that have pages, in no others
``meta.KEY``   what ``ingest --meta KEY=VALUE`` said of the document
=============  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Self

from rag_app.errors import UsageError
from rag_app.types import filter_values as values
from rag_app.types.metadata import Metadata

Pages = tuple[int, int | None]
"""The first page and the last; None stands for the end of the document."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages a search looks at; ``Filter()`` lets all through, and is false.

    Attributes:
        documents: File names, ends of paths, paths, or ids.
        folders: Names of folders, or absolute paths.
        types: Kinds of ``rag_app.types.kinds``, or endings of file names.
        languages: ISO 639-1 codes.
        since: The first day, by the clock of this machine.
        until: The last day.
        pages: Ranges of pages.
        metadata: Pairs that ``ingest --meta`` gave. Several values of one key are any of them,
            several keys all of them.
    """

    documents: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    pages: tuple[Pages, ...] = ()
    metadata: Metadata = ()

    def __post_init__(self) -> None:
        """Checks and unifies the values.

        Raises:
            UsageError: One has another type than the field, or cannot be a value of it.
        """
        for name, unified in values.BY_FIELD.items():
            object.__setattr__(self, name, unified(getattr(self, name)))
        if self.since and self.until and self.since > self.until:
            raise UsageError(
                f"since={self.since} is after until={self.until}. Exchange the two dates."
            )

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return any(getattr(self, field.name) for field in fields(self))

    def __str__(self) -> str:
        """For people, as it is written in the terminal."""
        return ", ".join(self.parts())

    @classmethod
    def parse(cls, given: Iterable[str]) -> Self:
        """Reads ``FIELD=VALUE``, such as ``type=pdf`` or ``meta.team=sales``.

        Raises:
            UsageError: A field is unknown, or a value is not one of its field.
        """
        found: dict[str, list[object]] = {}
        for text in given:
            name, value = values.parse(text)
            found.setdefault(name, []).append(value)
        for name in ("since", "until"):
            if len(found.get(name, ())) > 1:
                raise UsageError(f"{name} was given twice. Give one date.")
        dates = {name: found.pop(name)[0] for name in ("since", "until") if name in found}
        return cls(**{name: tuple(several) for name, several in found.items()}, **dates)  # type: ignore[arg-type]

    def parts(self) -> list[str]:
        """What ``parse`` reads, one for each value."""
        dates = {name: getattr(self, name) for name in ("since", "until")}
        return [
            *(f"document={name}" for name in self.documents),
            *(f"folder={name}" for name in self.folders),
            *(f"type={name}" for name in self.types),
            *(f"language={code}" for code in self.languages),
            *(f"{name}={day}" for name, day in dates.items() if day),
            *(f"pages={values.written(pages)}" for pages in self.pages),
            *(f"meta.{key}={value}" for key, value in self.metadata),
        ]

    def fields_alone(self) -> dict[str, Self]:
        """For each field in force, a filter of that field alone."""
        return {
            field.name: type(self)(**{field.name: value})
            for field in fields(self)
            if (value := getattr(self, field.name))
        }

    def with_documents(self, documents: Iterable[str]) -> Self:
        """The same with these documents besides its own."""
        return replace(self, documents=(*self.documents, *documents))
