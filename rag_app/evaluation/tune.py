"""Tuning a sentence transformer on a collection, and judging honestly whether it was worth it.

The model learns from questions about some documents and is judged by questions about others,
before and after. A model that did not surely improve is kept, but not recommended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from rag_app.embeddings import parse_spec
from rag_app.embeddings.model_files import check_name, model_place
from rag_app.embeddings.model_saving import save_model
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.transformer import Transformer
from rag_app.embeddings.tuned import PROVIDER
from rag_app.errors import UsageError
from rag_app.evaluation.measures import Values
from rag_app.evaluation.tune_base import check_base, open_base
from rag_app.evaluation.tune_material import Tell, TuneMaterial, TuneRequest, TuneStep
from rag_app.evaluation.tune_result import TuneResult
from rag_app.evaluation.tune_score import improvement, score
from rag_app.evaluation.tune_state import digest_of, open_state
from rag_app.evaluation.tune_train import plan_steps, train
from rag_app.settings import Settings
from rag_app.store import Collection


def default_name(base: str, collection: str) -> str:
    """A name that says what was tuned on what: ``manuals-minilm``."""
    parsed = parse_spec(base)
    last = Path(parsed.model).name or parsed.provider
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{collection}-{last}")[:60].strip("-.")


def tune_model(
    collection: Collection,
    settings: Settings,
    request: TuneRequest,
    *,
    progress: Tell = lambda _step: None,
    cancelled: Callable[[], bool] = lambda: False,
    notice: Callable[[str], None] = lambda _text: None,
) -> TuneResult | None:
    """Tunes a model; what an interrupted call with the same request did is not done again.

    Args:
        collection: Whose passages are learned.
        settings: ``home`` keeps the model; ``llm`` makes questions unless it is ``extractive``.
        request: What to do.
        progress: Told how far it is.
        cancelled: Asked now and then; True keeps what is done and ends.
        notice: Told what the user should know before all the work is done.

    Returns:
        What came of it; None where it was cancelled.

    Raises:
        UsageError: The base cannot be tuned, the name is taken or none, or the question file
            cannot be used.
        EmbeddingError: There is too little to learn from, the base cannot be loaded, or the
            memory or the disk does not suffice.
        StoreBusyError: Another process is tuning a model of this name.
        AnswerError: The language model that is to make questions does not answer.
    """
    start = perf_counter()
    check_base(request.base)
    check_name(request.name)
    if model_place(PROVIDER, request.name, settings).exists():
        raise UsageError(
            f"There is a model {PROVIDER}:{request.name} already. Choose another name, or remove "
            f"that one (on the page Models, or with rag models remove {PROVIDER}:{request.name})."
        )
    with open_state(settings, request.name) as state:
        material = TuneMaterial(collection, settings, request, state, progress, cancelled)
        if cancelled():
            return None
        progress(TuneStep("load", 0, 0))
        run = _Run(material, open_base(request.base, settings))
        for text in run.notices:
            notice(text)
        result = run.finish(start)
        if result is not None:
            state.drop()
        return result


class _Run:
    """The base model on its way."""

    def __init__(self, material: TuneMaterial, base: Transformer) -> None:
        self._material, self._base = material, base
        self._split, self._recipe = material.split, material.request.recipe
        self._steps = plan_steps(self._split.pairs, self._recipe)
        self.notices = list(material.notices)
        digest = digest_of(base.identity, self._split, self._steps, self._recipe)
        if material.state.begin(digest):
            self.notices.append(
                "An interrupted tuning of this name was of other documents, questions or options; "
                "it begins anew."
            )

    def finish(self, start: float) -> TuneResult | None:
        """Does what is left to do; None where it is cancelled."""
        before = self._before()
        if before is None or not self._train():
            return None
        after = self._score("after")
        if after is None:
            return None
        material, split = self._material, self._split
        result = TuneResult(
            spec=f"{PROVIDER}:{material.request.name}",
            base=material.request.base,
            collection=material.collection,
            questions=material.told,
            pairs=len(split.pairs),
            learned_documents=split.learned_documents,
            held_out=len(split.held_out),
            held_out_documents=split.held_out_documents,
            candidates=len(split.candidates.all),
            steps=len(self._steps),
            device=str(self._base.model.device),
            seconds=perf_counter() - start,
            score=improvement(before, after),
            notices=tuple(self.notices),
        )
        save_model(
            ModelSpec(PROVIDER),
            material.request.name,
            material.settings,
            lambda folder: self._fill(folder, result),
        )
        return result

    def _before(self) -> Values | None:
        state = self._material.state
        values = state.before
        if values is None:
            values = self._score("before")
            if values is not None:
                state.keep_before(values)
        return values

    def _train(self) -> bool:
        identity = self._base.identity
        return train(
            self._base.model,
            self._steps,
            self._recipe,
            self._material.state.checkpoint,
            prefixes=(identity.query_prefix, identity.document_prefix),
            cancelled=self._material.cancelled,
            progress=lambda done: self._tell("training", done, len(self._steps)),
        )

    def _score(self, stage: str) -> Values | None:
        total = len(self._split.candidates.all)

        def go_on(done: int) -> bool:
            self._tell(stage, done, total)
            return not self._material.cancelled()

        return score(self._base, self._split, go_on)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self._material.progress(TuneStep(stage, done, total))

    def _fill(self, folder: Path, result: TuneResult) -> dict[str, object]:
        identity, model = self._base.identity, self._base.model
        # Prefixes that the spec of the base gave are part of what was learned.
        own = {"query": identity.query_prefix, "document": identity.document_prefix}
        model.prompts = {**(model.prompts or {}), **own}
        model.save(str(folder), create_model_card=False)
        return {
            "about": f"collection {result.collection}",
            "texts": result.pairs,
            "dimension": identity.dimension,
            "max_tokens": identity.max_tokens,
            "languages": self._base.languages,
            "base": result.base,
            "base_fingerprint": identity.fingerprint,
            "collection": result.collection,
            "questions": result.questions,
            "pairs": result.pairs,
            "held_out": result.held_out,
            "score": result.score.to_json(),
            "learned": sorted(self._split.learned_ids),
        }
