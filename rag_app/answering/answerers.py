"""What can answer: no model at all, or a language model of some provider."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from rag_app.answering.chat_model import llm_destination
from rag_app.settings import Settings

READY = "ready"


@dataclass(frozen=True, slots=True)
class AnswererStatus:
    """What can be said of an answerer without loading it.

    Attributes:
        spec: How to name it; capitals stand for what the user fills in.
        state: ``ready``, or what it needs.
        destination: Where the text would go; None when it stays on this machine.
        note: A few words about it.
    """

    spec: str
    state: str
    destination: str | None
    note: str


def list_answerers(settings: Settings) -> list[AnswererStatus]:
    """What can answer now, and what would need which extra or key. Loads nothing."""

    def destination(spec: str) -> str | None:
        return llm_destination(settings.override(llm=spec))

    remote = destination("openai:MODEL") is not None
    keyless = remote and not settings.openai_api_key
    llamacpp = READY if find_spec("xllamacpp") else "needs extra llamacpp"
    return [
        AnswererStatus("extractive", READY, None, "no language model: quotes the sentences"),
        AnswererStatus(
            "openai:MODEL",
            "needs key OPENAI_API_KEY" if keyless else READY,
            destination("openai:MODEL"),
            "and any OpenAI-compatible server: llm_base_url",
        ),
        AnswererStatus(
            "ollama:MODEL",
            "needs a running Ollama",
            destination("ollama:MODEL"),
            "a model on this machine, unless llm_base_url says otherwise",
        ),
        AnswererStatus("llamacpp:FILE.gguf", llamacpp, None, "a GGUF file in this process"),
        AnswererStatus(
            "PROVIDER:MODEL",
            "needs its LangChain package and its key",
            "the servers of PROVIDER",
            "for example anthropic, google_genai, mistralai",
        ),
    ]
