"""One file, stage by stage: what each made of it (``ingest --explain``)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from ingest.chunk import chunk_document
from ingest.legacy import readable
from ingest.limits import options_of
from ingest.load import FORMATS, format_of, joined, read_file, told_by_content
from ingest.reading import read_blocks
from ingest.target import Target
from rag_app.settings import Settings
from rag_app.types import Chunk, CleanPage, LoadedDocument


@dataclass(frozen=True, slots=True)
class Stages:
    """What became of a file at each stage.

    Attributes:
        path: The file.
        document_id: SHA-256 of its bytes.
        size_bytes: How many these are.
        by_name: The media type that its name tells.
        by_content: The one that it was read as.
        loader: The module that read it.
        document: What that made of it.
        pages: The same, cleaned.
        chunks: The passages.
        model: The embedding model whose tokens are counted.
    """

    path: str
    document_id: str
    size_bytes: int
    by_name: str
    by_content: str
    loader: str
    document: LoadedDocument
    pages: tuple[CleanPage, ...]
    chunks: tuple[Chunk, ...]
    model: str

    def to_json(self) -> dict[str, object]:
        """All of it as an object."""
        pages = [
            {
                "number": raw.number,
                "label": raw.label,
                "recognised": raw.recognised,
                "raw": raw.text,
                "clean": clean.text,
            }
            for raw, clean in zip(self.document.pages, self.pages, strict=True)
        ]
        return {
            "path": self.path,
            "document_id": self.document_id,
            "size_bytes": self.size_bytes,
            "by_name": self.by_name,
            "by_content": self.by_content,
            "loader": self.loader,
            "title": self.document.title,
            "metadata": self.document.metadata,
            "warning": self.document.warning,
            "pages": pages,
            "headings": [asdict(heading) for heading in self.document.headings],
            "model": self.model,
            "chunks": [asdict(chunk) for chunk in self.chunks],
        }


def stages_of(path: str | Path, settings: Settings) -> Stages:
    """Takes one file through all stages up to its passages; nothing is stored.

    Raises:
        DocumentError: It cannot be ingested; why is in the message.
        RagError: The embedding model cannot be loaded.
    """
    from rag_app.store import Store

    options, source = options_of(settings), Path(path).expanduser().absolute()
    named = format_of(source)
    file = read_file(source, options)
    told = told_by_content(file, named.media_type)
    with readable(source, options, settings.parse_seconds) as found:
        blocks = list(read_blocks(file, found))
    document = joined([block.document for block in blocks])
    pages = tuple(page for block in blocks for page in block.pages)
    with Store(settings) as store:
        embeddings, chunking = Target(store, settings, settings.collection, None).model()
    digest = hashlib.sha256(file.data).hexdigest()
    sections = (block.sections for block in blocks)
    chunks = chunk_document(digest, document.media_type, sections, embeddings, chunking)
    return Stages(
        str(source),
        digest,
        len(file.data),
        named.media_type,
        document.media_type,
        _loader(told, named.module),
        document,
        pages,
        tuple(chunks),
        embeddings.identity.spec,
    )


def _loader(told: str, named: str) -> str:
    return next((row.module for row in FORMATS if row.media_type == told), named)
