"""Faults of a chat model's server, said in one or two sentences.

Told apart by what clients of all providers have in common: an HTTP status on the exception, or a
class whose name says timeout or connection. Anything else is a fault inside a library and is
left as it is.
"""

from __future__ import annotations

from rag_app.errors import AnswerError

_ADVICE = {
    400: "refused the request ({reason}). If it is too long, lower RAG_TOP_K or "
    "RAG_LLM_CONTEXT_TOKENS.",
    401: "refused the key. Set OPENAI_API_KEY, or the key of the provider, to a valid one.",
    403: "refused the key for this model. Check what the key may use.",
    404: "does not know the model or the address ({reason}). Check RAG_LLM and RAG_LLM_BASE_URL.",
    413: "says that the request is too long. Lower RAG_TOP_K or RAG_LLM_CONTEXT_TOKENS.",
    429: "refuses more requests for now: a rate limit or a used-up quota ({reason}). Try later.",
}
_SERVER_FAULT = "failed with status {status} ({reason}). Try again, or look at the server's log."
_TIMEOUT = (
    "did not answer within {seconds:g} seconds. Try again, or raise RAG_LLM_TIMEOUT_S for a slow "
    "model."
)
_CONNECTION = "cannot be reached at {where}. Start the server, or correct RAG_LLM_BASE_URL."
_NOTHING = (
    "sent nothing that is an answer, from {where}. Check RAG_LLM_BASE_URL, which mostly ends in "
    "/v1."
)
_NOTHING_CAME = "No generation chunks were returned"
"""LangChain's words for it; tests see them come from a real server."""
_CONNECTION_CLASSES = ("Connect", "RemoteProtocol", "ReadError", "NetworkError", "IncompleteRead")


def explain(error: BaseException, name: str, where: str, seconds: float) -> AnswerError | None:
    """The fault as an ``AnswerError``; None if it is none of the server's.

    Args:
        error: As the client raised it.
        name: Of the model.
        where: Its address.
        seconds: The timeout that was set.
    """
    status = getattr(error, "status_code", None)
    reason = _reason(error)
    if isinstance(status, int):
        advice = _ADVICE.get(status, _SERVER_FAULT).format(status=status, reason=reason)
    elif _is_named(error, "Timeout") or isinstance(error, TimeoutError):
        advice = _TIMEOUT.format(seconds=seconds)
    elif isinstance(error, OSError) or any(_is_named(error, part) for part in _CONNECTION_CLASSES):
        advice = _CONNECTION.format(where=where)
    elif _NOTHING_CAME in str(error):
        advice = _NOTHING.format(where=where)
    elif _is_named(error, "APIError"):  # an error that the server sent in its stream
        advice = f"reports an error: {reason}."
    else:
        return None
    return AnswerError(f"The language model {name} {advice}")


def _is_named(error: BaseException, part: str) -> bool:
    return any(part in kind.__name__ for kind in type(error).__mro__)


def _reason(error: BaseException) -> str:
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    lines = str(message or error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__
