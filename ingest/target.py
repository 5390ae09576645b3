"""The collection that documents go into: opened with its own model and chunking, or made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_app.errors import CollectionExistsError, UsageError
from rag_app.settings import Settings
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Store

_CHUNKING = {"chunk_tokens": "size", "chunk_overlap": "overlap"}


def open_or_create(
    store: Store, settings: Settings, name: str
) -> tuple[Collection, IdentifiedEmbeddings]:
    """Opens a collection for ingestion, or makes it with the settings' model and chunking.

    Raises:
        EmbeddingMismatchError: It was built with another model than the settings ask for.
        UsageError: The settings ask for another chunking than the collection has.
    """
    from rag_app.embeddings import embeddings_for

    if store.exists(name):
        collection = store.get(name)
        check_chunking(name, collection.info.chunking, settings, collection.info.embedding)
        return collection, embeddings_for(settings, collection.info.embedding)
    embeddings = embeddings_for(settings, None)
    return create(store, settings, name, embeddings.identity), embeddings


def create(
    store: Store, settings: Settings, name: str, identity: EmbeddingIdentity
) -> Collection:
    """Makes a collection; one that another process has made meanwhile is taken as it is."""
    try:
        return store.create(name, identity, chunking_for(settings, identity))
    except CollectionExistsError:
        collection = store.get(name)
        check_chunking(name, collection.info.chunking, settings, identity)
        return collection


def chunking_for(settings: Settings, identity: EmbeddingIdentity) -> ChunkingIdentity:
    """How a new collection is cut: never longer than the model reads.

    Raises:
        UsageError: The overlap is not below half of the size.
    """
    size = min(settings.chunk_tokens, identity.max_tokens)
    if 2 * settings.chunk_overlap >= size:
        raise UsageError(
            f"chunk_overlap ({settings.chunk_overlap}) must be below half of a passage's "
            f"{size} tokens. Lower it, or raise chunk_tokens."
        )
    return ChunkingIdentity(size=size, overlap=settings.chunk_overlap)


def check_chunking(
    name: str, stored: ChunkingIdentity, settings: Settings, identity: EmbeddingIdentity
) -> None:
    """Refuses a chunking that was asked for and is not the collection's own.

    A collection keeps the chunking that it was made with; a default of the settings asks for
    nothing.

    Raises:
        UsageError: It names both, and the ways out.
    """
    for setting, attribute in _CHUNKING.items():
        asked, has = getattr(settings, setting), getattr(stored, attribute)
        if attribute == "size":
            asked = min(asked, identity.max_tokens)
        if settings.origin(setting).source != "default" and asked != has:
            raise UsageError(
                f"The collection '{name}' is cut with {setting} = {has}, but {asked} is set "
                f"({settings.origin(setting).name}). Leave the setting out, or build a new "
                "collection: ingest PATH --collection NEW."
            )
