"""The map of a collection: its passages as one or two models arrange them.

It is drawn without a question; ``map_question`` puts one on it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.errors import UsageError
from rag_app.evaluation.clusters import Clusters, cluster
from rag_app.evaluation.map_notes import drawing_note, sample_note, zero_note
from rag_app.evaluation.project import Method, Projection, project
from rag_app.types import Chunk, DocumentRecord

if TYPE_CHECKING:
    from rag_app.store import Collection

SAMPLE = 2000
"""t-SNE takes 8 s for so many; more points hide each other."""


class Passage(NamedTuple):
    """A point's passage."""

    chunk: Chunk
    document: DocumentRecord


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands on a map.

    Attributes:
        point: Of shape (dimensions,).
        passage: None for the question itself.
        cosine: Of a hit to the question.
    """

    point: Vectors
    passage: Passage | None = None
    cosine: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """The passages as one model arranges them.

    Attributes:
        model: Its spec.
        projection: One point for each passage of the map.
        question: Where the question stands, if there is one.
        hits: Its passages, best first.
    """

    model: str
    projection: Projection
    question: Mark | None = None
    hits: tuple[Mark, ...] = ()

    def to_json(self) -> dict[str, object]:
        """How it was drawn, and the hits."""
        drawing = self.projection
        return {
            "model": self.model,
            "method": drawing.method,
            "dimensions": drawing.dimensions,
            "explained_variance": [round(share, 4) for share in drawing.explained] or None,
            "trustworthiness": drawing.trustworthiness,
            "hits": [
                {"chunk_id": hit.passage.chunk.id, "cosine": round(hit.cosine, 4)}
                for hit in self.hits
                if hit.passage
            ],
        }


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """A map.

    Attributes:
        collection: Its name.
        passages: What the points stand for.
        total: Passages in the collection.
        clusters: Groups of ``passages`` by the first model's vectors.
        views: One for each model.
        question: The question on it.
        notes: Sentences that its reader should know.
    """

    collection: str
    passages: tuple[Passage, ...]
    total: int
    clusters: Clusters
    views: tuple[View, ...]
    question: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """What it shows and how far to believe it; the points themselves are left out."""
        return {
            "collection": self.collection,
            "passages": len(self.passages),
            "of": self.total,
            "clusters": [list(names) for names in self.clusters.names],
            "views": [view.to_json() for view in self.views],
            "question": self.question or None,
            "notes": list(self.notes),
        }


def draw_map(
    collection: Collection,
    method: Method = "pca",
    dimensions: int = 2,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
) -> CollectionMap:
    """Draws the map of a collection from its stored vectors; no model is loaded.

    Args:
        collection: Which.
        method: ``pca``, ``tsne`` or ``umap``.
        dimensions: 2 or 3.
        sample: Passages on it at most; of more a sample is drawn.
        seed: Of the sample and of the methods that draw lots.

    Raises:
        UsageError: The collection has too few passages for the method.
        MissingExtraError: UMAP is not installed.
    """
    info = collection.info
    chosen = _sampled(collection.chunk_ids(), sample, seed)
    vectors, found = collection.vectors(chosen), collection.fetch(chosen)
    ids = [id_ for id_ in chosen if id_ in found and id_ in vectors and vectors[id_].any()]
    if not ids:
        raise UsageError(
            f"There is nothing to map in the collection '{info.name}': it has no passage, or its "
            "model knows no word of them. Ingest documents, or choose another collection."
        )
    passages = tuple(Passage(*found[id_]) for id_ in ids)
    matrix = np.stack([vectors[id_] for id_ in ids])
    view = View(info.embedding.spec, project(matrix, method, dimensions, seed))
    return CollectionMap(
        info.name,
        passages,
        info.chunks,
        cluster(matrix, [passage.chunk.text for passage in passages], seed),
        (view,),
        notes=(
            *sample_note(len(chosen), info.chunks),
            *zero_note(len(chosen) - len(ids), view.model),
            *drawing_note(view.model, view.projection),
        ),
    )


def add_model(drawn: CollectionMap, embeddings: IdentifiedEmbeddings) -> CollectionMap:
    """The same passages, with a second model's arrangement beside the first.

    Args:
        drawn: The map.
        embeddings: The model; wrapped with ``cached`` it embeds each passage once.

    Raises:
        EmbeddingError: The model does not answer.
    """
    from ingest.chunk import contextual_text

    texts = [contextual_text(passage.chunk) for passage in drawn.passages]
    first = drawn.views[0].projection
    vectors = embeddings.encode_documents(texts)
    view = View(embeddings.identity.spec, project(vectors, first.method, first.dimensions, seed=0))
    # A passage that this model cannot tell from others is still one point of the map.
    blank = int((~vectors.any(axis=1)).sum())
    note = (
        (f"{view.model} knows no word of {blank:,} of the passages; they share one point.",)
        if blank
        else ()
    )
    return replace(
        drawn,
        views=(*drawn.views, view),
        notes=(*drawn.notes, *drawing_note(view.model, view.projection), *note),
    )


def _sampled(ids: list[str], limit: int, seed: int) -> list[str]:
    if len(ids) <= limit:
        return ids
    return sorted(random.Random(seed).sample(ids, limit))  # noqa: S311 - nothing secret
