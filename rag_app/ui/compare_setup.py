"""What one session has chosen for a comparison that it has not begun yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rag_app.store import CollectionInfo
from rag_app.ui import state
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from rag_app.embeddings import ModelStatus
    from rag_app.evaluation import Material

Source = Literal["saved", "rules", "llm", "file"]

STARTERS = ("static:minilm", "tfidf", "glove:6B-50d")
"""Compared with the collection's own model unless the reader chooses otherwise, where ready."""


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A file with questions that the reader has given."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions are wanted: those of an equal one need not be made again.

    Attributes:
        source: Where they come from.
        count: How many are made at most; 0 for a saved set and a file, which are taken whole.
        file: The reader's own.
        changed: When a document last came or went.
    """

    source: Source
    count: int
    file: QuestionFile | None
    changed: datetime


@dataclass(slots=True)
class Draft:
    """Questions to look at before they are asked.

    Attributes:
        wanted: What they were made for.
        work: Makes them.
        problems: Of the file that they were read from, line by line; known once it is read.
        dropped: Words of those that the reader does not want.
    """

    wanted: Wanted
    work: Work[Material]
    problems: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Setup:
    """The choices for one collection.

    Attributes:
        chosen: Specs of the models.
        own: Specs that the reader has typed.
        source: Where the questions come from; None until it is chosen.
        count: How many questions.
        file: Questions of the reader's.
        draft: Questions that have been made to be looked at.
        agreed: Hosts, and models there, that the reader has agreed to send text to.
        editing: Whether the choices are on the page, rather than the last result.
    """

    chosen: list[str]
    own: list[str] = field(default_factory=list)
    source: Source | None = None
    count: int = 100
    file: QuestionFile | None = None
    draft: Draft | None = None
    agreed: tuple[str, ...] = ()
    editing: bool = False

    def choose(self, spec: str, *, chosen: bool) -> None:
        """Adds a model, or leaves it out."""
        self.chosen = [one for one in self.chosen if one != spec] + [spec] * chosen


def setup_of(info: CollectionInfo, models: Sequence[ModelStatus]) -> Setup:
    """The choices of this session for a collection; at first what is sensible."""
    kept: dict[str, Setup] = state.kept(state.Key.COMPARE, dict)
    if info.name not in kept:
        kept[info.name] = Setup(_sensible(info, models))
    return kept[info.name]


def forget(spec: str) -> None:
    """Leaves a model that is gone out of all choices of this session."""
    kept: dict[str, Setup] = state.kept(state.Key.COMPARE, dict)
    for setup in kept.values():
        setup.choose(spec, chosen=False)
        setup.own = [one for one in setup.own if one != spec]


def _sensible(info: CollectionInfo, models: Sequence[ModelStatus]) -> list[str]:
    own = info.embedding.spec
    usable = {status.spec for status in models if usable_now(status)}
    found = [own, *(spec for spec in STARTERS if spec in usable)]
    return list(dict.fromkeys(found))


def usable_now(status: ModelStatus) -> bool:
    """Whether a model can be compared: it is ready, or can be fitted in a moment."""
    return status.state in ("ready", "needs a fit") and not is_pattern(status.spec)


def is_pattern(spec: str) -> bool:
    """Whether a spec has capitals for what the reader fills in: ``static:NAME-OR-PATH``."""
    model = spec.partition(":")[2]
    return model.isupper() and not any(sign.isdigit() for sign in model)
