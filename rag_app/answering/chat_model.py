"""Chat models: from a ``provider:model`` spec to a LangChain ``BaseChatModel``.

A table leads from the prefix to a loader; every other prefix is one of LangChain's own
(``init_chat_model``). Nothing here answers with another model than the one that was named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_app.answering.hosts import host_of, is_loopback, is_private
from rag_app.embeddings.spec import ModelSpec, parse_spec
from rag_app.errors import AnswerError, MissingKeyError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

EXTRACTIVE = "extractive"
OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434/v1"
MAX_RETRIES = 1


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A loaded chat model.

    Attributes:
        spec: As the user named it.
        model: Answers messages, in pieces.
        destination: Host that receives the text; None when it stays on this machine.
        address: Where its server is, if that is known.
        keeps: What must live as long as the model (a server in this process).
    """

    spec: ModelSpec
    model: BaseChatModel
    destination: str | None
    address: str | None = None
    keeps: object = None


def load_chat_model(settings: Settings) -> ChatModel:
    """Loads the model that ``settings.llm`` names; no text is sent yet.

    Raises:
        UsageError: The spec or an address is malformed.
        MissingKeyError: A remote provider needs a key.
        MissingExtraError: An optional package is not installed.
        AnswerError: The model cannot be loaded.
    """
    spec = chosen_model(settings)
    return _LOADERS.get(spec.provider, _langchain)(spec, settings)


def llm_destination(settings: Settings) -> str | None:
    """The host that would receive the question and passages, without loading anything.

    None when they stay on this machine. Of a provider whose address only its own package knows,
    the provider's name.

    Raises:
        UsageError: The spec or an address is malformed.
    """
    if settings.llm == EXTRACTIVE:
        return None
    spec = parse_spec(settings.llm)
    if spec.provider == "llamacpp":
        return None
    url = _base_url(spec, settings)
    if url is None:
        return f"the servers of {spec.provider}"
    host = host_of(url)
    return None if is_loopback(host) else host


def chosen_model(settings: Settings) -> ModelSpec:
    """The model that ``settings.llm`` names.

    Raises:
        UsageError: It names none.
    """
    spec = parse_spec(settings.llm) if settings.llm.strip() else None
    if spec is None or not spec.model:
        raise UsageError(
            f"'{settings.llm}' names no model. Write extractive, or provider:model such as "
            "openai:gpt-4o-mini."
        )
    return spec


def _base_url(spec: ModelSpec, settings: Settings) -> str | None:
    if settings.llm_base_url:
        return settings.llm_base_url
    if spec.provider == "openai":
        return settings.openai_base_url or OPENAI_URL
    return OLLAMA_URL if spec.provider == "ollama" else None


def _openai(spec: ModelSpec, settings: Settings) -> ChatModel:
    url = _base_url(spec, settings) or OPENAI_URL
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if not key and not is_private(host_of(url)):
        raise MissingKeyError(f"The model {spec}", "OPENAI_API_KEY")
    model = openai_compatible(spec.model, url, key, settings)
    return ChatModel(spec, model, llm_destination(settings), url)


def _ollama(spec: ModelSpec, settings: Settings) -> ChatModel:
    """Ollama speaks OpenAI's protocol, so no package of its own is needed."""
    url = (_base_url(spec, settings) or OLLAMA_URL).rstrip("/")
    url = url if url.endswith("/v1") else f"{url}/v1"
    model = openai_compatible(spec.model, url, "", settings)
    return ChatModel(spec, model, llm_destination(settings), url)


def _llamacpp(spec: ModelSpec, settings: Settings) -> ChatModel:
    from rag_app.answering.llamacpp import serve

    server, url = serve(spec.model, settings)
    return ChatModel(spec, openai_compatible("local", url, "", settings), None, url, server)


def _langchain(spec: ModelSpec, settings: Settings) -> ChatModel:
    """Any provider that LangChain knows; its package and its key are the provider's own."""
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"max_tokens": settings.llm_answer_tokens}
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
    try:
        model = init_chat_model(spec.model, model_provider=spec.provider, **options)
    except ImportError as error:
        raise AnswerError(f"{spec} needs another package. {error}") from error
    except ValueError as error:  # an unknown provider; pydantic's missing key is one, too
        reason = str(error).strip().split("\n")
        raise AnswerError(
            f"{spec} cannot be loaded: {' '.join(line.strip() for line in reason[:4])}"
        ) from error
    return ChatModel(spec, model, llm_destination(settings), settings.llm_base_url)


def openai_compatible(model: str, url: str, key: str, settings: Settings) -> BaseChatModel:
    """A client of a server that speaks OpenAI's protocol. It connects when it is first used."""
    import openai
    from langchain_openai import ChatOpenAI

    official = url.rstrip("/") == OPENAI_URL
    # A proxy from the environment must not get what is meant for this machine.
    client = openai.DefaultHttpxClient(trust_env=False) if is_loopback(host_of(url)) else None
    # The address is given even where it is the default: variables of LangChain's own could
    # otherwise send the text through a gateway that the user was not told of.
    return ChatOpenAI(
        model=model,
        base_url=url,
        api_key=key or "none",  # type: ignore[arg-type]  # pydantic makes the secret
        timeout=settings.llm_timeout_s,
        max_retries=MAX_RETRIES,
        max_completion_tokens=settings.llm_answer_tokens,
        # Other servers know the older name of that; OpenAI refuses the two together.
        extra_body=None if official else {"max_tokens": settings.llm_answer_tokens},
        # OpenAI's reasoning models refuse a temperature; others should answer the same twice.
        temperature=None if official else 0.0,
        use_responses_api=False,
        stream_usage=False,
        http_client=client,
    )


_LOADERS: dict[str, Callable[[ModelSpec, Settings], ChatModel]] = {
    "openai": _openai,
    "ollama": _ollama,
    "llamacpp": _llamacpp,
}
