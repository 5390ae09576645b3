"""OpenAI's embedding models, and those of every server that speaks the same protocol.

``openai:NAME`` with the options ``dimensions`` (a shorter vector, for models that offer it) and
``max_tokens`` (what the server's model reads; 8191 for OpenAI's own).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import finalize

import numpy as np

from rag_app.embeddings.address import host_of, is_loopback
from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.embeddings.estimate import cut, estimate_tokens
from rag_app.embeddings.openai_errors import KEY, explained
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import EmbeddingError, MissingKeyError
from rag_app.settings import Settings
from rag_app.types import EmbeddingIdentity

if TYPE_CHECKING:
    from langchain_openai import OpenAIEmbeddings

ADDRESS = "https://api.openai.com/v1"
MAX_TOKENS = 8191
DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
TIMEOUT_S = 60.0
_REQUEST_TEXTS = 128
_REQUEST_TOKENS = 200_000  # OpenAI refuses more than 300,000 in one request; ours are estimates


class OpenAIModel(IdentifiedEmbeddings):
    """A hosted model. Its tokens are estimated: its tokenizer would have to be fetched.

    Args:
        spec: As the user wrote it.
        client: LangChain's client, which sends strings.
        address: Base URL, for messages and the identity.
        hang_up: Closes the client's connections; called at the latest with the object's end.
    """

    def __init__(
        self,
        spec: ModelSpec,
        client: OpenAIEmbeddings,
        address: str,
        hang_up: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._client = client
        self._hang_up = finalize(self, hang_up)
        self._address = address
        self._max_tokens = spec.number("max_tokens", MAX_TOKENS, least=8)
        self.destination = None if is_loopback(address) else host_of(address)

    @cached_property
    def identity(self) -> EmbeddingIdentity:
        """Asks the server for one vector where the dimension is not known otherwise."""
        asked = self._spec.options.get("dimensions")
        known = int(asked) if asked else DIMENSIONS.get(self._spec.model)
        name = f"openai {self._spec.model} {self._address} {asked or ''}"
        return EmbeddingIdentity(
            spec=str(self._spec),
            fingerprint=hashlib.sha256(name.encode()).hexdigest(),
            dimension=known or self._request(["dimension"]).shape[1],
            max_tokens=self._max_tokens,
        )

    def _embed(self, texts: Sequence[str]) -> Vectors:
        parts = [self._request(batch) for batch in _requests(self._shortened(texts))]
        if len({part.shape[1] for part in parts}) > 1:
            raise self._odd("vectors of different lengths")
        vectors = np.concatenate(parts)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.where(norms > 0, norms, 1), np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate that is seldom too low; see ``estimate_tokens``."""
        return [estimate_tokens(text) + 2 for text in texts]

    def close(self) -> None:
        """Closes the connections."""
        self._hang_up()

    def _shortened(self, texts: Sequence[str]) -> list[str]:
        return [cut(text, self._max_tokens - 2) for text in texts]

    def _request(self, texts: list[str]) -> Vectors:
        try:
            with self._encoding(), explained(str(self._spec), self._address):
                answer = self._client.embed_documents(texts)
            vectors = np.asarray(answer, np.float32)
        except (KeyError, TypeError, ValueError) as error:  # nothing of the protocol's shape
            raise self._odd("no vectors of one length") from error
        if vectors.ndim != 2 or vectors.size == 0 or len(vectors) != len(texts):
            raise self._odd(f"{len(answer)} vectors for {len(texts)} texts")
        return vectors

    def _odd(self, what: str) -> EmbeddingError:
        return EmbeddingError(
            f"The embedding server at {self._address} gave {what} for '{self._spec}'. "
            "Check that it serves an embedding model under this name."
        )


def _requests(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    tokens = 0
    for text in texts:
        size = estimate_tokens(text)
        if batch and (len(batch) == _REQUEST_TEXTS or tokens + size > _REQUEST_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += size
    if batch:
        yield batch


def _address(settings: Settings) -> str:
    return (settings.embedding_base_url or settings.openai_base_url or ADDRESS).rstrip("/")


def load(spec: ModelSpec, settings: Settings) -> OpenAIModel:
    """Makes the client; nothing is sent yet.

    Raises:
        UsageError: An unknown option, or a value out of range.
        MissingKeyError: OpenAI itself is meant, and there is no key.
    """
    spec.allow("dimensions", "max_tokens")
    dimensions = spec.number("dimensions", 1) if "dimensions" in spec.options else None
    address = _address(settings)
    if settings.openai_api_key is None and address == ADDRESS:
        raise MissingKeyError(f"The embedding model '{spec}'", KEY)
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    from langchain_openai import OpenAIEmbeddings
    from openai import DefaultHttpxClient
    from pydantic import SecretStr

    connections = DefaultHttpxClient(timeout=TIMEOUT_S)
    client = OpenAIEmbeddings(
        model=spec.model,
        dimensions=dimensions,
        api_key=SecretStr(key),
        base_url=address,
        http_client=connections,
        timeout=TIMEOUT_S,
        max_retries=2,
        # Strings are sent: token ids would need tiktoken's files, which it fetches from a host,
        # and mean nothing to other servers.
        check_embedding_ctx_length=False,
    )
    return OpenAIModel(spec, client, address, connections.close)


def models(settings: Settings) -> list[ModelStatus]:
    """OpenAI's models, or the place of a server's own."""
    address = _address(settings)
    destination = None if is_loopback(address) else host_of(address)
    if address != ADDRESS:
        note = f"a model of the server at {address}"
        return [ModelStatus("openai:NAME", "ready", None, None, destination, note)]
    state = "ready" if settings.openai_api_key else f"needs key {KEY}"
    return [
        ModelStatus(f"openai:{name}", state, dimension, MAX_TOKENS, destination, "hosted, paid")
        for name, dimension in DIMENSIONS.items()
    ]
