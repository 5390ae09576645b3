"""Any LangChain ``Embeddings`` of the user's: ``python:package.module:factory``.

The factory is called without arguments, once; a ready object does as well. Options: ``max_tokens``
(what the model reads), ``fingerprint`` (a word of the user's, to be changed when the vectors
change), ``query_prefix`` and ``document_prefix``. The object may have an attribute of the first
two names, ``count_tokens(texts)``, ``languages`` and ``destination`` (the host that it sends text
to), which then are used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.estimate import cut, estimate_tokens
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.embeddings.user_code import made_by, said
from rag_app.errors import EmbeddingError, RagError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

OPTIONS = ("document_prefix", "fingerprint", "max_tokens", "query_prefix")
MAX_TOKENS = 512
"""Where neither the spec nor the object says what the model reads."""


class CustomModel(IdentifiedEmbeddings):
    """Wraps a LangChain ``Embeddings``. Vectors are scaled to length 1; zero stays zero.

    Args:
        spec: As the user wrote it.
        inner: What the factory gave.
    """

    def __init__(self, spec: ModelSpec, inner: Embeddings) -> None:
        self._spec = spec
        self._inner: Any = inner
        own = getattr(inner, "max_tokens", None)
        limit = own if isinstance(own, int) and own >= 8 else MAX_TOKENS
        self._max_tokens = spec.number("max_tokens", limit, least=8)
        self.destination = getattr(inner, "destination", None)
        self.languages = getattr(inner, "languages", None)

    @cached_property
    def identity(self) -> EmbeddingIdentity:
        """Embeds one word to learn the dimension, once."""
        options, kind = self._spec.options, type(self._inner)
        own = options.get("fingerprint") or getattr(self._inner, "fingerprint", "")
        name = f"{self._spec.model} {kind.__module__}.{kind.__qualname__} {own}"
        return EmbeddingIdentity(
            spec=str(self._spec),
            fingerprint=hashlib.sha256(name.encode()).hexdigest(),
            dimension=self._asked("embed_documents", ["dimension"]).shape[1],
            max_tokens=self._max_tokens,
            query_prefix=options.get("query_prefix", ""),
            document_prefix=options.get("document_prefix", ""),
        )

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self._asked("embed_documents", [self._short(text) for text in texts])

    def _embed_query(self, text: str) -> Vectors:
        return self._asked("embed_query", self._short(text))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The object's own count if it has one, an estimate otherwise."""
        passages = [self._spec.options.get("document_prefix", "") + text for text in texts]
        if hasattr(self._inner, "count_tokens"):
            return [int(count) for count in self._inner.count_tokens(passages)]
        return [estimate_tokens(text) + 2 for text in passages]

    def _short(self, text: str) -> str:
        return cut(text, self._max_tokens - 2)

    def _asked(self, method: str, given: str | list[str]) -> Vectors:
        try:
            with self._encoding():
                answer = getattr(self._inner, method)(given)
        except RagError:
            raise
        except Exception as error:
            raise EmbeddingError(
                f"{method} of '{self._spec}' failed: {said(error)}. Correct that code."
            ) from error
        try:
            vectors = np.atleast_2d(np.asarray(answer, np.float32))
        except (TypeError, ValueError) as error:
            raise self._odd(method, "no vectors of one length") from error
        if vectors.ndim != 2 or vectors.size == 0:
            raise self._odd(method, f"an array of shape {vectors.shape}")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(norms > 0, norms, 1), np.float32)

    def _odd(self, method: str, what: str) -> EmbeddingError:
        return EmbeddingError(f"{method} of '{self._spec}' gave {what}. Correct that code.")


def load(spec: ModelSpec, settings: Settings) -> CustomModel:
    """Imports the module and calls the factory.

    Raises:
        UsageError: The spec is not ``python:module:factory``, or has an unknown option.
        EmbeddingError: There is no such module or factory, it fails, or it gives something else
            than a LangChain ``Embeddings``.
    """
    del settings
    spec.allow(*OPTIONS)
    base = "Embeddings (langchain_core.embeddings.Embeddings)"
    # mypy takes an abstract class for no type; the check is isinstance's.
    made = made_by(str(spec), spec.model, Embeddings, base, EmbeddingError)  # type: ignore[type-abstract]
    return CustomModel(spec, made)


def models(settings: Settings) -> list[ModelStatus]:
    """The provider itself: its models are the user's."""
    del settings
    note = "a LangChain Embeddings of your own; your code decides where text goes"
    return [ModelStatus("python:PACKAGE.MODULE:FACTORY", "ready", note=note)]
