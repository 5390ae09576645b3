"""Questions with and without an answer, for fit_relevance.py: what is found for each.

The examples have the form that the product sees: files ingested and chunked by the product, five
passages for each question, read by the reader. Four corpora, as questions differ: SQuAD's repeat
the words of the passage, SciFact's claims less so, mt-rag's were asked by people who had not read
it, and those on the written collections (written.py) are what users ask of their own documents.
The product does not read claims. They are read here, for they stand for what the reader has not
learnt from, science above all: without them the fit believes the reader wherever it is asked, and
nearly twice as many of Cranfield's questions are met with silence.

- answerable: a passage that answers was found
- removed: the same questions, what answers them left out of the search: the right subject
- unanswerable: mt-rag's own, and the written ones
- other, strangers: questions about articles, or of a subject, that the collection does not have

Questions that benchmarks/answers.py reports on are never used, nor those on sample_docs/.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpora import Corpus, Opened, Question, mtrag, opened, scifact, squad, squad_reported
from written import UNSEEN, Asked, Passage, evidences, questions, written

from rag_app.answering.evidence import Evidence
from rag_app.answering.rank import find
from rag_app.answering.reader import load_reader
from rag_app.answering.relevance import FITTED_HITS, relevance_features
from rag_app.answering.reread import Readings, read_each, readings_of
from rag_app.settings import load_settings
from rag_app.types import Filter

GROUPS = 16
UNSEEN_GROUPS = (0, 4, 8, 12)
"""Of SQuAD's articles: the reader learns from the others."""
TEST_EVERY = 3


@dataclass(frozen=True)
class Example:
    """A question with what was found for it.

    Attributes:
        kind: Corpus and sort, as in ``squad removed``.
        group: Examples of one group are all for training or all for the test.
        features: See ``relevance_features``. Nothing was read where the reader has learnt from
            the passages: what it says of them is better than what it will say of others.
    """

    kind: str
    group: int
    features: dict[str, float]

    @property
    def is_test(self) -> bool:
        """Every third group is."""
        return self.group % TEST_EVERY == 0


class Squad:
    """SQuAD as a whole, and in groups of articles, without the questions that are reported on.

    Attributes:
        questions: In random order.
        whole: All paragraphs.
        groups: Those of some articles each.
    """

    def __init__(self, home: Path) -> None:
        self.corpus = squad()
        reported = {question.text for question in squad_reported(self.corpus)}
        self.questions = [q for q in self.corpus.questions if q.text not in reported]
        random.Random(7).shuffle(self.questions)
        self.whole = opened(home, "squad", self.corpus.documents)
        self.groups = [
            opened(home, f"squad-{n}", self.corpus.in_group(n, GROUPS)) for n in range(GROUPS)
        ]


def collect(home: Path, own: Squad, count: int) -> list[Example]:
    """Asks the first ``count`` SQuAD questions, and all of the other corpora."""
    examples = list(_squad(own, own.questions[:count]))
    claims = scifact()
    for number, question in enumerate(claims.questions):
        place = number % GROUPS
        evidence = gathered(own.groups[place], question.text)
        features = _features(evidence, unseen=place in UNSEEN_GROUPS)
        examples.append(Example("squad strangers", number, features))
    for name, other in (("scifact", claims), ("mtrag", mtrag())):
        examples += _corpus(name, other, opened(home, name, other.documents))
    for group, name in enumerate(UNSEEN):
        examples += _written(group, written(home, name), questions(name))
    return examples


def read(evidence: Evidence) -> Readings:
    """What the product would read of its passages."""
    return readings_of(evidence.question.text, evidence.hits, load_reader(load_settings()))


def _features(evidence: Evidence, *, unseen: bool = True) -> dict[str, float]:
    reader = load_reader(load_settings())
    if reader is None or not unseen:
        return relevance_features(evidence)
    readings = read_each(evidence.question.text, evidence.hits, reader)
    return relevance_features(evidence, readings)


def gathered(collection: Opened, question: str, only: Filter | None = None) -> Evidence:
    """What the product would answer from, within some documents if ``only`` is given."""
    return find(collection.searcher, question, FITTED_HITS, only).first


def _squad(own: Squad, questions: Sequence[Question]) -> Iterator[Example]:
    """SQuAD's own questions, a third each answerable, removed and other."""
    for number, question in enumerate(questions):
        home = own.corpus.group_of(question.part, GROUPS)
        kind = ("answerable", "removed", "other")[number % 3]
        place = (home + 1 + number % (GROUPS - 1)) % GROUPS if kind == "other" else home
        # A quarter in the collection of everything: the idf of a word depends on the size.
        collection = own.groups[place] if number % 4 or kind == "other" else own.whole
        only = collection.without(question.documents) if kind == "removed" else None
        evidence = gathered(collection, question.text, only)
        found = any(question.answered_by(hit.chunk.text) for hit in evidence.hits)
        if evidence.candidates and (kind == "other" or found == (kind == "answerable")):
            unseen = collection is not own.whole and place in UNSEEN_GROUPS
            yield Example(f"squad {kind}", home, _features(evidence, unseen=unseen))


def _corpus(name: str, corpus: Corpus, collection: Opened) -> Iterator[Example]:
    """Each question with its documents, and without them."""
    for number, question in enumerate(corpus.questions):
        evidence = gathered(collection, question.text)
        if not question.documents:
            yield Example(f"{name} unanswerable", number, _features(evidence))
            continue
        if any(hit.document.name in question.documents for hit in evidence.hits):
            yield Example(f"{name} answerable", number, _features(evidence))
        without = gathered(collection, question.text, collection.without(question.documents))
        yield Example(f"{name} removed", number, _features(without))


def _written(group: int, collection: Opened, some: Sequence[Asked]) -> Iterator[Example]:
    """Questions that are answered by a passage that was found, and those without an answer."""
    for asked, evidence in evidences(collection, some):
        if asked.document is None:
            yield Example("written unanswerable", group, _features(evidence))
        elif any(Passage.of(hit, asked).answer for hit in evidence.hits):
            yield Example("written answerable", group, _features(evidence))
