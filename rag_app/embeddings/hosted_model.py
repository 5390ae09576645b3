"""A model that a service computes: what is sent, how often it is tried, and what comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from weakref import finalize

import numpy as np
from langchain_core.embeddings import Embeddings

from rag_app.embeddings.address import host_of, is_loopback
from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.estimate import cut, estimate_tokens
from rag_app.embeddings.faults import fault_of
from rag_app.embeddings.retry import Pace, Retry
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError
from rag_app.types import EmbeddingIdentity

OPTIONS = ("document_prefix", "max_tokens", "query_prefix", "requests_per_minute")
"""What every hosted model can be told."""
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked, and what can be asked of it at a time.

    Attributes:
        address: Base URL, for messages and the identity.
        key: The variable of the key, for messages.
        correct: What to do about a wrong address, for messages.
        served: What must be there, for messages.
        ending: A hint on the address, for messages.
        max_tokens: What the model reads, unless the spec says otherwise.
        dimension: Length of a vector; None where the service has to be asked.
        request_texts: Texts in one request.
        request_tokens: Tokens in one request; ours are estimates, so less than is allowed.
        secret: The key itself, so that no message shows it.
    """

    address: str
    key: str
    correct: str
    served: str = "it serves an embedding model under this name"
    ending: str = ""
    max_tokens: int = 512
    dimension: int | None = None
    request_texts: int = 128
    request_tokens: int = 200_000
    secret: str = ""


class HostedModel(IdentifiedEmbeddings):
    """Embeds through a LangChain client. Tokens are estimated: no tokenizer is fetched.

    Questions and passages go through the client's ``embed_query`` and ``embed_documents``, which
    tell the service which of the two they are where it makes a difference.

    Args:
        spec: As the user wrote it.
        client: Asks the service; it need not try twice.
        endpoint: Where that is, and its limits.
        hang_up: Closes the client's connections; called at the latest with the object's end.
        retry: When to try again.
    """

    def __init__(
        self,
        spec: ModelSpec,
        client: Embeddings,
        endpoint: Endpoint,
        hang_up: Callable[[], None] = lambda: None,
        retry: Retry | None = None,
    ) -> None:
        self._spec = spec
        self._client = client
        self._endpoint = endpoint
        self._hang_up = finalize(self, hang_up)
        self._retry = retry or Retry()
        self._pace = Pace(spec.number("requests_per_minute", 0, least=0))
        self._max_tokens = spec.number("max_tokens", endpoint.max_tokens, least=8)
        self.destination = None if is_loopback(endpoint.address) else host_of(endpoint.address)

    @cached_property
    def identity(self) -> EmbeddingIdentity:
        """Asks the service for one vector where the dimension is not known otherwise."""
        spec, asked = self._spec, self._spec.options.get("dimensions")
        name = f"{spec.provider} {spec.model} {self._endpoint.address} {asked or ''}"
        known = int(asked) if asked else self._endpoint.dimension
        return EmbeddingIdentity(
            spec=str(spec),
            fingerprint=hashlib.sha256(name.encode()).hexdigest(),
            dimension=known or self._request(["dimension"]).shape[1],
            max_tokens=self._max_tokens,
            query_prefix=spec.options.get("query_prefix", ""),
            document_prefix=spec.options.get("document_prefix", ""),
        )

    def _embed(self, texts: Sequence[str]) -> Vectors:
        short = [cut(text, self._max_tokens - 2) for text in texts]
        parts = [self._request(batch) for batch in self._batches(short)]
        if len({part.shape[1] for part in parts}) > 1:
            raise self._odd("vectors of different lengths")
        return _unit(np.concatenate(parts))

    def _embed_query(self, text: str) -> Vectors:
        short = cut(text, self._max_tokens - 2)
        return _unit(self._ask(lambda: [self._client.embed_query(short)], 1))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate that is seldom too low; see ``estimate_tokens``."""
        prefix = self._spec.options.get("document_prefix", "")
        return [estimate_tokens(prefix + text) + 2 for text in texts]

    def close(self) -> None:
        """Closes the connections."""
        self._hang_up()

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        tokens = 0
        for text in texts:
            size = estimate_tokens(text)
            full = len(batch) == self._endpoint.request_texts
            if batch and (full or tokens + size > self._endpoint.request_tokens):
                yield batch
                batch, tokens = [], 0
            batch.append(text)
            tokens += size
        if batch:
            yield batch

    def _request(self, texts: list[str]) -> Vectors:
        return self._ask(lambda: self._client.embed_documents(texts), len(texts))

    def _ask(self, work: Callable[[], list[list[float]]], count: int) -> Vectors:
        def once() -> list[list[float]]:
            self._pace.wait()
            return work()

        with self._encoding(), self._explained():
            answer = self._retry.call(once)
        try:
            vectors = np.asarray(answer, np.float32)
        except (TypeError, ValueError) as error:
            raise self._odd("no vectors of one length") from error
        if vectors.ndim != 2 or vectors.size == 0 or len(vectors) != count:
            what = f"an answer of shape {vectors.shape}" if vectors.size else "no vectors"
            raise self._odd(f"{what} for {count} text{'s' if count > 1 else ''}")
        return vectors

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns the errors of the client into sentences; what is no fault of a service passes."""
        try:
            yield
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            endpoint, reason = self._endpoint, fault.reason
            if endpoint.secret:
                reason = reason.replace(endpoint.secret, "…")
            said = fault.kind.value.format(
                spec=self._spec,
                reason=reason,
                key=endpoint.key,
                correct=endpoint.correct,
                served=endpoint.served,
                ending=endpoint.ending,
            )
            raise EmbeddingError(f"The embedding server at {endpoint.address} {said}") from error

    def _odd(self, what: str) -> EmbeddingError:
        return EmbeddingError(
            f"The embedding server at {self._endpoint.address} gave {what} for '{self._spec}'. "
            f"Check that {self._endpoint.served}."
        )


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms > 0, norms, 1), np.float32)
