"""Questions with a passage that answers or does not, for fit_reader.py.

SQuAD's articles are in 16 groups, as in relevance_examples.py. The reader learns from twelve of
them; the others show how it does on articles that it has not seen. Paragraphs of the questions that
benchmarks/answers.py reports on are in no example.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

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
from relevance_examples import GROUPS

UNSEEN_GROUPS = (0, 4, 8, 12)
NEIGHBOURS = 5
RETRIEVED = 5000
"""Questions that are searched for, to be asked of passages that are near and do not answer."""


@dataclass(frozen=True)
class Pair:
    """A question and a passage.

    Attributes:
        heading: What stands above the passage.
        answer: First and last character of the answer in the passage; None if it has none.
        group: Of the passage's article.
    """

    question: str
    heading: str
    passage: str
    answer: tuple[int, int] | None
    group: int


def training(pairs: list[Pair]) -> list[Pair]:
    """Those that the reader learns from."""
    return [pair for pair in pairs if pair.group not in UNSEEN_GROUPS]


def pairs(home: Path) -> list[Pair]:
    """All of them, in random order; kept in ``home``."""
    kept = home / "pairs.json"
    if not kept.exists():
        corpus = squad()
        reported = {name for question in squad_reported(corpus) for name in question.documents}
        made = [*_answered(corpus, reported), *_misleading(corpus, reported)]
        made += _retrieved(corpus, reported, opened(home, "squad", corpus.documents))
        random.Random(11).shuffle(made)
        kept.write_text(json.dumps([vars_of(pair) for pair in made]), encoding="utf-8")
    rows = json.loads(kept.read_text(encoding="utf-8"))
    return [Pair(q, h, p, tuple(a) if a else None, g) for q, h, p, a, g in rows]


def vars_of(pair: Pair) -> list[object]:
    """A pair as JSON."""
    return [pair.question, pair.heading, pair.passage, pair.answer, pair.group]


def _answered(corpus: Corpus, reported: set[str]) -> list[Pair]:
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


def _misleading(corpus: Corpus, reported: set[str]) -> list[Pair]:
    """SQuAD 2.0's questions that people wrote to mislead (Rajpurkar et al. 2018)."""
    return [
        _pair(corpus, question.text, document, None)
        for question, document in squad_misleading(corpus)
        if document.name not in reported
    ]


def _retrieved(corpus: Corpus, reported: set[str], collection: Opened) -> list[Pair]:
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


def _pair(corpus: Corpus, question: str, document: Text, answer: tuple[int, int] | None) -> Pair:
    group = corpus.group_of(document.part, GROUPS)
    return Pair(question, document.part, document.text, answer, group)
