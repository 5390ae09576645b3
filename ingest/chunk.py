"""From cleaned pages to passages, measured in the embedding model's own tokens.

A passage is a slice of one page, ends at a sentence's, line's or paragraph's end, begins anew at a
heading, and is never longer than the collection's size or than the model reads, the headings that
are embedded with it included. Every length that is stored was counted by the model's tokenizer on
the very text that is embedded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.cut import Draft, SectionCutter, TokenCounter, context_of
from ingest.sections import Section
from rag_app.types import Chunk, ChunkingIdentity, CleanPage
from rag_app.types.media import BY_LINE

_BATCH = 24  # sections counted in one call of the tokenizer
_LABEL = re.compile(r"[\w .,/–—-]{1,20}")
"""What a page may be called in a citation: no markup, and nothing that hides the rest."""


def contextual_text(chunk: Chunk) -> str:
    """What is embedded for a passage: the headings above it, a line end, and its text."""
    context = context_of(chunk.headings, chunk.text)
    return f"{context}\n{chunk.text}" if context else chunk.text


class Cutter:
    """Cuts one document into passages; ids are the same for the same content and chunking.

    Args:
        document_id: Of the document.
        media_type: What it was read as.
        embeddings: The model that will read the passages.
        chunking: The size they are to have, and what one repeats of the one before.

    Attributes:
        made: Passages so far.

    Raises:
        UsageError: The overlap is not below half of the size.
    """

    def __init__(
        self,
        document_id: str,
        media_type: str,
        embeddings: TokenCounter,
        chunking: ChunkingIdentity,
    ) -> None:
        self._document_id = document_id
        self._sections = SectionCutter(embeddings, chunking, lines=media_type in BY_LINE)
        self.made = 0

    def cut(self, sections: Sequence[Section]) -> Iterator[tuple[Chunk, ...]]:
        """The passages of the next sections, some at a time, so that embedding can begin."""
        for first in range(0, len(sections), _BATCH):
            if drafts := self._sections.cut(sections[first : first + _BATCH]):
                yield tuple(self._chunk(draft) for draft in drafts)

    def _chunk(self, draft: Draft) -> Chunk:
        ordinal, self.made = self.made, self.made + 1
        return Chunk(
            id=f"{self._document_id[:32]}-{ordinal:05d}",
            document_id=self._document_id,
            ordinal=ordinal,
            text=draft.text,
            page=draft.page.number,
            start=draft.start,
            end=draft.end,
            headings=draft.headings,
            tokens=draft.tokens,
            truncated=draft.tokens > self._sections.longest,
            label=_label(draft.page),
        )


def _label(page: CleanPage) -> str:
    """What to show beside the page's number; nothing where the document tells no more than that."""
    label = (page.label or "").strip()
    return label if label != str(page.number) and _LABEL.fullmatch(label) else ""


def chunk_document(
    document_id: str,
    media_type: str,
    parts: Iterable[Sequence[Section]],
    embeddings: TokenCounter,
    chunking: ChunkingIdentity,
) -> list[Chunk]:
    """All passages of a document whose sections are given in order.

    Raises:
        UsageError: The overlap is not below half of the size.
    """
    cutter = Cutter(document_id, media_type, embeddings, chunking)
    return [chunk for part in parts for group in cutter.cut(part) for chunk in group]


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
    cutter = SectionCutter(embeddings, chunking, lines=lines)
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


def _pieces(chunk: Chunk, cutter: SectionCutter) -> list[Chunk]:
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
