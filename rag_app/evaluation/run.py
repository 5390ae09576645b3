"""One model of a comparison: loaded, measured and let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter

import numpy as np

from rag_app.embeddings import CachedEmbeddings, cached, fitted_for, load_embeddings, needs_fit
from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.cost import cost_of
from rag_app.evaluation.keyword_index import Keywords
from rag_app.evaluation.memory import PeakMemory
from rag_app.evaluation.model_result import Costs, Unknown
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.ranking import Found, dense_rankings, hybrid_rankings, judge
from rag_app.settings import Settings
from rag_app.types.languages import uncovered

_BATCH = 128
"""Passages embedded between two looks at whether to stop."""
_TIMED = 512
"""Passages that the speed is measured on, at most."""
_TIMED_BATCH = 64
_TIMED_S = 2.0
"""The measurement of the speed ends after so long."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a comparison has come.

    Attributes:
        spec: The model at work.
        number: Which one it is, from 1.
        models: How many there are.
        stage: ``load``, ``fit``, ``passages``, ``questions`` or ``speed``.
        done: Of the stage.
        total: Of the stage; 0 where it has no parts.
    """

    spec: str
    number: int
    models: int
    stage: str
    done: int = 0
    total: int = 0


class Interrupted(Exception):  # noqa: N818 - a wish of the user's, not an error
    """The user has stopped the comparison."""


@dataclass(frozen=True, slots=True)
class Task:
    """What every model of a comparison is measured on.

    Attributes:
        collection: Name of the collection.
        settings: For loading models.
        passages: To be found.
        questions: What has to be found.
        asked: The questions as they are searched for.
        index: Of the passages' words, the same for all models.
        tell: Told how far the model is: the stage, what is done and of how much.
        check: Raises ``Interrupted`` when the user wants to stop.
    """

    collection: str
    settings: Settings
    passages: Passages
    questions: Sequence[EvalQuestion]
    asked: Sequence[str]
    index: Keywords
    tell: Callable[[str, int, int], None] = lambda _stage, _done, _total: None
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one model, before it is compared with others."""

    spec: str
    model: str
    hybrid: tuple[Found, ...]
    dense: tuple[Found, ...]
    costs: Costs
    unknown: Unknown | None
    uncovered_languages: dict[str, int]


def run_model(spec: str, task: Task) -> Measured:
    """Measures one model.

    Raises:
        RagError: It cannot be fitted, loaded or reached.
        Interrupted: The user has stopped the comparison.
    """
    memory = PeakMemory()
    model = _fitted(spec, task)
    task.tell("load", 0, 0)
    plain = load_embeddings(model, task.settings)
    embeddings = cached(plain, task.settings)
    try:
        return _measure(spec, model, plain, embeddings, task, memory)
    finally:
        embeddings.close()


def _fitted(spec: str, task: Task) -> str:
    if needs_fit(spec):
        task.tell("fit", 0, 0)
    return fitted_for(
        spec,
        lambda: [passage.embedded for passage in task.passages.all],
        task.settings,
        collection=task.collection,
        progress=lambda share: task.tell("fit", round(100 * share), 100),
    )


def _measure(
    spec: str,
    model: str,
    plain: IdentifiedEmbeddings,
    embeddings: CachedEmbeddings,
    task: Task,
    memory: PeakMemory,
) -> Measured:
    texts = [passage.embedded for passage in task.passages.all]
    spent = plain.encoder_seconds
    vectors = _encode(texts, embeddings, task)
    spent = plain.encoder_seconds - spent
    questions, seconds = _encode_questions(embeddings, task)
    tokens = embeddings.count_tokens(texts)
    identity = embeddings.identity
    hosted_speed = embeddings.misses / spent if embeddings.misses and spent else None
    speed = hosted_speed if embeddings.destination else _speed(texts, plain, task)
    dense, hybrid = _found(vectors, questions, task)
    return Measured(
        spec=spec,
        model=model,
        hybrid=hybrid,
        dense=dense,
        costs=Costs(
            dimension=identity.dimension,
            max_tokens=identity.max_tokens,
            chunks_per_second=speed,
            query_ms_p50=float(np.quantile(seconds, 0.5)) * 1000,
            query_ms_p95=float(np.quantile(seconds, 0.95)) * 1000,
            disk_bytes=embeddings.disk_bytes,
            index_bytes=vectors.nbytes,
            memory_bytes=memory.increase(),
            truncated=sum(count > identity.max_tokens for count in tokens),
            tokens=sum(tokens),
            usd=_price(model, sum(tokens), task.settings),
            destination=embeddings.destination,
        ),
        unknown=_unknown(embeddings, texts, task.asked),
        uncovered_languages=uncovered(task.passages.languages.values(), embeddings.languages),
    )


def _encode(texts: Sequence[str], embeddings: CachedEmbeddings, task: Task) -> Vectors:
    blocks: list[Vectors] = []
    for start in range(0, len(texts), _BATCH):
        task.check()
        task.tell("passages", start, len(texts))
        blocks.append(embeddings.encode_documents(texts[start : start + _BATCH]))
    return np.concatenate(blocks)


def _encode_questions(embeddings: IdentifiedEmbeddings, task: Task) -> tuple[Vectors, list[float]]:
    if embeddings.destination is None:
        embeddings.encode_query(task.asked[0])  # the first call gets things ready
    vectors: list[Vectors] = []
    seconds: list[float] = []
    for number, question in enumerate(task.asked):
        task.check()
        task.tell("questions", number, len(task.asked))
        start = perf_counter()
        vectors.append(embeddings.encode_query(question))
        seconds.append(perf_counter() - start)
    return np.stack(vectors), seconds


def _speed(texts: Sequence[str], plain: IdentifiedEmbeddings, task: Task) -> float:
    """Passages in a second, of a sample and past the cache."""
    sample = Random(0).sample(list(texts), min(_TIMED, len(texts)))  # noqa: S311 - no secret
    done, start = 0, perf_counter()
    for batch in _batches(sample):
        task.check()
        task.tell("speed", done, len(sample))
        plain.encode_documents(batch)
        done += len(batch)
        if perf_counter() - start > _TIMED_S:
            break
    return done / (perf_counter() - start)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), _TIMED_BATCH):
        yield list(texts[start : start + _TIMED_BATCH])


def _found(
    vectors: Vectors, questions: Vectors, task: Task
) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    ids = [passage.id for passage in task.passages.all]
    rankings = dense_rankings(ids, vectors, questions)
    dense = tuple(judge(*pair) for pair in zip(rankings, task.questions, strict=True))
    both = hybrid_rankings(
        task.asked, task.index, ids, vectors, questions, rankings, task.settings.fusion
    )
    hybrid = tuple(judge(*pair) for pair in zip(both, task.questions, strict=True))
    return dense, hybrid


def _unknown(
    embeddings: IdentifiedEmbeddings, texts: Sequence[str], questions: Sequence[str]
) -> Unknown | None:
    of_passages = embeddings.count_unknown(texts)
    of_questions = embeddings.count_unknown(questions)
    if of_passages is None or of_questions is None:
        return None
    return Unknown(
        of_passages.words,
        of_passages.unknown,
        of_passages.blank,
        of_questions.blank,
        of_passages.examples,
    )


def _price(model: str, tokens: int, settings: Settings) -> float | None:
    cost = cost_of(model, tokens, settings)
    return cost.dollars if cost else None
