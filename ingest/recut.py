"""The passages of a stored document, as another embedding model is to read them.

They stay as they are when that model takes them: the same passages under the same ids. Otherwise
the document is cut anew, from its file if that is still there with the same content, and from the
stored passages if not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.chunk import chunk_document, contextual_text, split_chunks
from ingest.cut import TokenCounter
from ingest.load import LoadOptions, read_file
from ingest.reading import Block, read_blocks
from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.types import (
    Chunk,
    ChunkingIdentity,
    DocumentRecord,
    EmbeddingIdentity,
)
from rag_app.types.media import BY_LINE

_SHARE_OF_OVERLAP = 4  # where the former overlap would be half a passage or more


@dataclass(slots=True)
class Cuts:
    """How documents came to their passages.

    Attributes:
        kept: Documents that have the same passages as before.
        from_file: Those cut anew from their file.
        from_passages: Those cut anew from stored passages: their file is gone, or has changed.
        blank: Passages that the model knows no word of; they are found by keywords only.
    """

    kept: int = 0
    from_file: int = 0
    from_passages: int = 0
    blank: int = 0


class Recutter:
    """Fits stored documents to a model.

    Args:
        embeddings: The model.
        before: How the stored passages were cut.
        chunking: How they are to be cut.
        options: For reading files.
    """

    def __init__(
        self,
        embeddings: TokenCounter,
        before: ChunkingIdentity,
        chunking: ChunkingIdentity,
        options: LoadOptions,
    ) -> None:
        self._embeddings, self._chunking, self._options = embeddings, chunking, options
        self._resized = before != chunking
        self.cuts = Cuts()

    def passages(self, record: DocumentRecord, chunks: Sequence[Chunk]) -> list[Chunk]:
        """The passages of a document for the model, with its own token counts."""
        longest = self._embeddings.identity.max_tokens
        counts = self._embeddings.count_tokens([contextual_text(chunk) for chunk in chunks])
        if not self._resized and max(counts, default=0) <= min(longest, self._chunking.size):
            self.cuts.kept += 1
            return [
                replace(chunk, tokens=tokens, truncated=False)
                for chunk, tokens in zip(chunks, counts, strict=True)
            ]
        if fresh := self._from_file(record):
            self.cuts.from_file += 1
            return fresh
        split = split_chunks(
            chunks, self._embeddings, self._chunking, lines=record.media_type in BY_LINE
        )
        # A larger size asks for nothing that stored passages could give.
        if len(split) == len(chunks):
            self.cuts.kept += 1
        else:
            self.cuts.from_passages += 1
        return split

    def _from_file(self, record: DocumentRecord) -> list[Chunk]:
        """Nothing if no path of the document leads to its content any more."""
        for source in record.sources:
            if blocks := _blocks(Path(source), record.id, self._options):
                return chunk_document(
                    record.id,
                    blocks[0].document.media_type,
                    (block.sections for block in blocks),
                    self._embeddings,
                    self._chunking,
                )
        return []


def _blocks(path: Path, document_id: str, options: LoadOptions) -> list[Block]:
    """A document from its file, if that still holds this very content."""
    try:
        file = read_file(path, options)
        if hashlib.sha256(file.data).hexdigest() != document_id:
            return []
        return list(read_blocks(file, options))
    except Exception:  # noqa: BLE001 - one untrusted file must not stop the others
        return []


def chunking_after(
    settings: Settings,
    before: ChunkingIdentity,
    model_before: EmbeddingIdentity,
    model: EmbeddingIdentity,
) -> ChunkingIdentity:
    """How a collection is cut for another model: as it was, within what the model reads.

    A size that was no more than the former model could read gives way to the settings' one, and
    one that was set on purpose has the last word.

    Raises:
        UsageError: The overlap that was set is not below half of the size.
    """
    size, overlap = before.size, before.overlap
    if settings.origin("chunk_tokens").source != "default":
        size = settings.chunk_tokens
    elif size == model_before.max_tokens:
        size = max(size, settings.chunk_tokens)
    size = min(size, model.max_tokens)
    if settings.origin("chunk_overlap").source != "default":
        overlap = settings.chunk_overlap
        if 2 * overlap >= size:
            raise UsageError(
                f"chunk_overlap ({overlap}) must be below half of a passage's {size} tokens. Lower "
                "it, or raise chunk_tokens."
            )
    elif 2 * overlap >= size:
        overlap = size // _SHARE_OF_OVERLAP
    return ChunkingIdentity(size=size, overlap=overlap)
