"""Documents by what people call them: a path, a file name, or the id of the content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath

from rag_app.types import DocumentRecord


class DocumentNames:
    """Finds the documents of a collection by name."""

    def __init__(self, documents: Iterable[DocumentRecord]) -> None:
        self._ids: dict[str, set[str]] = defaultdict(set)
        for record in documents:
            self._ids[record.id].add(record.id)
            for source in record.sources:
                self._ids[source].add(record.id)
                self._ids[PurePath(source).name].add(record.id)

    def find(self, name: str) -> str:
        """The id of the document that is called so.

        Raises:
            ValueError: There is none, or several; the message is a part of a sentence.
        """
        found = self._ids.get(name) or self._ids.get(PurePath(name).name, set())
        if not found:
            raise ValueError(f"the collection has no document '{name}'.")
        if len(found) > 1:
            raise ValueError(f"several documents are called '{name}'; give the whole path.")
        return next(iter(found))
