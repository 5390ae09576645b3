"""Models that a service computes: Cohere, Voyage, Google, Hugging Face, and Ollama.

``PROVIDER:NAME`` with the options ``base_url`` (another address of the service), ``max_tokens``,
``requests_per_minute``, ``query_prefix``, ``document_prefix``, and where the service offers it
``dimensions`` (a shorter vector). OpenAI has a file of its own.

Dimensions and limits are those of the services' documentation as of mid-2025; a model that is not
in the table works too, and the service is asked for its dimension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rag_app.embeddings import hosted_clients as clients
from rag_app.embeddings.address import host_of, is_loopback
from rag_app.embeddings.hosted_model import OPTIONS, Endpoint, HostedModel
from rag_app.embeddings.providers import ModelStatus
from rag_app.embeddings.spec import ModelSpec
from rag_app.errors import MissingKeyError, UsageError
from rag_app.settings import KEY_VARIABLES, Settings
from rag_app.settings.values import check_web_address

_EN = ("en",)


class Known(NamedTuple):
    """A model that the table knows: vector length, longest text in tokens, languages."""

    dimension: int
    max_tokens: int
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A row of the table.

    Attributes:
        make: Makes the LangChain client.
        address: Where it is asked unless the spec says otherwise.
        key: The setting of its key; None where it needs none.
        models: The models that are known.
        max_tokens: Of a model that is not known.
        request_texts: Texts that it takes in one request.
        request_tokens: Tokens that it takes in one request, less a margin for our estimate.
        dimensions: Whether the length of a vector can be chosen.
        note: A few words about it.
    """

    make: clients.Maker
    address: str
    key: str | None
    models: Mapping[str, Known] = field(default_factory=dict)
    max_tokens: int = 512
    request_texts: int = 96
    request_tokens: int = 100_000
    dimensions: bool = False
    note: str = "hosted, paid"

    @property
    def variable(self) -> str:
        """The variable of its key, for messages."""
        return KEY_VARIABLES[self.key] if self.key else "of the server in front of it"


SERVICES: dict[str, Service] = {
    "cohere": Service(
        clients.cohere,
        "https://api.cohere.com",
        "cohere_api_key",
        {
            "embed-v4.0": Known(1536, 128_000),
            "embed-english-v3.0": Known(1024, 512, _EN),
            "embed-english-light-v3.0": Known(384, 512, _EN),
            "embed-multilingual-v3.0": Known(1024, 512),
            "embed-multilingual-light-v3.0": Known(384, 512),
        },
    ),
    "google": Service(
        clients.google,
        "https://generativelanguage.googleapis.com",
        "google_api_key",
        {"gemini-embedding-001": Known(3072, 2048)},
        max_tokens=2048,
        request_texts=100,
        request_tokens=18_000,
        dimensions=True,
    ),
    "huggingface": Service(
        clients.huggingface,
        "https://router.huggingface.co/hf-inference",
        "huggingface_api_key",
        {
            "BAAI/bge-small-en-v1.5": Known(384, 512, _EN),
            "BAAI/bge-m3": Known(1024, 8192),
            "intfloat/multilingual-e5-large": Known(1024, 512),
        },
        request_texts=32,
    ),
    "ollama": Service(
        clients.ollama,
        "http://localhost:11434",
        None,
        {
            "all-minilm": Known(384, 256, _EN),
            "bge-m3": Known(1024, 8192),
            "mxbai-embed-large": Known(1024, 512, _EN),
            "nomic-embed-text": Known(768, 2048, _EN),
        },
        request_texts=64,
        dimensions=True,
        note="after `ollama pull`",
    ),
    "voyage": Service(
        clients.voyage,
        "https://api.voyageai.com/v1",
        "voyage_api_key",
        {
            "voyage-3-large": Known(1024, 32_000),
            "voyage-3.5": Known(1024, 32_000),
            "voyage-3.5-lite": Known(1024, 32_000),
            "voyage-code-3": Known(1024, 32_000),
            "voyage-law-2": Known(1024, 16_000),
        },
        max_tokens=32_000,
        request_texts=128,
        dimensions=True,
    ),
}


def load(spec: ModelSpec, settings: Settings) -> HostedModel:
    """Makes the client; nothing is sent yet.

    Raises:
        UsageError: An unknown option, or a value out of range.
        MissingKeyError: The service itself is meant, and there is no key.
    """
    service = SERVICES[spec.provider]
    spec.allow("base_url", *(["dimensions"] if service.dimensions else []), *OPTIONS)
    address = _address(spec, service)
    secret = getattr(settings, service.key) if service.key else None
    if service.key and secret is None and address == service.address:
        raise MissingKeyError(f"The embedding model '{spec}'", service.variable)
    key = secret.get_secret_value() if secret else ""
    known = service.models.get(spec.model)
    asked = spec.number("dimensions", 1, most=10_000) if "dimensions" in spec.options else None
    endpoint = Endpoint(
        address=address,
        key=service.variable,
        correct=f"add ?base_url=http://HOST:PORT to '{spec.provider}:{spec.model}'",
        max_tokens=known.max_tokens if known else service.max_tokens,
        dimension=known.dimension if known else None,
        request_texts=service.request_texts,
        request_tokens=service.request_tokens,
        secret=key,
    )
    client = service.make(spec.model, key or "none", address, asked)
    model = HostedModel(spec, client, endpoint, client.close)
    model.languages = known.languages if known else None
    return model


def _address(spec: ModelSpec, service: Service) -> str:
    given = spec.options.get("base_url", service.address)
    try:
        return check_web_address(given).rstrip("/")
    except ValueError as error:
        raise UsageError(f"Option 'base_url' of '{spec}': {error}.") from error


def models(settings: Settings) -> list[ModelStatus]:
    """The models that are known, of all services."""
    return [
        ModelStatus(
            f"{provider}:{name}",
            _state(service, settings),
            known.dimension,
            known.max_tokens,
            None if is_loopback(service.address) else host_of(service.address),
            service.note,
            known.languages,
        )
        for provider, service in SERVICES.items()
        for name, known in service.models.items()
    ]


def _state(service: Service, settings: Settings) -> str:
    if service.key and getattr(settings, service.key) is None:
        return f"needs key {service.variable}"
    return "ready" if service.key else "needs a running Ollama"
