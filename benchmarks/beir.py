"""Sets in the BEIR layout, indexed whole: each document is one passage, as the sets define them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from measure import DATA

from rag_app.embeddings import IdentifiedEmbeddings, Vectors, cached, fitted_for, load_embeddings
from rag_app.embeddings.minilm_files import model_folder
from rag_app.evaluation.beir_files import read_beir
from rag_app.evaluation.passages import Passages, read_passages
from rag_app.evaluation.ranking import dense_rankings, hybrid_rankings
from rag_app.evaluation.trec import measure_run, to_run
from rag_app.retrieval.fuse import Ranking
from rag_app.settings import Settings
from rag_app.store import Collection, Store
from rag_app.types import Chunk, ChunkingIdentity, DocumentRecord, EmbeddingIdentity

Grades = dict[str, dict[str, int]]
"""Question → document → how relevant."""

_TOGETHER = 500
_NO_MODEL = EmbeddingIdentity("none", "none", dimension=1, max_tokens=100_000, normalized=True)


@dataclass(frozen=True)
class BeirSet:
    """A set, and the collection that holds it.

    Attributes:
        name: Its folder.
        collection: For searching by keywords; its vectors mean nothing.
        passages: One for each document.
        questions: By id.
        grades: Of the documents, by the ids of their passages.
    """

    name: str
    collection: Collection
    passages: Passages
    questions: Mapping[str, str]
    grades: Grades

    @property
    def texts(self) -> list[str]:
        """What models embed."""
        return [passage.embedded for passage in self.passages.all]

    @property
    def ids(self) -> list[str]:
        """Of the passages, in ascending order."""
        return [passage.id for passage in self.passages.all]


def folder_of(name: str) -> Path:
    """Where a set is: most are below ``beir``, some beside it."""
    below = DATA / "beir" / name
    return below if below.is_dir() else DATA / name


def read(name: str, every: int = 1) -> tuple[dict[str, str], dict[str, str], Grades]:
    """Documents, questions (each ``every``-th) and positive grades of a set."""
    beir = read_beir(folder_of(name))
    grades = {
        question: relevant
        for question, judged in beir.grades.items()
        if (relevant := {document: grade for document, grade in judged.items() if grade > 0})
    }
    documents = {document.id: document.whole for document in beir.documents.values()}
    return documents, {one: beir.questions[one] for one in list(grades)[::every]}, grades


def models() -> dict[str, str]:
    """Every model that runs here without a network: a name for tables, and its spec."""
    folder = model_folder()
    return {
        "ordinal": "ordinal",
        "onehot": "onehot",
        "bow": "bow",
        "tfidf": "tfidf",
        "word2vec": "word2vec",
        "word2vec, CBOW": "word2vec?sg=0",
        "fasttext": "fasttext",
        "glove mean": "glove:6B-50d?weighting=mean",
        "glove sif": "glove:6B-50d",
        "static:minilm": "static:minilm",
        "minilm": "minilm",
        "minilm, pooling=cls": f"transformers:{folder}?pooling=cls",
        "minilm, pooling=max": f"transformers:{folder}?pooling=max",
    }


@contextmanager
def opened(
    name: str, settings: Settings, every: int = 1, *, titled: bool = False
) -> Iterator[BeirSet]:
    """Indexes a set in a store of its own, which goes afterwards.

    With ``titled``, titles are headings, as ``rag eval beir`` has them, and not words of the text.
    """
    documents, questions, grades = read(name, every)
    parts = {one.id: one for one in read_beir(folder_of(name)).documents.values()} if titled else {}
    with (
        tempfile.TemporaryDirectory() as home,
        Store(settings.override(home=Path(home))) as store,
    ):
        collection = store.create(name, _NO_MODEL, ChunkingIdentity(100_000, 0))
        items = [
            _item(id_, parts[id_].text, parts[id_].title) if titled else _item(id_, text)
            for id_, text in documents.items()
        ]
        with collection.writer(wait_s=5) as writer:
            for start in range(0, len(items), _TOGETHER):
                writer.put_many(items[start : start + _TOGETHER])
        passage = {id_: record.id for id_, (record, _, _) in zip(documents, items, strict=True)}
        renamed = {
            question: {passage[document]: grade for document, grade in found.items()}
            for question, found in grades.items()
        }
        yield BeirSet(name, collection, read_passages(collection), questions, renamed)


def _item(id_: str, text: str, title: str = "") -> tuple[DocumentRecord, Sequence[Chunk], Vectors]:
    key = hashlib.sha256(id_.encode()).hexdigest()
    record = DocumentRecord(
        id=key,
        sources=(f"/{key}",),
        media_type="text/plain",
        title=None,
        pages=1,
        characters=len(text),
        chunks=1,
        truncated_chunks=0,
        size_bytes=len(text),
        added_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    chunk = Chunk(
        id=key,
        document_id=key,
        ordinal=0,
        text=text or " ",
        page=1,
        start=0,
        end=len(text),
        headings=(title,) if title else (),
        tokens=0,
        truncated=False,
    )
    return record, [chunk], np.ones((1, 1), np.float32)


def loaded(spec: str, beir: BeirSet, settings: Settings) -> IdentifiedEmbeddings:
    """A model, fitted on the set where it needs a fit, with the vector cache."""
    fitted = fitted_for(spec, lambda: beir.texts, settings, collection=beir.name)
    return cached(load_embeddings(fitted, settings), settings)


def rankings(
    model: IdentifiedEmbeddings, beir: BeirSet, asked: Sequence[str]
) -> dict[str, list[Ranking]]:
    """What is found for each question, densely and fused with the keywords."""
    vectors = model.encode_documents(beir.texts)
    questions = np.stack([model.encode_query(question) for question in asked])
    dense = dense_rankings(beir.ids, vectors, questions)
    hybrid = hybrid_rankings(asked, beir.collection, beir.ids, vectors, questions, dense)
    return {"dense": list(dense), "hybrid": list(hybrid)}


def ndcg(found: Sequence[Ranking], questions: Sequence[str], grades: Grades) -> float:
    """Mean nDCG@10 as trec_eval computes it."""
    run = to_run(dict(zip(questions, found, strict=True)))
    kept = {question: grades[question] for question in questions}
    return measure_run(kept, run, ["ndcg@10"])["ndcg@10"]
