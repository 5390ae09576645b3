"""OpenAI's embedding models, and those of every server that speaks the same protocol.

``openai:NAME`` with the options ``dimensions`` (a shorter vector, for models that offer it),
``max_tokens`` (what the server's model reads; 8191 for OpenAI's own), ``requests_per_minute``,
``query_prefix`` and ``document_prefix``.
"""

from __future__ import annotations

from rag_app.embeddings.address import host_of, is_loopback
from rag_app.embeddings.hosted_model import OPTIONS, TIMEOUT_S, Endpoint, HostedModel
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import MissingKeyError
from rag_app.settings import Settings

ADDRESS = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"
MAX_TOKENS = 8191
DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
_REQUEST_TEXTS = 128
_REQUEST_TOKENS = 200_000  # OpenAI refuses more than 300,000 in one request; ours are estimates


def address_of(settings: Settings) -> str:
    """Where ``openai:`` models are asked."""
    return (settings.embedding_base_url or settings.openai_base_url or ADDRESS).rstrip("/")


def load(spec: ModelSpec, settings: Settings) -> HostedModel:
    """Makes the client; nothing is sent yet.

    Raises:
        UsageError: An unknown option, or a value out of range.
        MissingKeyError: OpenAI itself is meant, and there is no key.
    """
    spec.allow("dimensions", *OPTIONS)
    dimensions = spec.number("dimensions", 1) if "dimensions" in spec.options else None
    address = address_of(settings)
    if settings.openai_api_key is None and address == ADDRESS:
        raise MissingKeyError(f"The embedding model '{spec}'", KEY)
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    endpoint = Endpoint(
        address=address,
        key=KEY,
        correct="set RAG_EMBEDDING_BASE_URL",
        served="it is an OpenAI-compatible server with an embedding model of this name",
        ending=", which ends as the server wants it (often /v1)",
        max_tokens=MAX_TOKENS,
        dimension=DIMENSIONS.get(spec.model),
        request_texts=_REQUEST_TEXTS,
        request_tokens=_REQUEST_TOKENS,
        secret=key if settings.openai_api_key else "",
    )
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
        max_retries=0,  # HostedModel tries again by itself
        # Strings are sent: token ids would need tiktoken's files, which it fetches from a host,
        # and mean nothing to other servers.
        check_embedding_ctx_length=False,
    )
    return HostedModel(spec, client, endpoint, connections.close)


def models(settings: Settings) -> list[ModelStatus]:
    """OpenAI's models, or the place of a server's own."""
    address = address_of(settings)
    destination = None if is_loopback(address) else host_of(address)
    if address != ADDRESS:
        note = f"a model of the server at {address}"
        return [ModelStatus("openai:NAME", "ready", None, None, destination, note)]
    state = "ready" if settings.openai_api_key else f"needs key {KEY}"
    return [
        ModelStatus(f"openai:{name}", state, dimension, MAX_TOKENS, destination, "hosted, paid")
        for name, dimension in DIMENSIONS.items()
    ]
