"""How an answer looks in the terminal, and which documents a question is limited to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.cli.output import say, show, shown_path
from rag_app.errors import UsageError
from rag_app.types import (
    Answer,
    AnswerEvent,
    Chunk,
    Citation,
    DocumentRecord,
    Filter,
    page_name,
    titles_of,
)
from rag_app.types.media import PLACED_BY_HEADING

if TYPE_CHECKING:
    from rag_app.answering.assistant import Assistant
    from rag_app.store import Collection


def say_destination(assistant: Assistant) -> None:
    """Tells the user which host receives text, if one does.

    Raises:
        UsageError: The setting ``llm`` names no model, so that none does.
    """
    from rag_app.answering.chat_model import EXTRACTIVE, chosen_model

    if assistant.settings.llm != EXTRACTIVE:
        chosen_model(assistant.settings)
    if assistant.destination is not None:
        say(f"Note: your question and the passages found go to {assistant.destination}.")


def finished(events: Iterable[AnswerEvent]) -> Answer:
    """The answer at the end of ``events``."""
    return next(event for event in events if isinstance(event, Answer))


def show_answer(events: Iterable[AnswerEvent], *, streamed: bool) -> Answer:
    """Prints the answer and returns it.

    Args:
        events: From the assistant.
        streamed: Print it as it is written. The check of the citations comes after that, so the
            text is printed once more where it found something.
    """
    if not streamed:
        answer = finished(events)
        show(answer.text)
        return answer
    written = []
    try:
        for event in events:
            if isinstance(event, Answer):
                answer = event
            else:
                written.append(event.text)
                show(event.text, end="")
    finally:
        show()  # also ends the line before an error's message
    if "".join(written).strip() != answer.text.strip():
        say("Note: the check removed citations that do not hold. The answer is now:")
        show(answer.text)
    return answer


def show_citations(answer: Answer) -> None:
    """Lists the citations: number, file, page and quote."""
    documents = {hit.document.id: hit.document for hit in answer.hits}
    for citation in answer.citations:
        place = _place(citation, documents.get(citation.document_id))
        show(f"\n[{citation.number}] {place}")
        doubt = "" if citation.verified else " (not found word for word in the source)"
        show(f"    “{' '.join(citation.quote.split())}”{doubt}")


def say_searched(answer: Answer) -> None:
    """Says what a follow-up was searched for, where that is not what was asked."""
    # Of a long question only the beginning is searched for; a notice says so.
    if not " ".join(answer.question.split()).startswith(answer.searched_for):
        say(f"Searched for: {answer.searched_for}")


def say_notices(answer: Answer) -> None:
    """Says what the reader should know beside the answer."""
    for notice in answer.notices:
        say(f"Note: {notice}")


def filter_for(collection: Collection, documents: Sequence[str] | None, where: Filter) -> Filter:
    """What ``--document`` and ``--where`` ask for, in one filter.

    Raises:
        UsageError: A name stands for no document.
    """
    given = where.with_documents(documents or ())
    if not given.documents:
        return given
    # By their ids: a relative path means the same file wherever the collection was made.
    return replace(given, documents=document_ids(collection.documents(), given.documents))


def document_ids(records: Sequence[DocumentRecord], names: Sequence[str]) -> tuple[str, ...]:
    """The documents that ``names`` stand for: file names, or paths as they were ingested.

    Raises:
        UsageError: A name stands for no document.
    """
    found: dict[str, None] = {}
    for name in names:
        matching = [record.id for record in records if _is_named(record, name)]
        if not matching:
            known = sorted({Path(source).name for record in records for source in record.sources})
            near = get_close_matches(name, known, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "See: rag collections show"
            raise UsageError(f"No document of this collection is named '{name}'. {hint}")
        found.update(dict.fromkeys(matching))
    return tuple(found)


def _is_named(record: DocumentRecord, name: str) -> bool:
    absolute = str(Path(name).absolute())
    return name == record.id or any(
        source.endswith(f"/{name}") or source in (name, absolute) for source in record.sources
    )


def _place(citation: Citation, document: DocumentRecord | None) -> str:
    first, *others = map(shown_path, citation.sources or (citation.source,))
    also = f" (the same as {', '.join(others)})" if others else ""
    if document is None:
        return f"{first}, {page_name(citation.page, citation.label)}{also}"
    return f"{first}{within(document, citation)}{also}"


def within(document: DocumentRecord, passage: Chunk | Citation) -> str:
    """Where in its document a passage stands, as a reader would look for it."""
    titles = titles_of(passage.headings)
    if document.media_type in PLACED_BY_HEADING and titles:
        return f", {' › '.join(titles)}"
    return f", {page_name(passage.page, passage.label)}" if document.paginated else ""
