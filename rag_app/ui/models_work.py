"""Models being made or measured, in threads of their own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag_app.errors import UsageError
from rag_app.settings import Settings
from rag_app.ui.compare_setup import QuestionFile
from rag_app.ui.upload_files import safe_name
from rag_app.ui.work import Bench, StoppedError, Work

if TYPE_CHECKING:
    from rag_app.evaluation import TuneResult, TuneStep

LEARN = "learn"
MEASURE = "measure"
"""Both use whole cores: of each kind one at a time, for all sessions."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A model that was made.

    Attributes:
        spec: Of the model.
        texts: Passages that it has learned from; those of a tuned model are in ``tuned``.
        tuned: How a tuned one did before and after.
    """

    spec: str
    texts: int = 0
    tuned: TuneResult | None = None


class LearnJob(Work["Learned | None"]):
    """A model in the making; it has no result where the reader has stopped it.

    Attributes:
        collection: What it learns from.
        title: What is done, for the reader.
        stopping: What stopping leaves.
        stage: What it is at.
        share: How much of the stage is done, from 0 to 1.
        notices: What the reader should know.
    """

    stopping = ""

    def __init__(self, settings: Settings, collection: str, title: str) -> None:
        super().__init__(lambda _: self._learn())
        self.collection, self.title = collection, title
        self.stage = "load"
        self.share = 0.0
        self.notices: list[str] = []
        self._settings = settings

    def _learn(self) -> Learned | None:
        raise NotImplementedError


class TrainJob(LearnJob):
    """A model of words, learned from the passages of a collection.

    Attributes:
        spec: Kind of model, with options.
        name: What it will be called; made of the collection's name where it is empty.
    """

    stopping = "Nothing is kept of a training that was stopped."

    def __init__(self, settings: Settings, collection: str, spec: str, name: str) -> None:
        super().__init__(settings, collection, f"Training {spec} on {collection}")
        self.spec, self.name = spec, name

    def _learn(self) -> Learned | None:
        from ingest.switch_model import texts_of
        from rag_app.embeddings import fitted_for, train
        from rag_app.store import Store

        with Store(self._settings) as store:
            texts = texts_of(store.get(self.collection))
        try:
            if self.name:
                made = train(
                    self.spec,
                    texts,
                    self._settings,
                    self.name,
                    about=self.collection,
                    progress=self._tell,
                )
            else:
                made = fitted_for(
                    self.spec,
                    lambda: texts,
                    self._settings,
                    collection=self.collection,
                    progress=self._tell,
                )
        except StoppedError:
            return None
        return Learned(made, len(texts))

    def _tell(self, share: float) -> None:
        if self.cancelled:
            raise StoppedError
        self.stage, self.share = "training", share


class TuneJob(LearnJob):
    """A sentence transformer made to fit a collection.

    Attributes:
        base: Spec of the model to begin with.
        name: What it will be called.
        file: The reader's own questions; None for those of the collection.
        epochs: How often all is learned.
    """

    stopping = "What is learned is kept: going on later begins there."

    def __init__(
        self,
        settings: Settings,
        collection: str,
        base: str,
        name: str,
        file: QuestionFile | None,
        epochs: int,
    ) -> None:
        super().__init__(settings, collection, f"Tuning {base} on {collection}")
        self.base, self.name, self.file, self.epochs = base, name, file, epochs
        self._entered, self._first = time.monotonic(), 0

    @property
    def seconds_left(self) -> float | None:
        """Of the stage that it is at, by how fast that has gone; None while that is not known."""
        gone, passed = self.done - self._first, time.monotonic() - self._entered
        return passed / gone * (self.total - self.done) if gone > 0 and passed > 2 else None

    def again(self) -> TuneJob:
        """The same once more: it goes on where this one was stopped."""
        return TuneJob(
            self._settings, self.collection, self.base, self.name, self.file, self.epochs
        )

    def _learn(self) -> Learned | None:
        from rag_app.evaluation import TuneRequest, tune_model
        from rag_app.evaluation.tune_train import Recipe
        from rag_app.store import Store

        with Store(self._settings) as store, _written(self.file) as path:
            result = tune_model(
                store.get(self.collection),
                self._settings,
                TuneRequest(self.base, self.name, path, Recipe(epochs=self.epochs)),
                progress=self._tell,
                cancelled=lambda: self.cancelled,
                notice=self.notices.append,
            )
        if result is None:
            return None
        told = result.questions.replace(f"{path.parent}{os.sep}", "") if path else result.questions
        return Learned(result.spec, tuned=replace(result, questions=told))

    def _tell(self, step: TuneStep) -> None:
        if step.stage != self.stage:  # what was done before a stop has taken no time now
            self._entered, self._first = time.monotonic(), step.done
        self.stage = step.stage
        self.share = step.done / step.total if step.total else 0.0
        self.note(step.done, step.total)


class MeasureJob(Work[Any]):
    """Figures of a model on words: a ``WordReport`` or a ``BiasReport``; None where stopped.

    Attributes:
        spec: The model.
    """

    def __init__(
        self, settings: Settings, spec: str, *, bias: bool, analogies: bool, folder: str
    ) -> None:
        super().__init__(lambda _: self._measure())
        self.spec = spec
        self._settings, self._bias = settings, bias
        self._analogies, self._folder = analogies, folder

    def _measure(self) -> object:
        from rag_app.evaluation import measure_bias, measure_words
        from rag_app.evaluation.word_sets import analogies, word_pairs
        from rag_app.ui.models_spaces import embeddings_of

        folder = Path(self._folder).expanduser() if self._folder else None
        try:
            if self._bias:
                return measure_bias(embeddings_of(self._settings, self.spec), progress=self._tell)
            sets = word_pairs(folder)  # a wrong folder is told before a model is loaded
            return measure_words(
                embeddings_of(self._settings, self.spec),
                sets,
                analogies(folder) if self._analogies else [],
                progress=self._tell,
            )
        except StoppedError:
            return None

    def _tell(self, done: int, total: int) -> None:
        if self.cancelled:
            raise StoppedError
        self.note(done, total)


@contextmanager
def _written(file: QuestionFile | None) -> Iterator[Path | None]:
    """Questions as a file; messages name it as the reader does."""
    if file is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="rag-questions-") as folder:
        path = Path(folder) / safe_name(file.name)
        path.write_bytes(file.data)
        try:
            yield path
        except UsageError as error:
            raise UsageError(str(error).replace(f"{folder}{os.sep}", "")) from error


@st.cache_resource(show_spinner=False)
def learning() -> Bench[LearnJob]:
    """The models in the making, of this process."""
    return Bench()


@st.cache_resource(show_spinner=False)
def measuring() -> Bench[MeasureJob]:
    """The measurements of this process."""
    return Bench()
