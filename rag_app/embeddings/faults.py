"""What to say when an embedding service does not give what was asked.

The clients of the services raise errors of their own kinds. What they have in common (a status, a
reason, headers, the error below) is read here, so that one table of sentences fits them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any


class Kind(Enum):
    """What went wrong; the value ends the sentence that starts with the service."""

    KEY = "refused the key. Check the variable {key}."
    FORBIDDEN = "does not let the key in {key} use '{spec}'. Choose another model."
    NO_MODEL = "has no model '{spec}'. Check the name, and the address{ending}."
    TOO_MANY = (
        "has had enough requests ({reason}). Wait, check the account's limits, or add "
        "?requests_per_minute=N to '{spec}'."
    )
    REFUSED = (
        "refused the text ({reason}). If it is too long for the model, add its limit to '{spec}', "
        "as in ?max_tokens=512."
    )
    FAILED = (
        "failed ({reason}). If the text is too long for the model, add its limit to '{spec}', as "
        "in ?max_tokens=512; otherwise try again later."
    )
    LATE = "did not answer in time. Try again later."
    BROKEN = "broke the connection before it answered ({reason}). Try again later."
    AWAY = "cannot be reached. Start it, or {correct} to the right address."
    NONSENSE = "gave an answer that cannot be read ({reason}). Check that {served}."


RETRIED = frozenset({Kind.TOO_MANY, Kind.FAILED, Kind.LATE, Kind.BROKEN})
"""What may be over in a moment."""

_BY_STATUS = {
    401: Kind.KEY,
    403: Kind.FORBIDDEN,
    404: Kind.NO_MODEL,
    408: Kind.LATE,
    429: Kind.TOO_MANY,
}
_BY_NAME = (
    # Before the next one: urllib3 counts a refused connection among the late ones.
    (Kind.AWAY, {"ConnectError", "ConnectionRefusedError", "NewConnectionError", "gaierror"}),
    (Kind.LATE, {"APITimeoutError", "Timeout", "TimeoutError", "TimeoutException"}),
    (
        Kind.BROKEN,
        {"APIConnectionError", "ConnectionError", "ProtocolError", "TransportError"},
    ),
    (Kind.NONSENSE, {"AttributeError", "LookupError", "OpenAIError", "TypeError", "ValueError"}),
)
"""Classes of errors without a status, theirs and those below them; the first match is taken."""
_LONGEST_REASON = 200
_STATUSES = range(400, 600)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of a client, understood.

    Attributes:
        kind: What went wrong.
        reason: The service's own words, in one line.
        wait_s: How long it asks to wait; None if it does not say.
    """

    kind: Kind
    reason: str
    wait_s: float | None = None


def fault_of(error: Exception) -> Fault | None:
    """Understands an error; None for one that has nothing to do with the service."""
    chain = list(_chain(error))
    kind = _kind(chain)
    return None if kind is None else Fault(kind, _reason(chain), _wait(chain))


def _kind(chain: list[BaseException]) -> Kind | None:
    for one in chain:
        status = _status(one)
        if status is not None:
            default = Kind.FAILED if status >= 500 else Kind.REFUSED
            return _BY_STATUS.get(status, default)
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    return next((kind for kind, known in _BY_NAME if names & known), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those below it, each once."""
    seen: set[int] = set()
    below: list[BaseException | None] = [error]
    while below:
        one = below.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            below += [one.__cause__, one.__context__]


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    for holder, name in (
        (error, "status_code"),
        (error, "http_status"),
        (error, "code"),
        (response, "status_code"),
    ):
        status = getattr(holder, name, None)
        if isinstance(status, int) and status in _STATUSES:
            return int(status)
    return None


def _wait(chain: list[BaseException]) -> float | None:
    for one in chain:
        for holder in (one, getattr(one, "response", None)):
            headers = getattr(holder, "headers", None) or {}
            # Some clients keep headers in plain dictionaries, where case matters.
            found = {str(name).lower(): str(value) for name, value in dict(headers).items()}
            if "retry-after" in found:
                return _seconds(found["retry-after"])
    return None


def _seconds(text: str) -> float | None:
    """Reads ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3)."""
    with suppress(ValueError):
        return max(0.0, float(text))
    with suppress(ValueError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return None


def _reason(chain: list[BaseException]) -> str:
    text = next((words for one in chain if (words := _words(one))), "") or type(chain[0]).__name__
    return " ".join(text.split())[:_LONGEST_REASON].rstrip(". ")


def _words(error: BaseException) -> str:
    for name in ("body", "json_body", "error"):
        body = getattr(error, name, None)
        found = body if isinstance(body, str) and name == "body" else _message(body)
        if found:
            return _message(_parsed(found)) or found
    return "" if _status(error) is not None and hasattr(error, "body") else str(error)


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever a server sent
    try:
        return json.loads(text)
    except ValueError:
        return None


def _message(body: Any) -> str:  # noqa: ANN401 - whatever a server sent
    if not isinstance(body, dict):
        return ""
    for name in ("message", "detail", "error"):
        value = body.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            return _message(value)
    return ""
