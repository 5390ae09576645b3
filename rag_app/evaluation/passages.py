"""The passages that models are compared on, and the languages they are in."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ingest.chunk import contextual_text
from rag_app.store import Collection
from rag_app.store.languages import sample, told
from rag_app.types import Chunk, DocumentRecord


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the collection.

    Attributes:
        chunk: The passage itself.
        document: Where it comes from.
        embedded: What models embed for it: its headings and its text.
        text: Its text, or what is left of it where a question's sentence is hidden.
    """

    chunk: Chunk
    document: DocumentRecord
    embedded: str
    text: str

    @property
    def id(self) -> str:
        """The chunk's."""
        return self.chunk.id


@dataclass(frozen=True)
class Passages:
    """All passages of a comparison, in ascending order of their ids.

    Attributes:
        all: The passages.
        total: How many the collection holds.
    """

    all: tuple[Passage, ...]
    total: int

    @cached_property
    def by_id(self) -> dict[str, Passage]:
        """Each passage under its id."""
        return {passage.id: passage for passage in self.all}

    @cached_property
    def twins(self) -> dict[str, tuple[str, ...]]:
        """For each passage the ids of all that say the same, itself included."""
        groups: dict[str, list[str]] = {}
        for passage in self.all:
            groups.setdefault(_plain(passage.chunk.text), []).append(passage.id)
        return {id_: tuple(group) for group in groups.values() for id_ in group}

    @cached_property
    def languages(self) -> dict[str, str]:
        """The language of each document (ISO 639-1); English where none is told."""
        texts: dict[str, list[str]] = {}
        known: dict[str, str] = {}
        for passage in self.all:
            known[passage.document.id] = passage.document.language
            texts.setdefault(passage.document.id, []).append(passage.chunk.text)
        # Told anew of those without: documents that an older version stored had fewer languages.
        return {id_: known[id_] or told(sample(own)) or "en" for id_, own in texts.items()}

    def sample(self, count: int, keep: Iterable[str], seed: int) -> Passages:
        """At most ``count`` passages, those of ``keep`` always among them."""
        kept = set(keep)
        others = [passage.id for passage in self.all if passage.id not in kept]
        random.Random(seed).shuffle(others)  # noqa: S311 - no secret
        chosen = kept | set(others[: max(0, count - len(kept))])
        return Passages(tuple(p for p in self.all if p.id in chosen), self.total)


def read_passages(collection: Collection) -> Passages:
    """Reads every passage of a collection."""
    found = [
        Passage(chunk, record, contextual_text(chunk), chunk.text)
        for record in collection.documents()
        for chunk in collection.chunks(record.id)
    ]
    found.sort(key=lambda passage: passage.id)
    return Passages(tuple(found), len(found))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
