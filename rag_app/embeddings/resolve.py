"""Which model a collection is read with: its own, and never another by accident."""

from __future__ import annotations

from dataclasses import fields, replace

from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.embeddings.providers import load_embeddings
from rag_app.errors import EmbeddingMismatchError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

AUTO = "auto"
DEFAULT = "minilm"

_WORDS = {
    "fingerprint": "weights",
    "max_tokens": "longest text in tokens",
    "normalized": "normalisation",
    "query_prefix": "question prefix",
    "document_prefix": "passage prefix",
}
"""How a difference is called in a message, where the field's own name is not plain enough."""


def embeddings_for(settings: Settings, identity: EmbeddingIdentity | None) -> IdentifiedEmbeddings:
    """Loads the model for a collection.

    Args:
        settings: ``embedding`` is a spec, or ``auto`` for the collection's own model.
        identity: What the collection was built with; None for a new collection.

    Raises:
        EmbeddingMismatchError: The model is not the one that the collection was built with.
        EmbeddingError: The model cannot be loaded.
    """
    own = identity.spec if identity else DEFAULT
    embeddings = load_embeddings(
        own if settings.embedding == AUTO else settings.embedding, settings
    )
    if identity is not None:
        check_identity(identity, embeddings.identity)
    return embeddings


def check_identity(stored: EmbeddingIdentity, loaded: EmbeddingIdentity) -> None:
    """Refuses a model that makes other vectors than those stored.

    The spec is only a name: the same weights under another one (a folder that was moved) are the
    same model.

    Raises:
        EmbeddingMismatchError: It names both, what differs, and the ways out.
    """
    if replace(stored, spec=loaded.spec) == loaded:
        return
    different = _differences(stored, loaded)
    if stored.spec == loaded.spec:
        raise EmbeddingMismatchError(
            f"The model '{stored.spec}' is no longer the one that this collection was built with "
            f"({different}). Bring the former model back, or change the collection over to "
            f"what it is now: rag switch COLLECTION --to '{loaded.spec}'."
        )
    raise EmbeddingMismatchError(
        f"This collection was built with '{stored.spec}', but '{loaded.spec}' is set "
        f"({different}). Either use the collection's own model "
        f"(--embedding '{stored.spec}', or unset RAG_EMBEDDING), or change it over to the other: "
        f"rag switch COLLECTION --to '{loaded.spec}'. A second collection can have it, too: "
        f"ingest PATH --collection NEW --embedding '{loaded.spec}'."
    )


def _differences(stored: EmbeddingIdentity, loaded: EmbeddingIdentity) -> str:
    parts = []
    for name in (field.name for field in fields(EmbeddingIdentity) if field.name != "spec"):
        there, here = getattr(stored, name), getattr(loaded, name)
        if there != here:
            parts.append(f"{_WORDS.get(name, name)} {_short(there)} there, {_short(here)} here")
    return "; ".join(parts)


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 24 else text[:12] + "…'"
