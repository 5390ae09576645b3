"""Ranks passages for questions as the search does: by vectors alone, and with keywords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.evaluation.keyword_index import Keywords
from rag_app.evaluation.measures import DEPTH
from rag_app.evaluation.questions import EvalQuestion
from rag_app.retrieval.fuse import Ranking
from rag_app.retrieval.rankers import CONVEX, ranker_for
from rag_app.retrieval.search import CANDIDATES

_BLOCK = 64
"""Questions compared with all passages at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one model found for one question in one way.

    Attributes:
        first: Id of the passage that it put first; None when it found nothing.
        rank: Of the first target, from 1; None if it is not among the first ten.
        ranks: Of all targets that are among the first ten.
    """

    first: str | None
    rank: int | None
    ranks: tuple[int, ...]


def dense_rankings(
    ids: Sequence[str], passages: Vectors, questions: Vectors
) -> list[list[tuple[str, float]]]:
    """The nearest passages of each question, exactly: id and cosine, best first.

    A cosine of exactly 0 is no match, and a question without a vector matches nothing.

    Args:
        ids: Of the passages, in ascending order.
        passages: Of shape (passages, dimension).
        questions: Of shape (questions, dimension).
    """
    matrix = _unit(passages)
    rankings: list[list[tuple[str, float]]] = []
    for start in range(0, len(questions), _BLOCK):
        cosines = _unit(questions[start : start + _BLOCK]) @ matrix.T
        for row in cosines:
            best = _best(row, CANDIDATES)
            rankings.append([(ids[i], float(row[i])) for i in best if row[i] != 0])
    return rankings


def hybrid_rankings(
    asked: Sequence[str],
    index: Keywords,
    ids: Sequence[str],
    passages: Vectors,
    questions: Vectors,
    dense: Sequence[Ranking],
    fusion: str = CONVEX,
) -> list[list[tuple[str, float]]]:
    """What a search finds for each question, as ``Searcher`` ranks it: id and score, best first.

    But for its second look into the documents that a question names.

    Args:
        asked: The questions.
        index: Of the passages' words.
        ids: Of the passages.
        passages: Their vectors, of shape (passages, dimension).
        questions: Vectors of shape (questions, dimension).
        dense: What ``dense_rankings`` gave.
        fusion: As the setting of that name.
    """
    ranker = ranker_for(fusion)
    row = {id_: number for number, id_ in enumerate(ids)}

    def vectors(wanted: Iterable[str]) -> dict[str, Vectors]:
        return {id_: passages[row[id_]] for id_ in wanted}

    def ranked(question: str, vector: Vectors, nearest: Ranking) -> list[tuple[str, float]]:
        keywords = index.search_keywords(question, CANDIDATES)
        found = {id_ for one in (nearest, keywords) for id_, _ in one}
        named = index.naming(question, found) if ranker.by_names else {}
        nearness = partial(index.nearness, question)
        return ranker.rank(vector, nearest, keywords, nearness, vectors, named).scores

    return [ranked(*one) for one in zip(asked, questions, dense, strict=True)]


def judge(ranking: Ranking, question: EvalQuestion) -> Found:
    """Where the targets of a question stand in a ranking.

    Each target counts once, at its best passage; its others are taken out of the ranking.
    """
    target_of = {id_: number for number, ids in enumerate(question.targets) for id_ in ids}
    seen: set[int] = set()
    ranks: list[int] = []
    rank = 0
    for id_, _ in ranking:
        target = target_of.get(id_)
        if target in seen:
            continue
        rank += 1
        if rank > DEPTH:
            break
        if target is not None:
            seen.add(target)
            ranks.append(rank)
    first = ranking[0][0] if ranking else None
    return Found(first, ranks[0] if ranks else None, tuple(ranks))


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms == 0, 1, norms), np.float32)


def _best(row: Vectors, count: int) -> list[int]:
    """Indexes of the largest values, best first; equal ones in the order of their ids."""
    if len(row) > count:
        border = np.partition(row, len(row) - count)[len(row) - count]
        candidates = np.flatnonzero(row >= border)
    else:
        candidates = np.arange(len(row))
    order = np.argsort(-row[candidates], kind="stable")
    return [int(index) for index in candidates[order][:count]]
