"""What a model is tuned on and what it is judged by: no document serves both."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rag_app.errors import EmbeddingError
from rag_app.evaluation.hide import hide
from rag_app.evaluation.passages import Passage, Passages
from rag_app.evaluation.questions import EvalQuestion
from rag_app.store.terms import words

HELD_OUT_SHARE = 0.2
"""Of the questions; the others are learned from."""
LEAST_HELD_OUT = 10
"""With fewer questions the interval of the score would say nothing."""
LEAST_PAIRS = 20
MOST_HELD_OUT = 200
"""Questions that the score is made of; more cost time and hardly narrow the interval."""
CANDIDATES = 1000
"""Passages that a held-out question is looked for among."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage that answers it, as the model is to read them.

    Attributes:
        question: The question.
        passage: The passage with its headings.
        taboo: What may not be in the same batch, where everything else counts as a wrong answer:
            the passages that answer it, their neighbours (which overlap), and its own words.
    """

    question: str
    passage: str
    taboo: frozenset[str]


@dataclass(frozen=True, slots=True)
class Split:
    """Questions to learn from, and questions of other documents to be judged by.

    Attributes:
        pairs: To learn from.
        held_out: To be judged by.
        candidates: What held-out questions are looked for among: their passages first of all,
            then others of their documents, then any.
        learned_ids: The documents that the pairs are of.
    """

    pairs: tuple[Pair, ...]
    held_out: tuple[EvalQuestion, ...]
    candidates: Passages
    learned_ids: frozenset[str]

    @property
    def learned_documents(self) -> int:
        """How many documents the pairs are of."""
        return len(self.learned_ids)

    @property
    def held_out_documents(self) -> int:
        """How many documents the held-out questions are of."""
        return len({one.document_id for one in self.held_out})


def split_by_document(
    questions: Sequence[EvalQuestion], passages: Passages, most_pairs: int, seed: int = 0
) -> Split:
    """Divides questions by the documents that answer them.

    Args:
        questions: Those of several documents are left out.
        passages: Of the collection.
        most_pairs: Pairs to learn from at most.
        seed: Of the choice of documents.

    Raises:
        EmbeddingError: There are too few documents or questions.
    """
    by_document: dict[str, list[EvalQuestion]] = defaultdict(list)
    for one in questions:
        if one.document_id is not None and one.targets:
            by_document[one.document_id].append(one)
    held = _choose({id_: len(own) for id_, own in by_document.items()}, seed)
    judged = [one for id_ in held for one in by_document[id_]]
    random.Random(seed).shuffle(judged)  # noqa: S311 - no secret
    judged = judged[:MOST_HELD_OUT]
    kept = {id_ for one in judged for id_ in one.chunk_ids}
    learned = [one for id_ in sorted(by_document.keys() - held) for one in by_document[id_]]
    # The same text may stand in a document of the other side.
    learned = [one for one in learned if kept.isdisjoint(one.chunk_ids)]
    random.Random(seed).shuffle(learned)  # noqa: S311 - no secret
    learned = learned[:most_pairs]
    _check_enough(len(learned), len(judged))
    return Split(
        tuple(_pair(one, passages) for one in learned),
        tuple(judged),
        hide(_candidates(passages, held, kept, seed), judged),
        frozenset(one.document_id for one in learned if one.document_id is not None),
    )


def batches(pairs: Sequence[Pair], size: int, seed: int) -> list[list[Pair]]:
    """Pairs in random order, in batches in which no passage answers another's question.

    The last batches may be smaller; one of a single pair teaches nothing and is left out.
    """
    waiting = list(pairs)
    random.Random(seed).shuffle(waiting)  # noqa: S311 - no secret
    made: list[list[Pair]] = []
    while waiting:
        batch: list[Pair] = []
        taken: set[str] = set()
        later: list[Pair] = []
        for pair in waiting:
            if len(batch) < size and taken.isdisjoint(pair.taboo):
                batch.append(pair)
                taken |= pair.taboo
            else:
                later.append(pair)
        made.append(batch)
        waiting = later
    return [batch for batch in made if len(batch) > 1]


def _choose(counts: dict[str, int], seed: int) -> set[str]:
    """The documents to hold out, which have about a fifth of the questions and never all."""
    if len(counts) < 2:
        raise EmbeddingError(
            "A model is judged by documents that it has not learned from, so there must be "
            f"questions of two documents at least; there are questions of {len(counts)}. Add "
            "more documents."
        )
    wanted = max(LEAST_HELD_OUT, HELD_OUT_SHARE * sum(counts.values()))
    order = sorted(counts, key=lambda id_: hashlib.sha256(f"{seed} {id_}".encode()).digest())
    held: set[str] = set()
    number = 0
    for id_ in order:
        # A document that is too large for what is missing is learned from.
        if number < wanted and number + counts[id_] <= 2 * wanted:
            held.add(id_)
            number += counts[id_]
    held = held or {min(order, key=lambda id_: counts[id_])}
    return held if len(held) < len(counts) else held - {max(order, key=lambda id_: counts[id_])}


def _check_enough(learned: int, judged: int) -> None:
    if learned < LEAST_PAIRS or judged < LEAST_HELD_OUT:
        raise EmbeddingError(
            f"There is too little to tune on: {learned} questions to learn from and {judged} of "
            f"other documents to judge by, where at least {LEAST_PAIRS} and {LEAST_HELD_OUT} are "
            "needed. Add more documents, or give more questions of your own."
        )


def _pair(question: EvalQuestion, passages: Passages) -> Pair:
    answers = [passages.by_id[id_] for id_ in question.chunk_ids]
    asked = set(words(question.question))
    # A question may point to a whole page: the passage that has most of its words is the answer.
    best = max(answers, key=lambda passage: len(asked.intersection(words(passage.embedded))))
    best = hide(Passages((best,), 1), [question]).all[0]
    taboo = {f"text {question.question.casefold()}"}
    for answer in answers:
        taboo |= _places(answer)
    return Pair(question.question, best.embedded, frozenset(taboo))


def _places(passage: Passage) -> set[str]:
    """The borders before and behind it: a passage that touches it shares one of them."""
    at = passage.chunk.ordinal
    return {f"{passage.document.id} {at}", f"{passage.document.id} {at + 1}"}


def _candidates(passages: Passages, held: set[str], kept: set[str], seed: int) -> Passages:
    near = [one.id for one in passages.all if one.document.id in held and one.id not in kept]
    random.Random(seed).shuffle(near)  # noqa: S311 - no secret
    return passages.sample(CANDIDATES, kept | set(near[: max(0, CANDIDATES - len(kept))]), seed)
