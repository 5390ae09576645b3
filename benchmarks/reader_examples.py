"""Questions with a passage that answers or does not, for fit_reader.py.

Most are about the collections of written.py, weighted by question_forms.py. SQuAD's articles are in
16 groups, as in relevance_examples.py: the reader learns from twelve of them; the others show how
it does on articles that it has not seen. Paragraphs of the questions that benchmarks/answers.py
reports on are in no example.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from corpora import (
    Corpus,
    Opened,
    Question,
    Text,
    opened,
    squad,
    squad_misleading,
    squad_reported,
)
from question_forms import overlap_weights
from relevance_examples import GROUPS, UNSEEN_GROUPS
from written import UNSEEN, Found, collections, examples, searched

NEIGHBOURS = 5
RETRIEVED = 5000
"""Questions that are searched for, to be asked of passages that are near and do not answer."""
SQUAD_SHARE = 0.2
"""Pairs of SQuAD's for each pair of the written collections', in an epoch."""


@dataclass(frozen=True)
class Pair:
    """A question and a passage.

    Attributes:
        heading: What stands above the passage.
        answer: First and last character of the answer in the passage; None if it has none.
        weight: How much it counts.
    """

    question: str
    heading: str
    passage: str
    answer: tuple[int, int] | None
    weight: float = 1.0


Grouped = tuple[Pair, int]
"""A pair and the group of its article."""


class Examples:
    """All pairs, those to learn from and those to see how it does."""

    def __init__(self, home: Path) -> None:
        of_squad = _squad(home)
        self._squad = [pair for pair, group in of_squad if group not in UNSEEN_GROUPS]
        self._written = searched(home, [one for one in collections() if one not in UNSEEN])
        unseen = searched(home, UNSEEN)
        self._weights = _weights([*self._written, *unseen])
        self.unseen = {
            "squad": [pair for pair, group in of_squad if group in UNSEEN_GROUPS],
            "written": self._pairs(unseen, 0),
        }

    def epoch(self, number: int) -> list[Pair]:
        """Those that an epoch learns from."""
        chosen = self._pairs(self._written, number)
        count = min(len(self._squad), round(SQUAD_SHARE * len(chosen)))
        return chosen + random.Random(number).sample(self._squad, count)

    def _pairs(self, some: Iterable[Found], epoch: int) -> list[Pair]:
        return [
            Pair(
                one.question,
                passage.above,
                passage.text,
                passage.answer,
                self._weights[one.question, one.right is not None],
            )
            for one, passage in examples(some, epoch)
        ]


def _weights(some: Sequence[Found]) -> dict[tuple[str, bool], float]:
    """By the question and whether it has an answer."""
    asked = [(one.question, one.right is not None) for one in some]
    answerable = np.array([has_answer for _, has_answer in asked])
    weights = overlap_weights([question for question, _ in asked], answerable)
    return dict(zip(asked, weights.tolist(), strict=True))


def _squad(home: Path) -> list[Grouped]:
    """SQuAD's pairs with the group of the article, in random order; kept in ``home``."""
    kept = home / "pairs.json"
    if not kept.exists():
        corpus = squad()
        reported = {name for question in squad_reported(corpus) for name in question.documents}
        made = [*_answered(corpus, reported), *_misleading(corpus, reported)]
        made += _retrieved(corpus, reported, opened(home, "squad", corpus.documents))
        random.Random(11).shuffle(made)
        rows = [(*astuple(pair)[:4], group) for pair, group in made]
        kept.write_text(json.dumps(rows), encoding="utf-8")
    rows = json.loads(kept.read_text(encoding="utf-8"))
    return [(Pair(q, h, p, tuple(a) if a else None), group) for q, h, p, a, group in rows]


def _answered(corpus: Corpus, reported: set[str]) -> list[Grouped]:
    of_name = {document.name: document for document in corpus.documents}
    found = []
    for question in corpus.questions:
        document = of_name[min(question.documents)]
        answer = _place(question, document)
        if answer and document.name not in reported:
            found.append(_pair(corpus, question.text, document, answer))
    return found


def _place(question: Question, document: Text) -> tuple[int, int] | None:
    """Where the answer that most people gave stands first."""
    text = document.text.lower()
    places = [(text.find(answer), answer) for answer in question.answers]
    return next(((at, at + len(answer)) for at, answer in places if at >= 0), None)


def _misleading(corpus: Corpus, reported: set[str]) -> list[Grouped]:
    """SQuAD 2.0's questions that people wrote to mislead (Rajpurkar et al. 2018)."""
    return [
        _pair(corpus, question.text, document, None)
        for question, document in squad_misleading(corpus)
        if document.name not in reported
    ]


def _retrieved(corpus: Corpus, reported: set[str], collection: Opened) -> list[Grouped]:
    """What the product finds for a question beside the passage that answers it."""
    of_name = {document.name: document for document in corpus.documents}
    found = []
    for question in random.Random(12).sample(list(corpus.questions), RETRIEVED):
        home = corpus.group_of(question.part, GROUPS)
        for hit in collection.searcher.search(question.text, NEIGHBOURS).hits:
            document = of_name[hit.document.name]
            if (
                not question.answered_by(document.text)
                and corpus.group_of(document.part, GROUPS) == home
                and not reported & {document.name, *question.documents}
            ):
                found.append(_pair(corpus, question.text, document, None))
    return found


def _pair(corpus: Corpus, question: str, document: Text, answer: tuple[int, int] | None) -> Grouped:
    group = corpus.group_of(document.part, GROUPS)
    return Pair(question, document.part, document.text, answer), group
