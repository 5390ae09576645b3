"""A question and its hits on a map. The map is drawn before: asking another one moves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.evaluation.collection_map import CollectionMap, Mark, Passage, View
from rag_app.evaluation.map_notes import question_note
from rag_app.evaluation.project import unit

NOWHERE = "{model} knows no word of the question: it has no place on the map of this model."


def ask_map(
    drawn: CollectionMap,
    question: str,
    vectors: Sequence[Vectors],
    hits: Mapping[str, tuple[Passage, Vectors]] | None = None,
    k: int = 5,
) -> CollectionMap:
    """Puts a question and its hits on a map.

    Args:
        drawn: The map.
        question: Its text.
        vectors: The question's vector by each model of the map, of shape (dimension,).
        hits: What a search found, best first, with the stored vectors; they are put on the map
            even if the sample left them out. Only for a map of one model. Without them each view
            shows the k passages of the map that are nearest to the question.
        k: How many.
    """
    if hits is not None and len(drawn.views) > 1:
        raise ValueError("the hits of one search say nothing of another model")
    views: list[View] = []
    lost: list[str] = []
    for view, vector in zip(drawn.views, vectors, strict=True):
        if hits is None and not vector.any():
            # A zero vector is as near to one passage as to any other.
            views.append(view)
            lost.append(NOWHERE.format(model=view.model))
            continue
        mark = Mark(view.projection.place(vector[None])[0])
        found = _nearest(drawn, view, vector, k) if hits is None else _placed(drawn, vector, hits)
        views.append(replace(view, question=mark, hits=found))
    known = {passage.chunk.id for passage in drawn.passages}
    outside = sum(id_ not in known for id_ in hits or ())
    notes = question_note(views[0].projection.method, searched=hits is not None, outside=outside)
    notes = (*drawn.notes, *notes, *lost)
    return replace(drawn, views=tuple(views), question=question, notes=notes)


def _nearest(drawn: CollectionMap, view: View, vector: Vectors, k: int) -> tuple[Mark, ...]:
    cosines = view.projection.vectors @ unit(vector[None])[0]
    best = np.argsort(-cosines, kind="stable")[:k]
    points = view.projection.points
    return tuple(Mark(points[i], drawn.passages[i], float(cosines[i])) for i in best)


def _placed(
    drawn: CollectionMap, vector: Vectors, hits: Mapping[str, tuple[Passage, Vectors]]
) -> tuple[Mark, ...]:
    projection = drawn.views[0].projection
    places = {passage.chunk.id: place for place, passage in enumerate(drawn.passages)}
    question = unit(vector[None])[0]
    marks = []
    for id_, (passage, stored) in hits.items():
        point = (
            projection.points[places[id_]] if id_ in places else projection.place(stored[None])[0]
        )
        marks.append(Mark(point, passage, float(unit(stored[None])[0] @ question)))
    return tuple(marks)
