"""What one browser session remembers: every key of ``st.session_state``, in one place.

What must outlive the session (conversations, feedback, uploads) is kept in ``RAG_HOME``; what is
shared by sessions (models, running answers) is in ``resources``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from enum import StrEnum
from typing import Any, TypeVar, cast

import streamlit as st

T = TypeVar("T")


class Key(StrEnum):
    """Keys of the session's state; widgets have the same ones."""

    CONVERSATION = "conversation"
    COLLECTION = "collection"
    ANSWERER = "answerer"
    PASSAGES = "passages"
    SCOPE = "scope"
    TYPES = "types"
    FOLDERS = "folders"
    LANGUAGES = "languages"
    SAID = "said"
    SINCE = "since"
    UNTIL = "until"
    FIRST_PAGE = "first_page"
    LAST_PAGE = "last_page"
    QUESTION = "question"
    PAGES = "pages"
    PROBLEM = "problem"
    UPLOAD_ROUND = "upload_round"
    DOCUMENT_FILTER = "document_filter"
    DOCUMENT_PAGE = "document_page"
    NOTE = "note"
    SOURCE = "source"
    PASSWORDS = "passwords"
    COMPARE = "compare"
    MAP = "map"
    MODELS = "models"
    SWITCH = "switch"
    UPLOAD_COST = "upload_cost"


def _state() -> MutableMapping[str, Any]:
    return cast("MutableMapping[str, Any]", st.session_state)


def get(key: Key, default: Any = None) -> Any:  # noqa: ANN401 - as wide as what is kept
    """The value kept under ``key``, or ``default``."""
    return _state().get(key, default)


def kept(key: Key, made: Callable[[], T]) -> T:
    """What is kept under ``key``, made now if nothing is."""
    held: T | None = get(key)
    if held is None:
        held = made()
        put(key, held)
    return held


def put(key: Key, value: object) -> None:
    """Keeps ``value`` under ``key``."""
    _state()[key] = value


def take(key: Key) -> Any:  # noqa: ANN401
    """The value kept under ``key``, which is forgotten."""
    return _state().pop(key, None)


def widget(name: str) -> Any:  # noqa: ANN401 - widgets have all types
    """The value of the widget with the key ``name`` while its callback runs."""
    return _state().get(name)


def put_widget(name: str, value: object) -> None:
    """Sets the value of the widget with the key ``name``; for callbacks alone."""
    _state()[name] = value


def choose(key: Key, options: Iterable[object], preferred: object) -> Any:  # noqa: ANN401
    """Makes sure that ``key`` holds one of ``options``; returns what it holds.

    A widget's kept value can name something that is gone (a deleted collection).
    """
    known = list(options)
    if get(key) not in known:
        put(key, preferred if preferred in known else next(iter(known), None))
    return get(key)


def mirror(key: Key) -> dict[str, Any]:
    """Arguments that make a widget show what ``key`` holds, and put there what is chosen.

    Streamlit forgets a widget's value when the page changes, and ignores a new default of one
    that it knows; so the value has a place of its own, and the widget is set from it each time.
    """
    name = f"{key}_widget"
    _state()[name] = get(key)
    return {"key": name, "on_change": _copy, "args": (key, name)}


def _copy(key: Key, name: str) -> None:
    _state()[key] = _state()[name]


def bound(holder: object, field: str, name: str) -> dict[str, Any]:
    """Arguments that make a widget show a field of ``holder``, and put there what is chosen.

    Like ``mirror``, for choices that a page keeps together.
    """
    value = getattr(holder, field)
    # Setting it once more would take away what the reader is typing just now.
    if name not in _state() or _state()[name] != value:
        _state()[name] = value
    return {"key": name, "on_change": _set, "args": (holder, field, name)}


def _set(holder: object, field: str, name: str) -> None:
    value = _state().get(name)
    if value is not None:  # a run that the next click interrupted may have lost it
        setattr(holder, field, value)


def go_to(page: str) -> None:
    """Turns to the page with this name; nothing after the call is done."""
    st.switch_page(get(Key.PAGES)[page])


def draw_again() -> None:
    """Draws the page anew, unless the reader has just asked for something else.

    A rerun from within takes the place of a click that waits to be seen (on another page, say), so
    a message to the browser comes first: there Streamlit follows the click.
    """
    st.empty()
    st.rerun()


def conversation() -> int | None:
    """Id of the conversation on the page; None for one that has not begun."""
    return cast("int | None", get(Key.CONVERSATION))


def open_conversation(conversation_id: int | None) -> None:
    """Puts a conversation on the page; None begins a new one."""
    put(Key.CONVERSATION, conversation_id)


def say(note: str) -> None:
    """Keeps a short message that the next run shows once."""
    put(Key.NOTE, note)


def complain(problem: str) -> None:
    """Keeps the sentence of an error that the next run shows once; for callbacks."""
    put(Key.PROBLEM, problem)
