"""Passages of several documents on their way through the model, texts of like length together."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.chunk import contextual_text
from ingest.load.members import outer_archive
from ingest.messages import Summary
from ingest.notices import language_notice
from ingest.parse import Piece
from ingest.plan import Task
from rag_app.types import Chunk, DocumentRecord, FileOutcome, FileState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag_app.embeddings import IdentifiedEmbeddings, UnknownWords

WINDOW = 256
"""Passages that are sorted together: enough to find neighbours of like length."""
SLICE = 64
"""Passages in one call: a Ctrl-C waits for no more than these."""


@dataclass(slots=True, eq=False)
class Job:
    """A document under way.

    Attributes:
        task: Its files.
        chunks: Its passages so far.
        vectors: One for each; None until it is embedded.
        parsed: Known when the last passage is there.
        seconds: Its share of the time in the model.
        stored: Its share of the time in which it was stored with others.
        words: Words counted by a model with a vocabulary; None for one that reads any text.
        unknown: Those that it does not know.
        blank: Passages without any word that it knows.
    """

    task: Task
    chunks: list[Chunk] = field(default_factory=list)
    vectors: list[NDArray[np.float32] | None] = field(default_factory=list)
    parsed: Summary | None = None
    waiting: int = 0
    seconds: float = 0.0
    stored: float = 0.0
    words: int | None = None
    unknown: int = 0
    blank: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether it can be stored."""
        return self.parsed is not None and self.waiting == 0

    def record(self) -> DocumentRecord:
        """The catalog's row for it."""
        from rag_app.store.languages import sample, told

        parsed = self._known()
        return DocumentRecord(
            id=parsed.document_id,
            sources=tuple(str(path) for path in self._paths()),
            media_type=parsed.media_type,
            title=parsed.title,
            pages=parsed.pages,
            characters=parsed.characters,
            chunks=len(self.chunks),
            truncated_chunks=self._truncated(),
            size_bytes=parsed.size_bytes,
            added_at=datetime.now(UTC),
            modified_at=_changed_at(self.task.paths[0]),
            language=told(sample(chunk.text for chunk in self.chunks)),
            metadata=self.task.metadata,
        )

    def matrix(self) -> NDArray[np.float32]:
        """The vectors, float32 of shape (passages, dimension)."""
        import numpy as np

        return np.stack([vector for vector in self.vectors if vector is not None])

    def outcomes(
        self, known: Mapping[str, str], language: str, embeddings: IdentifiedEmbeddings
    ) -> Iterator[FileOutcome]:
        """What became of its files.

        Args:
            known: The paths that were stored before.
            language: As its record has it.
            embeddings: The model that embedded it.
        """
        notice = language_notice(language, embeddings.identity.spec, embeddings.languages)
        parsed, first = self._known(), str(self.task.paths[0])
        same = set(map(str, self._paths()))
        for path in map(str, self.task.paths):
            state: FileState = "updated" if path in known else "added"
            reason, seconds = parsed.warning, parsed.seconds + self.seconds + self.stored
            if path not in same:
                yield FileOutcome(path, "failed", _CHANGED.format(first=first))
                continue
            if path != first:
                state, reason, seconds = "duplicate", f"The same content as {first}.", 0.0
            yield FileOutcome(
                path,
                state,
                reason,
                parsed.document_id,
                parsed.pages,
                parsed.empty_pages,
                parsed.characters,
                len(self.chunks),
                self._truncated(),
                seconds,
                None if self.words is None else self.unknown / max(1, self.words),
                self.blank,
                self._stages() if path == first else {},
                parsed.peak_mb if path == first else None,
                parsed.ocr_pages,
                language,
                notice,
            )

    def count(self, found: UnknownWords) -> None:
        """Adds what a model with a vocabulary did not know of some of its passages."""
        self.words = (self.words or 0) + found.words
        self.unknown += found.unknown
        self.blank += found.blank

    def _paths(self) -> tuple[object, ...]:
        """All files of the task; only the one that was read, if it changed meanwhile."""
        same = self._known().document_id == self.task.document_id
        return self.task.paths if same else self.task.paths[:1]

    def _stages(self) -> dict[str, float]:
        return self._known().stages | {"embed": self.seconds, "store": self.stored}

    def _truncated(self) -> int:
        return sum(1 for chunk in self.chunks if chunk.truncated)

    def _known(self) -> Summary:
        if self.parsed is None:
            raise RuntimeError("the document is not parsed to its end")
        return self.parsed


def _changed_at(path: Path) -> datetime | None:
    """When a file, or the archive it is in, was last changed, if that is known and a date."""
    try:
        return datetime.fromtimestamp((outer_archive(path) or path).stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


_CHANGED = "{first}, which had the same content, changed while it was read. Run the command again."


class Window:
    """Collects passages and embeds them in slices.

    Attributes:
        known: Passages taken in so far.
        done: Passages embedded so far.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._texts: list[tuple[Job, int]] = []
        self.known = 0
        self.done = 0

    def __len__(self) -> int:
        """Passages that wait for the model."""
        return len(self._texts)

    def add(self, piece: Piece) -> list[Job]:
        """Takes passages in; returns their document, alone, if that completes it."""
        job = self._jobs.setdefault(piece.task.document_id, Job(piece.task))
        first = len(job.chunks)
        job.chunks += piece.chunks
        job.vectors += [None] * len(piece.chunks)
        job.waiting += len(piece.chunks)
        job.parsed = piece.parsed
        self.known += len(piece.chunks)
        self._texts += [(job, first + number) for number in range(len(piece.chunks))]
        return self._finished([job])

    def drop(self, task: Task) -> None:
        """Forgets a document that turned out to be unusable."""
        job = self._jobs.pop(task.document_id, None)
        if job is not None:
            self.known -= job.waiting
            self._texts = [(owner, number) for owner, number in self._texts if owner is not job]

    def embed(self, embeddings: IdentifiedEmbeddings) -> Iterator[list[Job]]:
        """Embeds what waits, longest first; yields the documents that each slice completes."""
        texts = sorted(self._texts, key=lambda item: -len(item[0].chunks[item[1]].text))
        self._texts = []
        for first in range(0, len(texts), SLICE):
            batch = texts[first : first + SLICE]
            start = time.perf_counter()
            vectors = embeddings.encode_documents(
                [contextual_text(job.chunks[number]) for job, number in batch]
            )
            share = (time.perf_counter() - start) / len(batch)
            _count_unknown(embeddings, batch)
            for (job, number), vector in zip(batch, vectors, strict=True):
                job.vectors[number] = vector
                job.waiting -= 1
                job.seconds += share
            self.done += len(batch)
            owners = dict.fromkeys(job for job, _ in batch)
            yield self._finished(owners)

    def _finished(self, jobs: Iterable[Job]) -> list[Job]:
        done = [job for job in jobs if job.is_complete]
        for job in done:
            self._jobs.pop(job.task.document_id, None)
        return done


def _count_unknown(embeddings: IdentifiedEmbeddings, batch: Iterable[tuple[Job, int]]) -> None:
    """Lets a model with a vocabulary count what it does not know, document by document."""
    texts: dict[Job, list[str]] = {}
    for job, number in batch:
        texts.setdefault(job, []).append(contextual_text(job.chunks[number]))
    for job, some in texts.items():
        found = embeddings.count_unknown(some)
        if found is None:  # it reads any text
            return
        job.count(found)
