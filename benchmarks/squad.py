"""SQuAD v1.1's paragraphs as documents: one text file for each, ingested by the product."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest import ingest_paths
from rag_app.embeddings import embeddings_for
from rag_app.retrieval.search import Searcher
from rag_app.settings import load_settings
from rag_app.store import Store

SEED = 2026
REPORTED = 500
DATA = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Paragraph:
    """A document: its file is ``name``."""

    id: str
    article: str
    text: str

    @property
    def name(self) -> str:
        return f"paragraph-{self.id}.txt"


@dataclass(frozen=True)
class Question:
    """A question, its gold answers in lower case, and the paragraph it was asked of."""

    id: str
    text: str
    answers: tuple[str, ...]
    paragraph: Paragraph

    def answered_by(self, text: str) -> bool:
        """Whether ``text`` contains a gold answer, white space and case aside."""
        plain = " ".join(text.split()).lower()
        return any(answer in plain for answer in self.answers)


@dataclass(frozen=True)
class Squad:
    """The corpus."""

    documents: tuple[Paragraph, ...]
    questions: tuple[Question, ...]

    @cached_property
    def _group_of_article(self) -> dict[str, int]:
        articles = sorted({document.article for document in self.documents})
        random.Random(5).shuffle(articles)
        return {article: position for position, article in enumerate(articles)}

    def group_of(self, question: Question, groups: int) -> int:
        """The group of the question's article."""
        return self._group_of_article[question.paragraph.article] % groups

    def in_group(self, group: int, groups: int) -> tuple[Paragraph, ...]:
        """The paragraphs of a group of articles."""
        return tuple(
            document
            for document in self.documents
            if self._group_of_article[document.article] % groups == group
        )

    def searcher(self, home: Path, name: str, documents: tuple[Paragraph, ...]) -> Searcher:
        """Ingests documents into a collection (an earlier run's is kept) and opens it."""
        folder = home / "texts" / name
        folder.mkdir(parents=True, exist_ok=True)
        for document in documents:
            path = folder / document.name
            if not path.exists():
                path.write_text(document.text + "\n", encoding="utf-8")
        settings = load_settings({"home": home / "rag", "collection": name}, environ={})
        ingest_paths([folder], settings, collection=name)
        collection = Store(settings).get(name)
        return Searcher(collection, embeddings_for(settings, collection.info.embedding))

    def ids_without(self, question: Question, searcher: Searcher) -> frozenset[str]:
        """Every document of a collection but the question's own."""
        return frozenset(
            record.id
            for record in searcher.collection.documents()
            if record.name != question.paragraph.name
        )


def load_squad(data: Path = DATA) -> Squad:
    """Reads the corpus from the folder of test data."""
    folder = data / "beir" / "squad-v1.1"
    documents = {
        row["_id"]: Paragraph(row["_id"], row["title"], row["text"])
        for row in _rows(folder / "corpus.jsonl")
    }
    lines = (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    home = {question: paragraph for question, paragraph, _ in (line.split("\t") for line in lines)}
    questions = tuple(
        Question(
            id=row["_id"],
            text=row["text"],
            answers=tuple(dict.fromkeys(" ".join(a.split()).lower() for a in row["answers"])),
            paragraph=documents[home[row["_id"]]],
        )
        for row in _rows(folder / "queries.jsonl")
    )
    return Squad(tuple(documents.values()), questions)


def reported_sample(squad: Squad) -> list[Question]:
    """The 500 questions that figures are given for; nothing is fitted on them."""
    return random.Random(SEED).sample(list(squad.questions), REPORTED)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
