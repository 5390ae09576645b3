"""Embedding models: from a provider:model spec to vectors with a known identity."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag_app.embeddings.base import IdentifiedEmbeddings, UnknownWords, Vectors
    from rag_app.embeddings.cache import CachedEmbeddings, cached, vector_file
    from rag_app.embeddings.minilm import prepare
    from rag_app.embeddings.providers import ModelStatus, list_models, load_embeddings
    from rag_app.embeddings.resolve import check_identity, embeddings_for
    from rag_app.embeddings.spec import ModelSpec, parse_spec
    from rag_app.embeddings.trained import (
        fitted_for,
        needs_fit,
        remove_trained,
        train,
        trained_models,
    )

__all__ = [
    "CachedEmbeddings",
    "IdentifiedEmbeddings",
    "ModelSpec",
    "ModelStatus",
    "UnknownWords",
    "Vectors",
    "cached",
    "check_identity",
    "embeddings_for",
    "fitted_for",
    "list_models",
    "load_embeddings",
    "needs_fit",
    "parse_spec",
    "prepare",
    "remove_trained",
    "train",
    "trained_models",
    "vector_file",
]

_HOME = {
    "CachedEmbeddings": "cache",
    "IdentifiedEmbeddings": "base",
    "ModelSpec": "spec",
    "ModelStatus": "providers",
    "UnknownWords": "base",
    "Vectors": "base",
    "cached": "cache",
    "check_identity": "resolve",
    "embeddings_for": "resolve",
    "fitted_for": "trained",
    "list_models": "providers",
    "load_embeddings": "providers",
    "needs_fit": "trained",
    "parse_spec": "spec",
    "prepare": "minilm",
    "remove_trained": "trained",
    "train": "trained",
    "trained_models": "trained",
    "vector_file": "cache",
}
"""Where each name lives. They are imported when first used: numpy and LangChain take a while."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
