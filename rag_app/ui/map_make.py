"""The steps to a map: the passages, a second model beside the first, a question and its hits."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from rag_app.store import CollectionInfo
from rag_app.ui.map_choice import Choice
from rag_app.ui.map_work import Drawing, Drawn, drawings
from rag_app.ui.resources import EXTRACTIVE, Resources

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection

HITS = 5


def passages(shared: Resources, info: CollectionInfo, chosen: Choice) -> Drawing:
    """Draws the passages as the collection's own model arranges them."""
    method, dimensions = chosen.method, chosen.dimensions

    def make(_: Drawing) -> Drawn:
        from rag_app.evaluation import draw_map

        return Drawn(draw_map(shared.store.get(info.name), method, dimensions))

    return drawings().get(_key(info, chosen), make)


def second_view(shared: Resources, info: CollectionInfo, chosen: Choice, base: Drawn) -> Drawing:
    """Puts the second model's arrangement beside the first."""
    spec = chosen.second

    def make(_: Drawing) -> Drawn:
        from rag_app.evaluation import add_model

        second = _load(shared, shared.store.get(info.name), spec)
        return Drawn(add_model(base.map, second), second)

    return drawings().get((*_key(info, chosen), spec), make)


def with_question(shared: Resources, info: CollectionInfo, chosen: Choice, base: Drawn) -> Drawing:
    """Puts the question and its hits on the map."""
    question = chosen.question

    def make(_: Drawing) -> Drawn:
        if base.second is None:
            return _searched(shared, info, base, question)
        return _nearest(shared, info, base, base.second, question)

    spec = chosen.second if base.second else ""
    return drawings().get((*_key(info, chosen), spec, question), make, quick=True)


def _key(info: CollectionInfo, chosen: Choice) -> tuple[Hashable, ...]:
    # Whatever goes into or out of a collection changes the time; a switch, its model.
    state = (info.name, info.created_at, info.updated_at, info.embedding)
    return (*state, chosen.method, chosen.dimensions)


def _load(shared: Resources, collection: Collection, spec: str) -> IdentifiedEmbeddings:
    """Loads the second model, fitted on the whole collection if it needs a fit."""
    from ingest.switch_model import texts_of
    from rag_app.embeddings import cached, fitted_for, load_embeddings

    settings = shared.settings
    fitted = fitted_for(
        spec, lambda: texts_of(collection), settings, collection=collection.info.name
    )
    return cached(load_embeddings(fitted, settings), settings)


def _searched(shared: Resources, info: CollectionInfo, base: Drawn, question: str) -> Drawn:
    """The hits are what the chat finds, by meaning and by keywords."""
    from rag_app.evaluation import ask_map
    from rag_app.evaluation.collection_map import Passage
    from rag_app.retrieval import Searcher

    collection = shared.store.get(info.name)
    embeddings = shared.assistant(info.name, EXTRACTIVE).embeddings
    searcher = Searcher(collection, embeddings, fusion=shared.settings.fusion)
    found = searcher.search(question, HITS)
    stored = collection.vectors(hit.chunk.id for hit in found.hits)
    hits = {
        hit.chunk.id: (Passage(hit.chunk, hit.document), stored[hit.chunk.id])
        for hit in found.hits
        if hit.chunk.id in stored
    }
    asked = ask_map(base.map, found.question, [found.vector], hits)
    return Drawn(asked, notices=found.notices)


def _nearest(
    shared: Resources,
    info: CollectionInfo,
    base: Drawn,
    second: IdentifiedEmbeddings,
    question: str,
) -> Drawn:
    """Each model shows the passages that it holds nearest to the question."""
    from rag_app.evaluation import ask_map
    from rag_app.retrieval.search import clean_question

    text, notices = clean_question(question)
    first = shared.assistant(info.name, EXTRACTIVE).embeddings
    vectors = [first.encode_query(text), second.encode_query(text)]
    return Drawn(ask_map(base.map, text, vectors, k=HITS), second, notices)
