"""Reads a chat model's answer piece by piece, and can leave off at any moment.

The model is read in a thread of its own, for three reasons: the reader can stop while it is
silent; the wait between two pieces is bounded whatever the provider; and the thread starts with
an empty context in which LangSmith's tracing is switched off, whatever the environment says, so
that no text goes where the user did not send it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

POLL_S = 0.1
"""How often a silent model is left to look whether the reader wants to stop."""

_REASONS = ("finish_reason", "stop_reason", "done_reason")
"""What providers call why an answer ended (OpenAI and Google; Anthropic; Ollama)."""


@dataclass(frozen=True, slots=True)
class _End:
    reason: str


_Pieces = SimpleQueue["str | BaseException | _End"]


def stream_text(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    timeout_s: float,
    should_stop: Callable[[], bool] | None = None,
    on_end: Callable[[str], None] | None = None,
) -> Iterator[str]:
    """Yields the pieces of an answer that are not empty.

    Ends early, without an error, when ``should_stop`` says so. ``on_end`` is told why the model
    ended, in its provider's word, if it says so.

    Raises:
        TimeoutError: Nothing came for ``timeout_s`` seconds.
        Exception: Whatever the model raises, untouched.
    """
    pieces: _Pieces = SimpleQueue()
    left = Event()
    Thread(target=_read, args=(model, list(messages), pieces, left), daemon=True).start()
    try:
        reason = yield from _pieces(pieces, timeout_s, should_stop or (lambda: False))
        if reason and on_end is not None:
            on_end(reason)
    finally:
        left.set()


def _pieces(
    pieces: _Pieces, timeout_s: float, should_stop: Callable[[], bool]
) -> Generator[str, None, str]:
    """Yields the pieces, and returns why the model ended; empty if that is not known."""
    heard = monotonic()
    while not should_stop():
        try:
            piece = pieces.get(timeout=min(POLL_S, timeout_s))
        except Empty:
            if monotonic() - heard >= timeout_s:
                raise TimeoutError from None
            continue
        if isinstance(piece, _End):
            return piece.reason
        if isinstance(piece, BaseException):
            raise piece
        heard = monotonic()
        if piece:
            yield piece
    return ""


def _read(
    model: BaseChatModel,
    messages: list[BaseMessage],
    pieces: _Pieces,
    left: Event,
) -> None:
    from langsmith import tracing_context

    reason = ""
    try:
        with tracing_context(enabled=False):
            for chunk in model.stream(messages):
                if left.is_set():  # closes the connection, so that the server stops, too
                    return
                pieces.put(str(chunk.text))
                reason = _reason(chunk.response_metadata) or reason
        pieces.put(_End(reason))
    except BaseException as error:  # noqa: BLE001 - an edge: raised again by the reader
        pieces.put(error)


def _reason(metadata: Mapping[str, object]) -> str:
    return next((str(metadata[name]) for name in _REASONS if metadata.get(name)), "")
