"""One file, stage by stage: what each made of it (``ingest --explain``).

It is read as an ingestion would read it: by a worker process, within the limits of the settings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ingest.chunk import chunk_document
from ingest.limits import limits_of, options_of
from ingest.load import FORMATS, format_of, joined
from ingest.messages import Reading
from ingest.plan import Task
from ingest.pool import Readers
from ingest.reading import unexpected
from ingest.sections import Section
from ingest.target import Target
from rag_app.errors import RagError
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

    source = Path(path).expanduser().absolute()
    named = format_of(source)
    reading, sections = _read(source, settings)
    document = joined([seen.document for seen in reading.seen])
    summary = reading.summary
    with Store(settings) as store:
        embeddings, chunking = Target(store, settings, settings.collection, None).model()
    chunks = chunk_document(
        summary.document_id, document.media_type, sections, embeddings, chunking
    )
    return Stages(
        str(source),
        summary.document_id,
        summary.size_bytes,
        named.media_type,
        document.media_type,
        _loader(reading.seen[0].read_as, named.module),
        document,
        tuple(page for seen in reading.seen for page in seen.pages),
        tuple(chunks),
        embeddings.identity.spec,
    )


def _read(source: Path, settings: Settings) -> tuple[Reading, list[tuple[Section, ...]]]:
    """What one worker says of the file, to its end."""
    limits = replace(limits_of(settings), workers=1)
    readers = Readers(options_of(settings), limits, explained=True)
    try:
        turns = readers.turns([Task("", (source,))])  # held: its end deletes what was converted
        reading = next(turns).read()
        return reading, [part.sections for part in reading.parts()]
    except (RagError, MemoryError):
        raise
    except Exception as error:  # small plain text is read here, and may have faults as well
        raise unexpected(source, error) from error
    finally:
        readers.close()


def _loader(told: str, named: str) -> str:
    return next((row.module for row in FORMATS if row.media_type == told), named)
