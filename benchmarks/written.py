"""Collections that were written to learn from, with questions: benchmarks/written/.

How they came about, and how they are made: written/README.md.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from corpora import Opened

from ingest import ingest_paths
from rag_app.answering.evidence import Evidence
from rag_app.answering.rank import find
from rag_app.answering.relevance import FITTED_HITS
from rag_app.answering.reread import above
from rag_app.settings import load_settings
from rag_app.types import Hit

FOLDER = Path(__file__).with_name("written")
QUESTIONS = "questions.jsonl"
UNSEEN = (
    "cloud-hosting",
    "housing-coop",
    "kitchen-appliances",
    "medicine-leaflets",
    "natural-history-museum",
    "relief-agency",
    "town-library",
    "university-registry",
)
"""The reader learns from all but these, the first ones of their writers; what it is worth is seen
on them, and the decision to be silent is fitted on them."""


@dataclass(frozen=True)
class Asked:
    """A question about a collection.

    Attributes:
        document: The file that answers; None if none does.
        evidence: The sentence or row of it that answers.
        answer: What of that is the answer.
    """

    question: str
    document: str | None
    evidence: str | None
    answer: str | None

    def place(self, passage: str) -> tuple[int, int] | None:
        """First and last character of the answer in a passage that has the evidence."""
        if self.evidence is None or self.answer is None:
            return None
        at = passage.find(self.evidence)
        if at < 0:
            return None
        start = at + self.evidence.index(self.answer)
        return start, start + len(self.answer)


@dataclass(frozen=True)
class Passage:
    """A passage that was found for a question.

    Attributes:
        above: What stands above it.
        answer: First and last character of the answer; None if it has none.
        alike: Whether it has the words of the answer all the same: it may answer or not.
    """

    above: str
    text: str
    answer: tuple[int, int] | None
    alike: bool

    @classmethod
    def of(cls, hit: Hit, asked: Asked) -> Self:
        """Looks for the answer."""
        text = hit.chunk.text
        answer = asked.place(text) if hit.document.name == asked.document else None
        alike = bool(asked.answer) and str(asked.answer).lower() in text.lower()
        return cls(above(hit), text, answer, alike and answer is None)


@dataclass(frozen=True)
class Found:
    """A question with the passages that the product finds, best first.

    Attributes:
        right: The passage that answers, found or not; None if there is no answer.
    """

    question: str
    passages: tuple[Passage, ...]
    right: Passage | None

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Self:
        """What ``asdict`` has made of one."""
        right = raw["right"]
        passages = tuple(map(_passage, raw["passages"]))
        return cls(raw["question"], passages, _passage(right) if right else None)


def _passage(raw: dict[str, Any]) -> Passage:
    answer = raw["answer"]
    return Passage(**raw | {"answer": tuple(answer) if answer else None})


def collections() -> list[str]:
    """The names of all."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{QUESTIONS}"))


def questions(name: str) -> list[Asked]:
    """Those about a collection."""
    lines = (FOLDER / name / QUESTIONS).read_text(encoding="utf-8").splitlines()
    return [Asked(**json.loads(line)) for line in lines]


def written(home: Path, name: str) -> Opened:
    """Ingests a collection's documents and opens it; an earlier run's is taken up."""
    settings = load_settings({"home": home / "rag", "collection": f"written-{name}"}, environ={})
    ingest_paths(sorted((FOLDER / name).glob("*.md")), settings)
    return Opened.of(settings)


def evidences(collection: Opened, some: Iterable[Asked]) -> Iterator[tuple[Asked, Evidence]]:
    """What the product would answer from."""
    for asked in some:
        yield asked, find(collection.searcher, asked.question, FITTED_HITS).first


def searched(home: Path, names: Sequence[str]) -> list[Found]:
    """Questions about some collections, with their passages; kept in ``home`` until they change."""
    kept = home / "found"
    kept.mkdir(parents=True, exist_ok=True)
    made: list[Found] = []
    for name in names:
        digest = hashlib.sha256((FOLDER / name / QUESTIONS).read_bytes()).hexdigest()
        path = kept / f"{name}-{digest[:12]}.json"
        if not path.exists():
            rows = [asdict(one) for one in _found(written(home, name), questions(name))]
            path.write_text(json.dumps(rows), encoding="utf-8")
        made += map(Found.from_json, json.loads(path.read_text(encoding="utf-8")))
    return made


def _found(collection: Opened, some: Iterable[Asked]) -> Iterator[Found]:
    held = collection.searcher.collection
    hits = {
        record.name: [Hit(chunk, record, 0.0) for chunk in held.chunks(record.id)]
        for record in held.documents()
    }
    for asked, evidence in evidences(collection, some):
        passages = tuple(Passage.of(hit, asked) for hit in evidence.hits)
        of_document = (Passage.of(hit, asked) for hit in hits.get(asked.document or "", ()))
        right = next((one for one in of_document if one.answer), None)
        if bool(right) == bool(asked.document):  # else it was cut in two
            yield Found(asked.question, passages, right)


def examples(some: Iterable[Found], epoch: int) -> Iterator[tuple[Found, Passage]]:
    """Questions with a passage each: the one that answers, and two that do not.

    Of those that do not, the best one always, another in turn: with each epoch others.
    """
    chance = random.Random(epoch)
    for one in some:
        if one.right:
            yield one, one.right
        wrong = [passage for passage in one.passages if not (passage.answer or passage.alike)]
        chosen = wrong[:1] + chance.sample(wrong[1:], min(1, len(wrong[1:])))
        yield from ((one, passage) for passage in chosen)
