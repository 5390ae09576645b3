"""Stored documents carried into another index: fitted to its model, embedded, stored whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.chunk import contextual_text
from ingest.recut import Recutter
from ingest.report import Progress
from ingest.window import SLICE, WINDOW
from rag_app.types import Chunk, DocumentRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Writer

Listener = Callable[[Progress], None] | None
Stop = Callable[[], bool]

_SMALL_DOCUMENTS = 256
"""Documents stored together at most, however few passages they have."""


class Meter:
    """Tells a listener how far a copy has come.

    Attributes:
        total: Documents in all.
        done: Documents that are stored.
        chunks_known: Passages to be embedded in this run.
        chunks_done: Passages that were embedded in it.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener, self._start = listener, time.perf_counter()
        self.total = self.done = self.chunks_known = self.chunks_done = 0
        self.path = ""

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self._start

    def tell(self) -> None:
        """Tells the listener."""
        if self._listener is not None:
            # Wall time, not the model's own: passages that the cache knows cost it nothing.
            self._listener(
                Progress(
                    self.done,
                    self.total,
                    self.path,
                    self.chunks_done,
                    self.chunks_known,
                    self.seconds,
                    encoder_seconds=0.0,
                    all_known=True,
                )
            )


class Copier:
    """Copies documents from one index to another, some at once.

    Args:
        writer: Of the index to write to.
        recutter: Fits passages to its model.
        embeddings: That model.
        meter: Is told of every step.
        stop: Asked after each call of the model; true ends the copy. What the model did until
            then is in the vector cache.
    """

    def __init__(
        self,
        writer: Writer,
        recutter: Recutter,
        embeddings: IdentifiedEmbeddings,
        meter: Meter,
        stop: Stop,
    ) -> None:
        self._writer, self._recutter, self._embeddings = writer, recutter, embeddings
        self._meter, self._stop = meter, stop
        self.cuts = recutter.cuts

    def copy(self, source: Collection, records: Iterable[DocumentRecord]) -> bool:
        """Copies documents under the sources that ``records`` name; returns whether all are done.

        One that has gone from the source meanwhile is left out.
        """
        batch: list[tuple[DocumentRecord, list[Chunk]]] = []
        passages = 0
        for record in records:
            if self._stop():
                return False
            chunks = source.chunks(record.id)
            if not chunks and source.document(record.id) is None:
                continue
            fitted = self._recutter.passages(record, chunks)
            self._meter.chunks_known += len(fitted) - record.chunks
            batch.append((record, fitted))
            passages += len(fitted)
            if passages >= WINDOW or len(batch) >= _SMALL_DOCUMENTS:
                if not self._store(batch, source.key):
                    return False
                batch, passages = [], 0
        return self._store(batch, source.key)

    def _store(self, batch: Sequence[tuple[DocumentRecord, list[Chunk]]], source: int) -> bool:
        vectors = self._embedded([chunk for _, chunks in batch for chunk in chunks])
        if vectors is None:
            return False
        items, first = [], 0
        for record, chunks in batch:
            stored = replace(
                record,
                chunks=len(chunks),
                truncated_chunks=sum(chunk.truncated for chunk in chunks),
            )
            items.append((stored, chunks, vectors[first : first + len(chunks)]))
            first += len(chunks)
        if items:
            self.cuts.blank += int((~vectors.any(axis=1)).sum())
            self._writer.put_many(items)
            self._writer.copy_readings(source, [record.id for record, _ in batch])
            self._meter.done = min(self._meter.done + len(items), self._meter.total)
            self._meter.path = items[-1][0].source
            self._meter.tell()
        return True

    def _embedded(self, chunks: Sequence[Chunk]) -> NDArray[np.float32] | None:
        """Vectors in the order of ``chunks``, texts of like length together; None if stopped."""
        import numpy as np

        texts = [contextual_text(chunk) for chunk in chunks]
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        vectors = np.empty((len(texts), self._embeddings.identity.dimension), np.float32)
        for first in range(0, len(order), SLICE):
            picked = order[first : first + SLICE]
            vectors[picked] = self._embeddings.encode_documents([texts[i] for i in picked])
            self._meter.chunks_done += len(picked)
            self._meter.tell()
            if self._stop() and first + SLICE < len(order):
                return None
        return vectors
