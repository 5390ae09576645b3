"""A collection switched to another embedding model, while the present index goes on answering.

The next index is built beside the live one, in rounds: each compares the documents of both and
carries over what differs, so that it does not matter what came, changed or went during the build,
or where an earlier run was cut off. The last round runs while no one may write to the live index;
then both change places in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from ingest.chunk import contextual_text
from ingest.copy import Copier, Listener, Meter, Stop
from ingest.limits import options_of
from ingest.recut import Cuts, Recutter
from ingest.switch_plan import SwitchPlan, plan_switch
from rag_app.errors import StoreBusyError, StoreError
from rag_app.settings import Settings
from rag_app.types import DocumentRecord

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Generations, Store, Writer

__all__ = ["Switch", "SwitchPlan", "open_switch", "plan_switch"]

_GAP_S = 0.02
"""Between two batches for the vector index: whoever asks gets his turn at Chroma."""
_ROUNDS = 8
"""Rounds before the live index is held; what comes in after them is carried over meanwhile."""


@contextmanager
def open_switch(
    store: Store, settings: Settings, plan: SwitchPlan, embeddings: IdentifiedEmbeddings
) -> Iterator[Switch]:
    """Begins the next index, or goes on with the one that is there.

    Args:
        store: Where the collection is.
        settings: For reading the documents' files.
        plan: What ``plan_switch`` gave for the same model.
        embeddings: The model, with its vector cache.

    Raises:
        StoreBusyError: Another process is building the next index.
        StoreError: The live index has not caught up since a rollback.
    """
    generations = store.generations(plan.name)
    following = generations.get("next") if plan.resumes else None
    if following is None:
        following = generations.begin(plan.identity, plan.chunking, plan.asked)
    with ExitStack() as stack:
        try:
            writer = stack.enter_context(following.writer(wait_s=0, deferred=True))
        except StoreBusyError as error:
            raise StoreBusyError(
                f"Another process is switching the collection '{plan.name}' just now. Wait for it "
                "to end, or end it, and run this again; what it has built is kept."
            ) from error
        recutter = Recutter(embeddings, plan.before.chunking, plan.chunking, options_of(settings))
        yield Switch(generations, following, writer, embeddings, recutter)


class Switch:
    """A next index under construction; made by ``open_switch``, used in one thread.

    Attributes:
        live: The index that answers.
        following: The next one.
    """

    def __init__(
        self,
        generations: Generations,
        following: Collection,
        writer: Writer,
        embeddings: IdentifiedEmbeddings,
        recutter: Recutter,
    ) -> None:
        self.live, self.following = generations.live, following
        self._generations, self._writer = generations, writer
        self._embeddings, self._recutter = embeddings, recutter

    @property
    def sends_text(self) -> bool:
        """Whether the new model gets text that leaves this machine."""
        return self._embeddings.destination is not None

    @property
    def sends_again(self) -> bool:
        """Whether a comparison on the live passages would send away text that was not yet sent."""
        return self.sends_text and bool(self.cuts.from_file or self.cuts.from_passages)

    @property
    def cuts(self) -> Cuts:
        """How the documents of this run came to their passages."""
        return self._recutter.cuts

    def tokens_left(self) -> int:
        """Tokens that the model has still to read, by its own count of the live passages."""
        missing = self._work(Meter(None)).missing
        return sum(
            sum(self._embeddings.count_tokens([contextual_text(chunk) for chunk in chunks]))
            for chunks in (self.live.chunks(record.id) for record in missing)
        )

    def build(self, progress: Listener = None, stop: Stop = lambda: False) -> bool:
        """Builds until the next index holds the documents of the live one, or ``stop`` says so.

        Args:
            progress: Called often, in this thread.
            stop: Asked often; what is built until then is kept.

        Returns:
            Whether the end was reached.

        Raises:
            RagError: The model or the store fails; what is built is kept.
        """
        meter = Meter(progress)
        for _ in range(_ROUNDS):
            work = self._work(meter)
            if work.is_empty:
                break
            if not self._round(work, meter, stop):
                return False
        return self._index(meter, stop)

    def change_over(
        self,
        progress: Listener = None,
        stop: Stop = lambda: False,
        on_wait: Callable[[], None] | None = None,
    ) -> bool:
        """Carries over what has changed since, and lets the next index take the live one's place.

        Args:
            progress: Called often, in this thread.
            stop: Asked often.
            on_wait: Called if somebody is writing to the live index.

        Returns:
            Whether it did; if it was stopped, all is as before.

        Raises:
            StoreBusyError: Somebody writes to the live index and did not end in time.
            StoreError: The collection was changed over or deleted by somebody else.
        """
        if not self.build(progress, stop):
            return False
        meter = Meter(progress)
        with self._generations.holding(self.live, on_wait):
            for _ in range(_ROUNDS):
                work = self._work(meter)
                if work.is_empty:
                    self._writer.flush()
                    self._generations.change_over(self.live, self.following)
                    return True
                if not self._round(work, meter, stop):
                    return False
        raise StoreError(
            f"The two indexes of '{self._generations.name}' do not come to hold the same documents."
            " Run rag doctor to see what is wrong with the collection."
        )

    def _index(self, meter: Meter, stop: Stop) -> bool:
        """Builds the vector index, once all passages are stored: that is its quickest way."""

        def go_on(waiting: int) -> bool:
            meter.path = f"building the vector index, {waiting} passages left"
            meter.tell()
            time.sleep(_GAP_S)
            return not stop()

        self._writer.flush(go_on)
        return not stop()

    def _work(self, meter: Meter) -> _Work:
        work = _Work(
            {record.id: record for record in self.live.documents() if record.sources},
            {record.id: record for record in self.following.documents()},
        )
        meter.total, meter.done = len(work.wanted), len(work.wanted) - len(work.missing)
        meter.chunks_known = meter.chunks_done + sum(one.chunks for one in work.missing)
        return work

    def _round(self, work: _Work, meter: Meter, stop: Stop) -> bool:
        if work.is_disarranged:
            self._writer.arrange({id_: one.sources for id_, one in work.wanted.items()})
            self._writer.describe({id_: one.metadata for id_, one in work.wanted.items()})
        copier = Copier(self._writer, self._recutter, self._embeddings, meter, stop)
        return copier.copy(self.live, work.missing)


class _Work:
    """What the next index lacks, or has too much.

    Attributes:
        wanted: Documents of the live index.
        missing: Those of them that are to be carried over.
        is_disarranged: Whether documents that both have are held by other paths, are said other
            things of, or should go.
    """

    def __init__(self, wanted: dict[str, DocumentRecord], held: dict[str, DocumentRecord]) -> None:
        self.wanted = wanted
        # A document that was ingested again by force has another time.
        self.missing = [
            record
            for id_, record in wanted.items()
            if id_ not in held or held[id_].added_at != record.added_at
        ]
        self.is_disarranged = any(
            id_ not in wanted
            or wanted[id_].sources != record.sources
            or wanted[id_].metadata != record.metadata
            for id_, record in held.items()
        )

    @property
    def is_empty(self) -> bool:
        return not self.missing and not self.is_disarranged
