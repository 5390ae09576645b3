"""What to say when an OpenAI-compatible server does not give what was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag_app.errors import EmbeddingError

KEY = "OPENAI_API_KEY"

_SENTENCES = {
    "APITimeoutError": "did not answer in time. Try again later.",
    "APIConnectionError": "cannot be reached. Start it, or set RAG_EMBEDDING_BASE_URL to the "
    "right address.",
    "AuthenticationError": f"refused the key. Check the variable {KEY}.",
    "PermissionDeniedError": f"does not let the key in {KEY} use '{{spec}}'. Choose another model.",
    "NotFoundError": "has no model '{spec}'. Check the name, and that the address ends as the "
    "server wants it (often /v1).",
    "RateLimitError": "has had enough requests ({reason}). Wait, or check the account's limits.",
    "BadRequestError": "refused the text ({reason}). If it is too long for the model, add its "
    "limit to '{spec}', as in ?max_tokens=512.",
    "APIStatusError": "failed ({reason}). If the text is too long for the model, add its limit to "
    "'{spec}', as in ?max_tokens=512; otherwise try again later.",
    "OpenAIError": "gave an answer that cannot be read ({reason}). Check that it is an "
    "OpenAI-compatible server.",
}
"""What the server did, by class of the client's error; the most special one is taken."""


@contextmanager
def explained(spec: str, address: str) -> Iterator[None]:
    """Turns the client's errors into sentences; any other fault passes.

    Raises:
        EmbeddingError: In place of every ``openai.OpenAIError``.
    """
    import openai

    try:
        yield
    except openai.OpenAIError as error:
        names = (kind.__name__ for kind in type(error).__mro__)
        sentence = next(_SENTENCES[name] for name in names if name in _SENTENCES)
        reason = " ".join(str(error).split())[:200].rstrip(".")
        said = sentence.format(spec=spec, reason=reason)
        raise EmbeddingError(f"The embedding server at {address} {said}") from error
