"""A collection on its way to another embedding model, or back: in threads of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import streamlit as st

from rag_app.errors import RagError
from rag_app.settings import Settings
from rag_app.ui import wording
from rag_app.ui.switch_compare import compared
from rag_app.ui.work import Bench, StoppedError, Work

if TYPE_CHECKING:
    from ingest import Progress
    from ingest.switch_outcome import Outcome
    from rag_app.store import CollectionInfo, Debts, Generations, Store

Stage = Literal["model", "fit", "passages", "waiting", "index", "compare"]
NO_WORK_LOST = "What is built is kept: going on later begins there."


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended.

    Attributes:
        complete: Whether it did all that was asked for.
        sentence: What it came to.
        remarks: What else there is to say.
    """

    complete: bool
    sentence: str
    remarks: Sequence[str] = ()


class IndexJob(Work[Ending]):
    """What changes the index that a collection answers with.

    Attributes:
        collection: Its name.
        stage: What it is at.
        progress: The last that was told of passages.
        fitted: How far a fit is, from 0 to 1.
    """

    title = ""
    stopping = ""

    def __init__(self, settings: Settings, collection: str) -> None:
        super().__init__(lambda _: self._change())
        self.collection = collection
        self.stage: Stage = "model"
        self.progress: Progress | None = None
        self.fitted = 0.0
        self._settings = settings

    def _change(self) -> Ending:
        from rag_app.store import Store

        with Store(self._settings) as store:
            return self._change_in(store)

    def _change_in(self, store: Store) -> Ending:
        raise NotImplementedError

    def _tell(self, progress: Progress) -> None:
        ended = 0 < progress.chunks_known <= progress.chunks_done
        self.stage = "index" if ended else "passages"
        self.progress = progress

    def _wait(self) -> None:
        self.stage = "waiting"


class SwitchJob(IndexJob):
    """A switch: the next index is built beside the present one, and takes its place.

    Attributes:
        asked: Spec of the new model, as the reader named it.
    """

    title = "Switching {collection} to {model}"
    stopping = "The present index goes on answering. " + NO_WORK_LOST

    def __init__(self, settings: Settings, collection: str, asked: str) -> None:
        super().__init__(settings, collection)
        self.asked = asked
        self.title = self.title.format(collection=collection, model=asked)

    def _change_in(self, store: Store) -> Ending:
        from ingest.switch import open_switch, plan_switch
        from ingest.switch_model import switch_model
        from ingest.switch_outcome import outcome_of

        name, settings = self.collection, self._settings
        try:
            embeddings = switch_model(store, settings, name, self.asked, self._tell_fit)
        except StoppedError:
            return self._stopped(store)
        plan = plan_switch(store, settings, name, embeddings, self.asked)
        if not plan.is_needed:
            return Ending(
                True, f"{name} uses {plan.before.embedding.spec} already. There is nothing to do."
            )
        if self.cancelled:
            return self._stopped(store)
        self.stage = "passages"
        with open_switch(store, settings, plan, embeddings) as opened:
            stop = self._stop
            told: list[str] = []
            done = opened.build(self._tell, stop)
            if done:
                self.stage = "compare"
                told = compared(plan, opened, settings, stop)
                done = opened.change_over(self._tell, stop, self._wait)
            if not done:
                return self._stopped(store, opened.following.info.chunks)
            return _switched(outcome_of(plan, opened, interrupted=False), told)

    def _stop(self) -> bool:
        return self.cancelled

    def _tell_fit(self, share: float) -> None:
        if self.cancelled:
            raise StoppedError
        self.stage, self.fitted = "fit", share

    def _stopped(self, store: Store, passages: int = 0) -> Ending:
        live = store.get(self.collection).info
        kept = (
            f" {wording.are(passages, 'passage')} kept in the new index: going on begins there."
            if passages
            else ""
        )
        return Ending(
            False,
            f"You cancelled the switch to {self.asked}. {self.collection} answers with "
            f"{live.embedding.spec}, as before.{kept}",
        )


class BackJob(IndexJob):
    """A rollback, and the taking over of what came since the switch.

    Attributes:
        back_to: The former index as the reader saw it; None to take over only.
        takes_over: Whether what came since is taken over.
    """

    title = "Taking over what {collection} got since the switch"
    stopping = "What is taken over is kept; the rest stays waiting."

    def __init__(
        self,
        settings: Settings,
        collection: str,
        *,
        back_to: CollectionInfo | None = None,
        takes_over: bool = True,
    ) -> None:
        super().__init__(settings, collection)
        self.back_to, self.takes_over = back_to, takes_over
        self.title = self.title.format(collection=collection)

    def _change_in(self, store: Store) -> Ending:
        generations = store.generations(self.collection)
        goes_back = self.back_to is not None
        owed = (self._roll_back(generations) if goes_back else generations.debts()).total
        if owed and self.takes_over:
            owed = self._catch_up(store)
        answers = f"{self.collection} answers with {generations.live.info.embedding.spec}"
        if goes_back:
            answers += " again"
        if not owed:
            return Ending(True, f"{answers}, and has everything that came since the switch.")
        left = wording.are(owed, "changed file")
        return Ending(not self.takes_over, f"{answers}. {left} not taken over.")

    def _roll_back(self, generations: Generations) -> Debts:
        """Goes back, unless that was done in another window: going back twice goes forward."""
        former, meant = generations.get("former"), self.back_to
        if former is None or meant is None or _key(former.info) != _key(meant):
            raise RagError(
                f"The model of {self.collection} was changed meanwhile: it answers with "
                f"{generations.live.info.embedding.spec} now. Nothing was done."
            )
        return generations.roll_back(self._wait)

    def _catch_up(self, store: Store) -> int:
        """Takes over what came since; returns how many files are left."""
        from ingest.rollback import catch_up

        self.stage = "passages"
        catch_up(
            store,
            self._settings,
            self.collection,
            progress=self._tell,
            stop=lambda: self.cancelled,
            on_wait=self._wait,
        )
        return store.generations(self.collection).debts().total


def _key(info: CollectionInfo) -> tuple[object, ...]:
    return info.created_at, info.embedding


def _switched(outcome: Outcome, told: Sequence[str]) -> Ending:
    return Ending(
        True,
        f"{outcome.collection} now answers with {outcome.to}: "
        f"{wording.count(outcome.documents, 'document')}, "
        f"{wording.count(outcome.passages, 'passage')}. The former index ({outcome.before}) is "
        "kept, so you can go back at once.",
        [*outcome.remarks(), *told],
    )


@st.cache_resource(show_spinner=False)
def switches() -> Bench[IndexJob]:
    """The switches and rollbacks of this process, by collection."""
    return Bench()
