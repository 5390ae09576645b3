"""The books of a run: the outcome of every file, and what is told of the progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.report import IngestReport, Progress
from rag_app.types import FileOutcome

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings

_FORGOTTEN = "It was passed over, by a fault of this application. Run the same command again."
_NOTHING_DONE = {"unchanged", "skipped", "failed"}


class Ledger:
    """Collects outcomes and tells a listener.

    Attributes:
        total: Files in all, as far as they are known.
        chunks_known: Passages of the files parsed so far.
        chunks_done: Passages embedded so far.
        parsed: Documents whose passages are all known.
        unparsed: Documents whose passages are not known yet.
        embeddings: The model, once it is loaded.
        interrupted: Whether the run was stopped.
        problems: What the check at the end found.
        rehearsed: Whether nothing is stored.
        opened: Archives that were looked through to their end; they have no outcome themselves.
    """

    def __init__(self, collection: str, listener: Callable[[Progress], None] | None) -> None:
        self._collection, self._listener = collection, listener
        self._start = time.perf_counter()
        self._outcomes: list[FileOutcome] = []
        self.total = self.chunks_known = self.chunks_done = self.parsed = self.unparsed = 0
        self.embeddings: IdentifiedEmbeddings | None = None
        self.interrupted = self.rehearsed = False
        self.problems: tuple[str, ...] = ()
        self.opened: set[str] = set()

    def settle(self, outcomes: Iterable[FileOutcome]) -> None:
        """Enters files that have come to their end."""
        for outcome in outcomes:
            self._outcomes.append(outcome)
            self.total = max(self.total, len(self._outcomes))
            self.tell()

    def account(self, paths: Iterable[Path]) -> None:
        """Enters files that have no outcome, which none should be, rather than say nothing."""
        known = {outcome.path for outcome in self._outcomes}
        self.settle(
            FileOutcome(str(path), "failed", _FORGOTTEN) for path in paths if str(path) not in known
        )

    @property
    def looked_through(self) -> frozenset[str]:
        """Archives of which every member has its outcome."""
        return frozenset(() if self.interrupted else self.opened)

    @property
    def has_changed(self) -> bool:
        """Whether something was stored or forgotten."""
        return any(one.state not in _NOTHING_DONE for one in self._outcomes)

    def tell(self) -> None:
        """Tells the listener where the run stands."""
        if self._listener is not None:
            self._listener(
                Progress(
                    done=len(self._outcomes),
                    total=self.total,
                    path=self._outcomes[-1].path if self._outcomes else "",
                    chunks_done=self.chunks_done,
                    chunks_known=self.chunks_known,
                    seconds=time.perf_counter() - self._start,
                    encoder_seconds=self._encoder_seconds(),
                    parsed=self.parsed,
                    unparsed=self.unparsed,
                )
            )

    def report(self) -> IngestReport:
        """What was finished so far."""
        return IngestReport(
            tuple(self._outcomes),
            self._collection,
            time.perf_counter() - self._start,
            self._encoder_seconds(),
            self.interrupted,
            self.problems,
            self.rehearsed,
        )

    def _encoder_seconds(self) -> float:
        return self.embeddings.encoder_seconds if self.embeddings else 0.0
