"""The collection that documents go into: opened with its own model and chunking, or made."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from rag_app.errors import (
    CollectionExistsError,
    CollectionSwitchedError,
    StoreBusyError,
    StoreError,
    UsageError,
)
from rag_app.settings import Settings
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Collection, Store, Writer

_CHUNKING = {"chunk_tokens": "size", "chunk_overlap": "overlap"}


class Target:
    """A collection by name, whether or not it exists yet, and the one writer of it.

    It is made, or opened for writing, when that is first needed: a run that finds nothing to do, or
    nothing that can be read, leaves no trace.
    """

    def __init__(
        self, store: Store, settings: Settings, name: str, on_wait: Callable[[], None] | None
    ) -> None:
        self._store, self._settings, self.name, self._on_wait = store, settings, name, on_wait
        self._stack = ExitStack()
        self._is_new = False
        self._writer: Writer | None = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Ends writing: the vector index is brought up to date."""
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def existing(self) -> Collection | None:
        """The collection, if it is there.

        Raises:
            EmbeddingMismatchError: The settings ask for another model than it was built with.
            UsageError: They ask for another chunking.
        """
        if not self._store.exists(self.name):
            return None
        collection = self._store.get(self.name)
        info = collection.info
        check_chunking(self.name, info.chunking, self._settings, info.embedding)
        if self._settings.embedding not in {"auto", info.embedding.spec}:
            from rag_app.embeddings import embeddings_for

            embeddings_for(self._settings, info.embedding)  # raises the mismatch, if it is one
        return collection

    def model(self) -> tuple[IdentifiedEmbeddings, ChunkingIdentity]:
        """Loads the collection's model, or the settings' one for a new collection."""
        from rag_app.embeddings import cached, embeddings_for

        if (collection := self.existing()) is None:
            self._is_new = True
            embeddings = embeddings_for(self._settings, None)
            chunking = chunking_for(self._settings, embeddings.identity)
        else:
            info = collection.info
            embeddings, chunking = embeddings_for(self._settings, info.embedding), info.chunking
        return cached(embeddings, self._settings), chunking

    def writer(self, identity: EmbeddingIdentity | None = None) -> Writer:
        """The writer; waits for another process that writes.

        Args:
            identity: Of the model; makes the collection if it was not there when that was loaded.

        Raises:
            EmbeddingMismatchError: Another process has made the collection with another model.
            UsageError: Another process has made it with another chunking.
            CollectionSwitchedError: It has changed over to another model since ours was loaded.
        """
        if self._writer is None:
            try:
                self._writer = self._open(identity)
            except CollectionSwitchedError:
                if identity is not None:  # what is embedded already is of the former model
                    raise
                self._writer = self._open(None)
        return self._writer

    def _open(self, identity: EmbeddingIdentity | None) -> Writer:
        collection = self._collection_for(identity)
        wait_s = self._settings.lock_wait_s
        return self._stack.enter_context(collection.writer(wait_s, self._on_wait))

    def _collection_for(self, identity: EmbeddingIdentity | None) -> Collection:
        if identity is None:
            return self._store.get(self.name)
        if self._is_new:
            return create(self._store, self._settings, self.name, identity)
        from rag_app.embeddings import check_identity

        collection = self._store.get(self.name)
        check_identity(collection.info.embedding, identity)
        return collection

    def warm(self) -> None:
        """Gets the store ready while the model works; what fails here fails again at the write."""
        with suppress(StoreError):
            self._store.warm()

    def catch_up(self) -> None:
        """Works off what an interrupted run, or a server that was down, left for the vector index.

        Without it, a run that finds nothing new would leave the index as it is. If another process
        is writing, that is its work.
        """
        collection = None if self._writer else self.existing()
        if collection is not None and collection.needs_upkeep:
            with suppress(StoreBusyError), collection.writer(wait_s=0):
                pass


def open_or_create(
    store: Store, settings: Settings, name: str
) -> tuple[Collection, IdentifiedEmbeddings]:
    """Opens a collection for ingestion, or makes it with the settings' model and chunking.

    Raises:
        EmbeddingMismatchError: It was built with another model than the settings ask for.
        UsageError: The settings ask for another chunking than the collection has.
    """
    target = Target(store, settings, name, None)
    embeddings, _ = target.model()
    existing = target.existing()
    return existing or create(store, settings, name, embeddings.identity), embeddings


def create(store: Store, settings: Settings, name: str, identity: EmbeddingIdentity) -> Collection:
    """Makes a collection; one that another process has made meanwhile must be the same.

    Raises:
        EmbeddingMismatchError: The other one was made with another model.
        UsageError: The other one was made with another chunking.
    """
    from rag_app.embeddings import check_identity

    chunking = chunking_for(settings, identity)
    try:
        return store.create(name, identity, chunking)
    except CollectionExistsError:
        collection = store.get(name)
        info = collection.info
        check_identity(info.embedding, identity)
        if info.chunking != chunking:
            raise UsageError(
                f"Another process has just made the collection '{name}' with another chunking. "
                "Run the command again."
            ) from None
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
