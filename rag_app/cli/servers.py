"""Asks the servers that are set what they are, for ``rag doctor``; none of the user's text goes."""

from __future__ import annotations

from http import HTTPStatus

from rag_app.errors import AnswerError, RagError, StoreUnavailableError
from rag_app.settings import without_credentials

WAIT_S = 5.0
"""For a connection, and then for each part of the answer."""


def chroma_server(address: str) -> str:
    """Says that a Chroma server answers at ``address``.

    Raises:
        RagError: Nothing answers there, or something else does.
    """
    # As Chroma's own client does, it heeds proxies that the environment names.
    status, answer = _get(address, "/api/v2/heartbeat", trust_env=True)
    if not isinstance(answer, dict) or "nanosecond heartbeat" not in answer:
        raise StoreUnavailableError(
            f"What answers at {without_credentials(address)} is not a Chroma server (status "
            f"{status}). Correct RAG_CHROMA_URL, or start one there: chroma run --port PORT"
        )
    return f"answers at {without_credentials(address)}"


def language_model(address: str, key: str = "") -> str:
    """Says which models an OpenAI-compatible server on this machine has.

    Args:
        address: Its base URL; that of most servers ends in ``/v1``.
        key: Sent as the chat model sends it.

    Raises:
        RagError: Nothing answers there, something else does, or it wants another key.
    """
    shown = without_credentials(address)
    status, answer = _get(address, "/models", key=key)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise AnswerError(f"The server at {shown} refuses the key. Correct OPENAI_API_KEY.")
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise AnswerError(
            f"What answers at {shown} is not an OpenAI-compatible server (its list of models gave "
            f"status {status}). Correct the address; it usually ends in /v1."
        )
    names = [str(model.get("id")) for model in models if isinstance(model, dict)]
    more = " …" if len(names) > 5 else ""
    return f"answers at {shown}; its models: {', '.join(names[:5]) or 'none'}{more}"


def _get(address: str, path: str, *, key: str = "", trust_env: bool = False) -> tuple[int, object]:
    """The status, and the answer if it is JSON."""
    import httpx

    shown = without_credentials(address)
    try:
        reply = httpx.get(
            address.rstrip("/") + path,
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=WAIT_S,
            trust_env=trust_env,
        )
    except httpx.TimeoutException as error:
        raise RagError(
            f"{shown} does not answer within {WAIT_S:g} seconds. Look at the server's log, or "
            "correct the address in the settings."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RagError(
            f"Nothing answers at {shown} ({error}). Start the server, or correct the address in "
            "the settings."
        ) from error
    try:
        return reply.status_code, reply.json()
    except ValueError:
        return reply.status_code, None
