"""From cleaned pages to passages, measured in the embedding model's own tokens.

A passage is a slice of one page, ends at a sentence's, line's or paragraph's end, begins anew at a
heading, and is never longer than the collection's size or than the model reads, the headings that
are embedded with it included. Every length that is stored was counted by the model's tokenizer on
the very text that is embedded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from ingest.pack import pack, with_overlap
from ingest.sections import Section, bare, find_sections
from ingest.units import Unit, limit_units, split_units
from rag_app.errors import UsageError
from rag_app.types import Chunk, ChunkingIdentity, CleanPage, EmbeddingIdentity, LoadedDocument
from rag_app.types.media import BY_LINE

SEPARATOR = " > "
_CONTEXT_SHARE = 3  # headings may take one part in three of a passage
_BATCH = 24  # sections counted in one call of the tokenizer


class TokenCounter(Protocol):
    """What the chunker needs of an embedding model (``IdentifiedEmbeddings`` has it)."""

    @property
    def identity(self) -> EmbeddingIdentity:
        """Says how much the model reads."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; special tokens and the model's prefix are counted."""


def contextual_text(chunk: Chunk) -> str:
    """What is embedded for a passage: the headings above it, a line end, and its text."""
    context = _context(chunk.headings, chunk.text)
    return f"{context}\n{chunk.text}" if context else chunk.text


def chunk_document(
    document_id: str,
    document: LoadedDocument,
    pages: Sequence[CleanPage],
    embeddings: TokenCounter,
    chunking: ChunkingIdentity,
) -> list[Chunk]:
    """Cuts a document into passages; ids are the same for the same content and chunking.

    Raises:
        UsageError: The overlap is not below half of the size.
    """
    sections = find_sections(document, pages)
    return list(cut_sections(document_id, document.media_type, sections, embeddings, chunking))


def cut_sections(
    document_id: str,
    media_type: str,
    sections: Iterable[Section],
    embeddings: TokenCounter,
    chunking: ChunkingIdentity,
) -> Iterator[Chunk]:
    """The same for sections as they come, so that embedding can begin before the last is cut."""
    cutter = _Cutter(embeddings, chunking, lines=media_type in BY_LINE)
    ordinal = 0
    coming = iter(sections)
    while batch := list(islice(coming, _BATCH)):
        for draft in cutter.cut(batch):
            yield Chunk(
                id=f"{document_id[:32]}-{ordinal:05d}",
                document_id=document_id,
                ordinal=ordinal,
                text=draft.text,
                page=draft.page.number,
                start=draft.start,
                end=draft.end,
                headings=draft.headings,
                tokens=draft.tokens,
                truncated=draft.tokens > cutter.longest,
            )
            ordinal += 1


def split_chunks(
    chunks: Sequence[Chunk],
    embeddings: TokenCounter,
    chunking: ChunkingIdentity,
    *,
    lines: bool,
) -> list[Chunk]:
    """Cuts those passages of a document that are longer than ``chunking`` allows.

    For a document whose file is gone: passages are split where they are too long, never joined, so
    that each is still a slice of its page. Tokens are counted anew for all of them.

    Args:
        chunks: All passages of a document, in order.
        embeddings: The model that will read them.
        chunking: The size they are to have, and what the pieces of one repeat.
        lines: Whether every line end is a border, as in a PDF.
    """
    cutter = _Cutter(embeddings, chunking, lines=lines)
    counts = embeddings.count_tokens([contextual_text(chunk) for chunk in chunks])
    pieces: list[Chunk] = []
    for chunk, tokens in zip(chunks, counts, strict=True):
        longer = tokens > min(chunking.size, cutter.longest)
        pieces += (_pieces(chunk, cutter) if longer else []) or [replace(chunk, tokens=tokens)]
    return [
        replace(
            piece,
            id=f"{piece.document_id[:32]}-{ordinal:05d}",
            ordinal=ordinal,
            truncated=piece.tokens > cutter.longest,
        )
        for ordinal, piece in enumerate(pieces)
    ]


def _pieces(chunk: Chunk, cutter: _Cutter) -> list[Chunk]:
    page = CleanPage(chunk.page, chunk.text, range(len(chunk.text) + 1))
    section = Section(page, 0, len(chunk.text), chunk.headings)
    return [
        replace(
            chunk,
            text=draft.text,
            start=chunk.start + draft.start,
            end=chunk.start + draft.end,
            headings=draft.headings,
            tokens=draft.tokens,
        )
        for draft in cutter.cut([section])
    ]


@dataclass(frozen=True, slots=True)
class _Draft:
    page: CleanPage
    start: int
    end: int
    headings: tuple[str, ...]
    tokens: int = 0

    @property
    def text(self) -> str:
        return self.page.text[self.start : self.end]

    @property
    def embedded(self) -> str:
        context = _context(self.headings, self.text)
        return f"{context}\n{self.text}" if context else self.text


class _Cutter:
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
        self._contexts: dict[tuple[str, ...], tuple[tuple[str, ...], int]] = {}

    def cut(self, sections: Sequence[Section]) -> list[_Draft]:
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
        drafts: list[_Draft] = []
        for part, units in zip(sections, split, strict=True):
            for unit in units:
                unit.tokens = next(counts)
            drafts += self._pack(part, units)
        return self._verified(drafts)

    def _pack(self, section: Section, units: Sequence[Unit]) -> list[_Draft]:
        headings, taken = self._fitting(section.headings)
        room = max(1, self._limit - self._special - taken)
        if sum(unit.tokens for unit in units) > room:
            room = max(1, room - self._chunking.overlap)
        units = limit_units(section.page.text, units, room, self._count)
        ranges = with_overlap(units, pack(units, room), self._chunking.overlap)
        drafts = (
            _Draft(section.page, units[first].start, units[last - 1].end, headings)
            for first, last in ranges
        )
        return [draft for draft in drafts if any(char.isalnum() for char in draft.text)]

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
        return [max(0, tokens - self._special) for tokens in self._model.count_tokens(texts)]

    def _verified(self, drafts: list[_Draft]) -> list[_Draft]:
        """Counts each passage whole; tokens of parts need not add up, so a few are cut again."""
        if not drafts:
            return []
        counts = self._model.count_tokens([draft.embedded for draft in drafts])
        done: list[_Draft] = []
        for draft, tokens in zip(drafts, counts, strict=True):
            pieces = self._again(draft) if tokens > self._limit else []
            done += self._verified(pieces) if len(pieces) > 1 else [replace(draft, tokens=tokens)]
        return done

    def _again(self, draft: _Draft) -> list[_Draft]:
        unit = Unit(draft.start, draft.end, True, 2)
        pieces = limit_units(draft.page.text, [unit], 1, lambda texts: [1] * len(texts))
        return [_Draft(draft.page, one.start, one.end, draft.headings) for one in pieces]


def _context(headings: Sequence[str], text: str) -> str:
    """The path of headings, without the last where the passage itself begins with it."""
    if headings and bare(text[: 2 * len(headings[-1]) + 8]).startswith(bare(headings[-1])):
        headings = headings[:-1]
    return SEPARATOR.join(headings)
