"""Corpora of ../shared/data as collections: text files, ingested by the product."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from measure import DATA

from ingest import ingest_paths
from rag_app.answering.condense import leans_on_history
from rag_app.embeddings import IdentifiedEmbeddings, cached, embeddings_for
from rag_app.retrieval.search import Searcher
from rag_app.settings import Settings, load_settings
from rag_app.store import Store
from rag_app.types import Filter

SEED = 2026
REPORTED = 500


@dataclass(frozen=True)
class Text:
    """A document; ``part`` is the article or sub-corpus that it belongs to."""

    id: str
    part: str
    text: str

    @property
    def name(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.id) + ".txt"


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        answers: Gold answers in lower case, where the corpus has them.
        documents: Names of the files that answer it; none if nothing does.
        part: The part that it was asked of.
    """

    text: str
    answers: tuple[str, ...]
    documents: frozenset[str]
    part: str

    def answered_by(self, text: str) -> bool:
        """Whether ``text`` contains a gold answer, white space and case aside."""
        plain = " ".join(text.split()).lower()
        return any(answer in plain for answer in self.answers)


@dataclass(frozen=True)
class Corpus:
    """Documents and questions about them."""

    documents: tuple[Text, ...]
    questions: tuple[Question, ...]

    @cached_property
    def _position(self) -> dict[str, int]:
        parts = sorted({document.part for document in self.documents})
        random.Random(5).shuffle(parts)
        return {part: position for position, part in enumerate(parts)}

    def group_of(self, part: str, groups: int) -> int:
        """Which of ``groups`` groups a part belongs to."""
        return self._position[part] % groups

    def in_group(self, group: int, groups: int) -> list[Text]:
        """The documents of a group of parts."""
        return [d for d in self.documents if self.group_of(d.part, groups) == group]


class Opened:
    """A collection to search, with the names of its files."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self._ids = {record.name: record.id for record in searcher.collection.documents()}

    @classmethod
    def of(cls, settings: Settings) -> Opened:
        """The collection that ``settings`` name, with the default model."""
        return cls(Searcher(Store(settings).get(settings.collection), _default_model()))

    def without(self, names: Iterable[str]) -> Filter:
        """All documents but some."""
        left_out = {self._ids.get(name, "") for name in names}
        return Filter(documents=tuple(id_ for id_ in self._ids.values() if id_ not in left_out))


def opened(home: Path, name: str, documents: Iterable[Text]) -> Opened:
    """Ingests documents into a collection and opens it; an earlier run's is taken up."""
    folder = home / "texts" / name
    folder.mkdir(parents=True, exist_ok=True)
    for document in documents:
        path = folder / document.name
        if not path.exists():
            path.write_text(document.text + "\n", encoding="utf-8")
    settings = load_settings({"home": home / "rag", "collection": name}, environ={})
    ingest_paths([folder], settings)
    return Opened.of(settings)


@cache
def _default_model() -> IdentifiedEmbeddings:
    """Keeps vectors in RAG_CACHE: one sentence is weighed for many questions."""
    return cached(embeddings_for(load_settings(environ={}), None), load_settings())


def squad(data: Path = DATA) -> Corpus:
    """SQuAD v1.1: a paragraph is a document, an article a part."""
    folder = data / "beir" / "squad-v1.1"
    documents, questions = _beir(folder, folder / "corpus.jsonl")
    return Corpus(documents, questions)


def squad_reported(corpus: Corpus) -> list[Question]:
    """The 500 questions that figures are given for; nothing is fitted on them."""
    return random.Random(SEED).sample(list(corpus.questions), REPORTED)


def squad_misleading(corpus: Corpus, data: Path = DATA) -> list[tuple[Question, Text]]:
    """SQuAD 2.0's questions that look as if a paragraph answered them, each with the paragraph."""
    articles = json.loads((data / "squad" / "dev-v2.0.json").read_text(encoding="utf-8"))["data"]
    of_text = {document.text.strip(): document for document in corpus.documents}
    found = []
    for paragraph in (paragraph for article in articles for paragraph in article["paragraphs"]):
        document = of_text[paragraph["context"].strip()]
        found += [
            (Question(asked["question"], (), frozenset(), document.part), document)
            for asked in paragraph["qas"]
            if asked["is_impossible"]
        ]
    return found


def cranfield(data: Path = DATA) -> Corpus:
    """Cranfield: abstracts on aeronautics, and questions of engineers."""
    folder = data / "beir" / "cranfield"
    return Corpus(*_beir(folder, folder / "corpus.jsonl"))


def scifact(data: Path = DATA) -> Corpus:
    """SciFact: claims, the abstracts that decide them, and 500 other abstracts."""
    folder = data / "beir" / "scifact"
    documents, questions = _beir(folder, folder / "corpus.jsonl")
    wanted = {name for question in questions for name in question.documents}
    others = [document for document in documents if document.name not in wanted]
    random.Random(1).shuffle(others)
    kept = [document for document in documents if document.name in wanted]
    return Corpus((*kept, *others[:500]), questions)


def mtrag(data: Path = DATA) -> Corpus:
    """mt-rag: questions that people asked, those that stand alone; some have no answer."""
    folder = data / "mtrag"
    documents, questions = _beir(
        folder,
        folder / "corpus.jsonl",
        lambda row: (
            row["answerability"] in {"ANSWERABLE", "UNANSWERABLE"}
            and not (row["history"] and leans_on_history(row["text"]))
        ),
    )
    return Corpus(documents, questions)


def _beir(
    folder: Path, corpus: Path, wanted: Callable[[dict[str, Any]], bool] = lambda _: True
) -> tuple[tuple[Text, ...], tuple[Question, ...]]:
    documents = {
        row["_id"]: Text(row["_id"], row.get("title", ""), row["text"]) for row in _rows(corpus)
    }
    homes: dict[str, set[str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, document, _ = line.split("\t")
        if document in documents:
            homes.setdefault(question, set()).add(document)
    questions = []
    for row in _rows(folder / "queries.jsonl"):
        home = homes.get(row["_id"], set())
        answerable = row.get("answerability") != "UNANSWERABLE"
        if wanted(row) and (home or not answerable):
            answers = dict.fromkeys(" ".join(a.split()).lower() for a in row.get("answers", ()))
            names = frozenset(documents[one].name for one in home) if answerable else frozenset()
            part = documents[min(home)].part if home else ""
            questions.append(Question(row["text"], tuple(answers), names, part))
    return tuple(documents.values()), tuple(questions)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
