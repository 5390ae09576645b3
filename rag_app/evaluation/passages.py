"""The passages that models are compared on, and the languages they are in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ingest.chunk import contextual_text
from rag_app.store import Collection
from rag_app.store.languages import guess
from rag_app.store.terms import words
from rag_app.types import Chunk, DocumentRecord

CODES = {
    "english": "en",
    "german": "de",
    "spanish": "es",
    "french": "fr",
    "italian": "it",
    "portuguese": "pt",
    "dutch": "nl",
    "swedish": "sv",
    "russian": "ru",
}
"""From the names of stemmers to ISO 639-1."""

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
"""Languages that a writing system tells, where a fifth of the characters is of it."""
_READ = 4000
"""Characters of a document that its language is guessed from."""


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
        """The language of each document (ISO 639-1), as its words or its letters tell."""
        texts: dict[str, str] = {}
        for passage in self.all:
            before = texts.get(passage.document.id, "")
            if len(before) < _READ:
                texts[passage.document.id] = f"{before} {passage.chunk.text}"
        return {id_: language_of(text[:_READ]) for id_, text in texts.items()}

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


def language_of(text: str) -> str:
    """The language of a text (ISO 639-1); English where nothing tells."""
    letters = [sign for sign in text if sign.isalpha()]
    for code, script in _SCRIPTS:
        if len(script.findall(text)) > len(letters) / 5:
            return code
    return CODES[guess(words(text))]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
