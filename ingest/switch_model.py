"""The embedding model that a collection is to be switched to: loaded, or fitted first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ingest.chunk import contextual_text
from rag_app.errors import EmbeddingError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Store


def switch_model(
    store: Store,
    settings: Settings,
    name: str,
    asked: str,
    progress: Callable[[float], None] | None = None,
) -> IdentifiedEmbeddings:
    """Loads the model for a switch, with the vector cache.

    One that needs a fit is fitted on the collection's passages; a switch that was begun goes on
    with the model that was fitted for it, whatever documents have come in since.

    Args:
        store: Where the collection is.
        settings: What is in force.
        name: The collection.
        asked: A spec, which may be that of a model to be fitted.
        progress: Told how far a fit is, from 0 to 1.

    Raises:
        RagError: There is no such collection or model, or it cannot be loaded or fitted.
    """
    from rag_app.embeddings import cached, fitted_for, load_embeddings, needs_fit

    generations = store.generations(name)
    if needs_fit(asked):
        begun = generations.get("next")
        info = begun.info if begun else None
        if info is not None and info.asked == asked:
            try:
                return cached(load_embeddings(info.embedding.spec, settings), settings)
            except EmbeddingError:  # it was removed: a new one takes its place
                pass
        live = generations.live
        asked = fitted_for(
            asked, lambda: texts_of(live), settings, collection=name, progress=progress
        )
    return cached(load_embeddings(asked, settings), settings)


def texts_of(collection: Collection) -> list[str]:
    """All passages as they are embedded: with the headings above them."""
    return [
        contextual_text(chunk)
        for record in collection.documents()
        for chunk in collection.chunks(record.id)
    ]
