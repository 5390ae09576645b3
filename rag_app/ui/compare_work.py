"""A comparison on its way, and the results of the last ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import RagError
from rag_app.settings import Settings
from rag_app.ui.work import Bench, Work

if TYPE_CHECKING:
    from rag_app.evaluation import Comparison, Material, Step


class CompareJob(Work["Comparison"]):
    """One comparison.

    Attributes:
        collection: Name of the collection.
        specs: The models, in the order in which they are measured.
        step: The last that was told; None while the questions are read or made.
        since: When the stage of ``step`` began (monotonic).
        unkept: Why the result could not be kept on disk; empty otherwise.
    """

    def __init__(
        self,
        settings: Settings,
        collection: str,
        specs: Sequence[str],
        material: Callable[[Work[Comparison]], Material],
    ) -> None:
        super().__init__(lambda _: self._compare(settings, material(self)))
        self.collection = collection
        self.specs = list(specs)
        self.step: Step | None = None
        self.since = time.monotonic()
        self.unkept = ""

    def _compare(self, settings: Settings, material: Material) -> Comparison:
        from rag_app.evaluation import compare_models
        from rag_app.evaluation.kept import keep_comparison

        comparison = compare_models(
            material,
            self.specs,
            settings,
            progress=self._tell,
            cancelled=lambda: self.cancelled,
        )
        if not comparison.models and self.cancelled:
            raise RagError("You stopped the comparison before the first model was done.")
        try:
            keep_comparison(comparison, settings)
        except RagError as error:
            self.unkept = str(error)
        return comparison

    def _tell(self, step: Step) -> None:
        before = self.step
        if before is None or (before.spec, before.stage) != (step.spec, step.stage):
            self.since = time.monotonic()
        self.step = step


_ALL = "all collections"
"""Comparisons use whole cores: one at a time, whatever it compares."""


class Desk:
    """Where the comparisons of this process lie: one at work at most, and the last results."""

    def __init__(self) -> None:
        self._bench: Bench[CompareJob] = Bench()
        self._read: dict[Path, tuple[int, Comparison]] = {}

    @property
    def running(self) -> CompareJob | None:
        """The comparison that is at work, of any collection and for any session."""
        return self._bench.running(_ALL)

    def ended(self, collection: str) -> CompareJob | None:
        """The comparison of a collection that ended last, until it is dismissed."""
        job = self._bench.ended(_ALL)
        return job if job is not None and job.collection == collection else None

    def start(self, job: CompareJob) -> bool:
        """Starts ``job``; says False, and does nothing, while another one is at work."""
        return self._bench.start(_ALL, job)

    def dismiss(self) -> None:
        """Forgets what the last comparison had to complain of."""
        self._bench.dismiss(_ALL)

    def result(self, settings: Settings, collection: str) -> Comparison | None:
        """The last comparison of a collection, whoever made it.

        Raises:
            UsageError: The file that it was kept in cannot be read.
        """
        from rag_app.evaluation.kept import kept_comparison, kept_path

        ended = self.ended(collection)
        if ended is not None and ended.unkept:
            return ended.result
        path = kept_path(settings, collection)
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return None
        before = self._read.get(path)
        if before is not None and before[0] == changed:
            return before[1]
        comparison = kept_comparison(settings, collection)
        if comparison is not None:
            self._read[path] = (changed, comparison)
        return comparison


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """The desk of this process."""
    return Desk()
