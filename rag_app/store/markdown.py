"""A conversation as a Markdown document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag_app.store.messages import ConversationInfo, Feedback, StoredMessage
from rag_app.types import page_name

_THUMBS = {True: "👍", False: "👎", None: "💬"}

_QUOTED = "extractive"
"""The answerer whose text is the documents' own, so that nothing in it is markup."""

# What would be read as markup in a line of plain words.
_MARKUP = re.compile(r"([\\`*_\[\]<>#|])")


def to_markdown(info: ConversationInfo, messages: Sequence[StoredMessage]) -> str:
    """The conversation as it is read: questions as headings, answers, numbered sources.

    What users and documents wrote is escaped where it would become markup; an answer of a language
    model is Markdown already and stays as it is.
    """
    lines = [
        f"# {_escaped(info.title)}",
        "",
        f"Collection {_escaped(info.collection)}, {info.created_at:%Y-%m-%d %H:%M} UTC",
        "",
    ]
    for message in messages:
        lines += _question(message) if message.role == "user" else _answer(message)
    return "\n".join(lines).rstrip() + "\n"


def _question(message: StoredMessage) -> Iterator[str]:
    yield f"## {_escaped(message.text)}"
    yield ""


def _answer(message: StoredMessage) -> Iterator[str]:
    answer = message.answer or {}
    text = message.text.strip()
    if answer.get("llm") == _QUOTED:
        text = "\n".join(map(_escaped, text.splitlines()))
    for paragraph in (text, *map(_remark, _told(answer))):
        if paragraph:
            yield paragraph
            yield ""
    citations = answer.get("citations") or []
    if citations:
        yield "Sources:"
        yield ""
        for citation in citations:
            yield from _citation(citation)
        yield ""
    if message.feedback is not None:
        yield _feedback(message.feedback)
        yield ""


def _told(answer: Mapping[str, Any]) -> Iterator[str]:
    """What the reader was told of the answer: why there is none, where it was cut off."""
    if answer.get("error"):
        yield str(answer["error"])
    yield from answer.get("notices") or ()


def _remark(text: str) -> str:
    return f"*{_escaped(text)}*"


def _citation(citation: dict[str, Any]) -> Iterator[str]:
    page = ""
    if citation.get("page") is not None:
        page = f", {page_name(citation['page'], _escaped(str(citation.get('label') or '')))}"
    verified = "" if citation.get("verified", True) else " (not found word for word)"
    source = _escaped(str(citation.get("source", "")))
    yield f"- [{citation.get('number', '?')}] {source}{page}{verified}"
    if quote := citation.get("quote"):
        yield f"  > {_escaped(quote)}"


def _feedback(feedback: Feedback) -> str:
    comment = f" {_escaped(feedback.comment)}" if feedback.comment else ""
    return f"Feedback: {_THUMBS[feedback.up]}{comment}"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
