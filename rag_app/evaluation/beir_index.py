"""The index of a test set: each document is one passage, in a store of its own under RAG_HOME.

It is the product's own store, apart from the user's collections and always embedded. Its folder is
named by the corpus, the model's identity and ``VERSION``, so a set is indexed once for each model;
an indexing that was stopped goes on where it ended. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.errors import CollectionNotFoundError, RagError
from rag_app.evaluation.beir_files import BeirDocument, BeirSet
from rag_app.evaluation.run import Interrupted
from rag_app.settings import Settings
from rag_app.store import Collection, Store
from rag_app.types import TEXT, Chunk, ChunkingIdentity, DocumentRecord, EmbeddingIdentity

VERSION = 1
"""Raised when the same documents would be stored otherwise."""

FOLDER = "benchmarks"
"""Below RAG_HOME."""

_NAME = "set"
_BATCH = 256
_NO_LIMIT = 1_000_000
"""Tokens: the passages are not cut."""

Tell = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and of how much."""

Item = tuple[DocumentRecord, Sequence[Chunk], Vectors]


@contextmanager
def opened_index(
    beir: BeirSet,
    embeddings: IdentifiedEmbeddings,
    settings: Settings,
    tell: Tell = lambda _stage, _done, _total: None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Collection]:
    """Opens the index of a set, made or completed now where that is needed.

    Args:
        beir: The set.
        embeddings: The model.
        settings: ``home`` is where indexes are kept.
        tell: Told how far it is: stages ``passages`` and ``index``.
        check: Raises ``Interrupted`` when the user wants to stop.

    Raises:
        RagError: The model does not answer, or the index cannot be written.
        Interrupted: The user has stopped it; what was embedded is kept.
    """
    home = index_folder(beir, embeddings.identity, settings)
    own = settings.model_copy(update={"home": home, "chroma_url": None})
    with Store(own) as store:
        try:
            collection = store.get(_NAME)
        except CollectionNotFoundError:
            chunking = ChunkingIdentity(_NO_LIMIT, 0)
            collection = store.create(_NAME, embeddings.identity, chunking)
        if collection.info.documents < len(beir.documents) or collection.needs_upkeep:
            _fill(collection, beir, embeddings, settings.lock_wait_s, (tell, check))
        yield collection


def index_folder(beir: BeirSet, identity: EmbeddingIdentity, settings: Settings) -> Path:
    """Where the index of a set is kept for a model."""
    key = json.dumps([VERSION, beir.digest, asdict(identity)], sort_keys=True)
    return settings.home / FOLDER / hashlib.sha256(key.encode()).hexdigest()[:24]


def truncated_in(collection: Collection) -> int:
    """Documents whose ends the model does not read."""
    return sum(record.truncated_chunks for record in collection.documents())


def index_item(document: BeirDocument, vector: Vectors, tokens: int, limit: int) -> Item:
    """A document as the store takes it: one passage, under its title as the heading.

    Args:
        document: Of a set.
        vector: Of shape (1, dimension).
        tokens: What the model would read of it, were there no limit.
        limit: What it does read.
    """
    # Keywords count the names of files as well; nobody asks for this one.
    source = f"/{hashlib.sha256(document.id.encode()).hexdigest()}"
    title = (document.title,) if document.title else ()
    text = document.text or " "
    truncated = tokens > limit
    chunk = Chunk(document.id, document.id, 0, text, 1, 0, len(text), title, tokens, truncated)
    record = DocumentRecord(
        id=document.id,
        sources=(source,),
        media_type=TEXT,
        title=document.title or None,
        pages=1,
        characters=len(text),
        chunks=1,
        truncated_chunks=int(truncated),
        size_bytes=len(text),
        added_at=datetime.now(UTC),
    )
    return record, [chunk], vector


def _fill(
    collection: Collection,
    beir: BeirSet,
    embeddings: IdentifiedEmbeddings,
    wait_s: float,
    ears: tuple[Tell, Callable[[], None]],
) -> None:
    tell, check = ears
    total, limit = len(beir.documents), embeddings.identity.max_tokens
    with collection.writer(wait_s, deferred=True) as writer:
        there = {record.id for record in collection.documents()}
        missing = (document for id_, document in beir.documents.items() if id_ not in there)
        done = len(there)
        while batch := list(islice(missing, _BATCH)):
            check()
            tell("passages", done, total)
            texts = [document.whole for document in batch]
            vectors = embeddings.encode_documents(texts)
            tokens = embeddings.count_tokens(texts)
            writer.put_many(
                index_item(document, vectors[n : n + 1], tokens[n], limit)
                for n, document in enumerate(batch)
            )
            done += len(batch)
        _flush(writer.flush, total, ears)
    if collection.info.documents != total:
        raise RagError(
            f"The index of {beir.name} is incomplete although all documents were stored. "
            f"Delete the folder {FOLDER} in RAG_HOME and start again."
        )


def _flush(
    flush: Callable[[Callable[[int], bool]], None],
    total: int,
    ears: tuple[Tell, Callable[[], None]],
) -> None:
    """Builds the vector index, which ends by itself at a sound place when the user stops it."""
    tell, check = ears
    stopped: list[Interrupted] = []

    def go_on(waiting: int) -> bool:
        tell("index", max(total - waiting, 0), total)
        try:
            check()
        except Interrupted as wish:
            stopped.append(wish)
        return not stopped

    flush(go_on)
    if stopped:
        raise stopped[0]
