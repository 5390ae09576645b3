"""Opens a collection and its embedding model side by side, for a quick first answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rag_app.answering.chat_model import EXTRACTIVE
from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.errors import StoreError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

if TYPE_CHECKING:
    from rag_app.store import Collection, Store


def open_parts(
    settings: Settings, store: Store | None = None
) -> tuple[Collection, IdentifiedEmbeddings]:
    """The collection that ``settings`` name and its model, both ready.

    Importing and opening the vector store and loading the model take about the same time, and
    mostly outside Python, so a second thread halves the wait.

    Raises:
        CollectionNotFoundError: There is no such collection.
        StoreError: It is empty, or cannot be read.
        EmbeddingError: Its model cannot be loaded, or ``settings`` name another.
    """
    from rag_app.store import Store

    store = store or Store(settings)
    collection = store.get(settings.collection)
    info = collection.info
    if info.chunks == 0:
        raise StoreError(
            f"The collection '{info.name}' has no documents yet. Add some with: "
            f"ingest PATH --collection {info.name}"
        )
    with ThreadPoolExecutor(1) as thread:
        loading = thread.submit(_load, settings, info.embedding)
        collection.search_dense(_probe(info.embedding.dimension), 1)
        return collection, loading.result()


def _load(settings: Settings, identity: EmbeddingIdentity) -> IdentifiedEmbeddings:
    from rag_app.answering.reader import load_reader
    from rag_app.embeddings import embeddings_for

    embeddings = embeddings_for(settings, identity)
    if embeddings.destination is None:
        embeddings.encode_query("warm")  # the first run of a local model is the slow one
    if settings.llm == EXTRACTIVE:
        load_reader(settings)  # kept for the questions
    return embeddings


def _probe(dimension: int) -> Vectors:
    import numpy as np

    vector = np.zeros(dimension, dtype=np.float32)
    vector[0] = 1.0
    return vector
