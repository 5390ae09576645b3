"""Sections of pages cut into drafts of passages, measured in the embedding model's own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ingest.pack import pack, with_overlap
from ingest.sections import Section, bare
from ingest.table_heads import carried_on, table_heads
from ingest.units import MOST_CHARACTERS_PER_TOKEN, Unit, limit_units, split_units
from rag_app.errors import UsageError
from rag_app.types import ChunkingIdentity, CleanPage, EmbeddingIdentity, columns_of, titles_of

SEPARATOR = " > "
_CONTEXT_SHARE = 3  # headings may take one part in three of a passage


class TokenCounter(Protocol):
    """What the chunker needs of an embedding model (``IdentifiedEmbeddings`` has it)."""

    @property
    def identity(self) -> EmbeddingIdentity:
        """Says how much the model reads."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; special tokens and the model's prefix are counted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage in the making: where it stands, the headings above it, and its tokens."""

    page: CleanPage
    start: int
    end: int
    headings: tuple[str, ...]
    tokens: int = 0

    @property
    def text(self) -> str:
        """Its own words."""
        return self.page.text[self.start : self.end]

    @property
    def embedded(self) -> str:
        """What the model reads of it."""
        context = context_of(self.headings, self.text)
        return f"{context}\n{self.text}" if context else self.text


class SectionCutter:
    """Cuts sections into drafts that fit a model and a collection's size.

    Args:
        model: The one that will read them.
        chunking: The size, and what one repeats of the one before.
        lines: Whether every line end is a border, as in a PDF.

    Attributes:
        longest: Tokens that the model reads.

    Raises:
        UsageError: The overlap is not below half of the size.
    """

    def __init__(self, model: TokenCounter, chunking: ChunkingIdentity, *, lines: bool) -> None:
        if chunking.overlap * 2 >= chunking.size:
            raise UsageError(
                f"chunk_overlap ({chunking.overlap}) must be below half of chunk_tokens "
                f"({chunking.size}). Lower it or raise the size."
            )
        self._model, self._chunking, self._lines = model, chunking, lines
        self._special = model.count_tokens([""])[0]
        self.longest = model.identity.max_tokens
        self._limit = min(chunking.size, self.longest)
        self._columns = ""  # of the table that the last section ended within
        self._contexts: dict[tuple[str, ...], tuple[tuple[str, ...], int]] = {}

    def cut(self, sections: Sequence[Section]) -> list[Draft]:
        """The passages of some sections, in order."""
        split = [
            split_units(part.page.text, part.start, part.end, lines=self._lines)
            for part in sections
        ]
        texts = [
            part.page.text[unit.start : unit.end]
            for part, units in zip(sections, split, strict=True)
            for unit in units
        ]
        counts = iter(self._count(texts))
        drafts: list[Draft] = []
        for part, units in zip(sections, split, strict=True):
            for unit in units:
                unit.tokens = next(counts)
            drafts += self._pack(part, units)
        return self._verified(drafts)

    def _pack(self, section: Section, units: Sequence[Unit]) -> list[Draft]:
        text = section.page.text
        columns = columns_of(section.headings) or carried_on(text, units, self._columns)
        headings, taken = self._fitting(titles_of(section.headings))
        room = max(1, self._limit - self._special - taken)
        if sum(unit.tokens for unit in units) > room:
            room = max(1, room - self._chunking.overlap)
        units = limit_units(text, units, room, self._count)
        heads = table_heads(text, units, columns)
        self._columns = heads[-1] if heads else ""
        self._count_heads(units, heads, room)
        ranges = with_overlap(units, pack(units, room), self._chunking.overlap)
        drafts = (
            Draft(
                section.page,
                units[first].start,
                units[last - 1].end,
                (*headings, heads[first]) if units[first].lead else headings,
            )
            for first, last in ranges
        )
        return [draft for draft in drafts if any(char.isalnum() for char in draft.text)]

    def _count_heads(self, units: Sequence[Unit], heads: Sequence[str], room: int) -> None:
        """Gives rows the tokens of what names their columns, if that leaves room for them."""
        names = sorted({head for head in heads if head})
        counts = self._count([f"{SEPARATOR}{name}" for name in names])
        tokens = dict(zip(names, counts, strict=True))
        for unit, head in zip(units, heads, strict=True):
            lead = tokens.get(head, 0)
            if lead <= self._limit // _CONTEXT_SHARE and lead + unit.tokens <= room:
                unit.lead = lead

    def _fitting(self, headings: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
        """The innermost headings that leave room for text, and their tokens."""
        if headings not in self._contexts:
            fitting = headings
            tokens = self._context_tokens(fitting)
            while fitting and tokens > self._limit // _CONTEXT_SHARE:
                fitting = fitting[1:]
                tokens = self._context_tokens(fitting)
            self._contexts[headings] = fitting, tokens
        return self._contexts[headings]

    def _context_tokens(self, headings: tuple[str, ...]) -> int:
        return self._count([SEPARATOR.join(headings)])[0]

    def _count(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [
            max(0, tokens - self._special, len(text) // MOST_CHARACTERS_PER_TOKEN)
            for text, tokens in zip(texts, self._model.count_tokens(texts), strict=True)
        ]

    def _verified(self, drafts: list[Draft]) -> list[Draft]:
        """Counts each passage whole; tokens of parts need not add up, so a few are cut again."""
        if not drafts:
            return []
        counts = self._model.count_tokens([draft.embedded for draft in drafts])
        done: list[Draft] = []
        for draft, tokens in zip(drafts, counts, strict=True):
            pieces = self._again(draft) if tokens > self._limit else []
            done += self._verified(pieces) if pieces else [replace(draft, tokens=tokens)]
        return done

    def _again(self, draft: Draft) -> list[Draft]:
        """Smaller ones; none if it cannot be cut."""
        unit = Unit(draft.start, draft.end, True, 2)
        pieces = limit_units(draft.page.text, [unit], 1, lambda texts: [1] * len(texts))
        drafts = [Draft(draft.page, one.start, one.end, draft.headings) for one in pieces]
        return [one for one in drafts if len(drafts) > 1 and any(map(str.isalnum, one.text))]


def context_of(headings: Sequence[str], text: str) -> str:
    """The path of headings, without the last where the passage itself begins with it."""
    if headings and bare(text[: 2 * len(headings[-1]) + 8]).startswith(bare(headings[-1])):
        headings = headings[:-1]
    return SEPARATOR.join(headings)
