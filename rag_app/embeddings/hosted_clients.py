"""The clients of the services: LangChain's, told to ask once and not to wait for ever.

``HostedModel`` tries again, shortens and batches for all of them, so what the clients would do of
that by themselves is switched off. Their libraries are imported when a client is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.embeddings import Embeddings

from rag_app.embeddings.hosted_model import TIMEOUT_S


class Client(Embeddings):
    """A LangChain client, or two functions, with the way to close it.

    Args:
        documents: Embeds passages.
        query: Embeds a question.
        close: Closes the connections.
    """

    def __init__(
        self,
        documents: Callable[[list[str]], list[list[float]]],
        query: Callable[[str], list[float]],
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._documents = documents
        self._query = query
        self.close = close

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embeds passages."""
        return self._documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Embeds a question."""
        return self._query(text)


Maker = Callable[[str, str, str, int | None], Client]
"""From model, key, address and dimension (None for the model's own) to a client."""


class _Once:
    """Passes calls on, with arguments that the LangChain client does not offer."""

    def __init__(self, inner: Any, **arguments: Any) -> None:  # noqa: ANN401 - untyped clients
        self._inner = inner
        self._arguments = arguments

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)
        return lambda *args, **named: method(*args, **named, **self._arguments)


def cohere(model: str, key: str, address: str, dimension: int | None) -> Client:
    """Cohere's; passages and questions are told apart by its ``input_type``."""
    del dimension
    import cohere as library
    import httpx
    from langchain.embeddings import init_embeddings

    langchain: Any = init_embeddings(
        model,
        provider="cohere",
        cohere_api_key=key,
        base_url=address,
        max_retries=1,
        truncate="END",
    )
    connections = httpx.Client(timeout=TIMEOUT_S)
    client = library.Client(key, base_url=address, timeout=TIMEOUT_S, httpx_client=connections)
    langchain.client = _Once(client, batching=False, request_options={"max_retries": 0})
    return Client(langchain.embed_documents, langchain.embed_query, connections.close)


def google(model: str, key: str, address: str, dimension: int | None) -> Client:
    """Google's Gemini API over REST; passages and questions are told apart by ``task_type``."""
    from langchain.embeddings import init_embeddings

    langchain: Any = init_embeddings(
        model,
        provider="google_genai",
        google_api_key=key,
        base_url=address,
        transport="rest",
    )
    inner = langchain.client
    langchain.client = _Once(inner, retry=None, timeout=TIMEOUT_S)
    return Client(
        lambda texts: langchain.embed_documents(texts, output_dimensionality=dimension),
        lambda text: langchain.embed_query(text, output_dimensionality=dimension),
        inner.transport.close,
    )


def ollama(model: str, key: str, address: str, dimension: int | None) -> Client:
    """A model that Ollama has pulled."""
    del key
    from langchain.embeddings import init_embeddings

    langchain: Any = init_embeddings(
        model,
        provider="ollama",
        base_url=address,
        dimensions=dimension,
        client_kwargs={"timeout": TIMEOUT_S},
    )
    return Client(
        langchain.embed_documents,
        langchain.embed_query,
        langchain._client.close,  # noqa: SLF001 - there is no other way to close it
    )


def voyage(model: str, key: str, address: str, dimension: int | None) -> Client:
    """Voyage's; passages and questions are told apart by its ``input_type``.

    LangChain's ``init_embeddings`` does not know it. Its own batching is left out, because it
    counts tokens with a tokenizer that it would fetch from a hub.
    """
    from langchain_voyageai import VoyageAIEmbeddings
    from voyageai.client import Client as Library

    class OneBatch(VoyageAIEmbeddings):
        def _build_batches(self, texts: list[str]) -> Any:  # noqa: ANN401 - a generator
            yield texts, len(texts)

    arguments: dict[str, Any] = {"api_key": key, "base_url": address}
    shorter: dict[str, Any] = {"output_dimension": dimension}
    langchain = OneBatch(model=model, **arguments, **shorter)
    # The only way to give it a time limit.
    langchain._client = Library(timeout=TIMEOUT_S, max_retries=0, **arguments)  # noqa: SLF001
    return Client(langchain.embed_documents, langchain.embed_query)


def huggingface(model: str, key: str, address: str, dimension: int | None) -> Client:
    """Hugging Face's inference API, or a text-embeddings-inference server of one's own.

    By huggingface_hub itself: langchain-huggingface wants a version of it below 2, which the
    installed transformers do not work with. The address is given in full, as the client would ask
    the hub about the model at every call otherwise.
    """
    del dimension
    from huggingface_hub import InferenceClient, constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    hub = address.endswith("/hf-inference")
    place = f"{address}/models/{model}/pipeline/feature-extraction" if hub else address
    # A key is always given: without one the client would send that of the user's hub login.
    client: Any = InferenceClient(place, token=key, timeout=TIMEOUT_S)
    return Client(
        lambda texts: client.feature_extraction(texts, truncate=True).tolist(),
        lambda text: client.feature_extraction([text], truncate=True)[0].tolist(),
    )
