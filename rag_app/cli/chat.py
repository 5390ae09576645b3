"""``rag chat``: questions and follow-ups, until the user leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from rag_app.cli import options
from rag_app.cli.answers import (
    filter_for,
    say_destination,
    say_notices,
    say_searched,
    show_answer,
    show_citations,
)
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, printable, say, show, shown_path
from rag_app.errors import EXIT_ERROR, AnswerError, EmbeddingError, UsageError
from rag_app.types import Answer, Filter, Turn, page_name

if TYPE_CHECKING:
    from rag_app.answering.assistant import Assistant

PROMPT = "› "


@dataclass
class Conversation:
    """What a chat remembers between two lines.

    Attributes:
        assistant: Answers.
        where: What is searched.
        turns: What was said, oldest first.
        last: The last answer.
        failed: Whether a question could not be answered.
    """

    assistant: Assistant
    where: Filter
    turns: list[Turn] = field(default_factory=list)
    last: Answer | None = None
    failed: bool = False


def chat(
    context: typer.Context,
    collection: options.Collection = None,
    document: options.Documents = None,
    where: options.Where = None,
    top_k: options.Passages = None,
    llm: options.Llm = None,
    embedding: options.Embedding = None,
) -> None:
    """Ask one question after another in the terminal.

    A follow-up may lean on what was said before. Ctrl-C stops an answer; a second Ctrl-C, Ctrl-D
    or /quit leaves. With a pipe on standard input, each line is a question, and the exit status is
    1 if one of them could not be answered.

    \b
    Examples:
      rag chat
      rag chat --collection manuals --where type=pdf
      printf 'How long is the warranty?\\nAnd for batteries?\\n' | rag chat
    """
    from rag_app.answering.assistant import Assistant

    settings = options.settings_for(
        context, collection=collection, top_k=top_k, llm=llm, embedding=embedding
    )
    wanted = Filter.parse(where or ())
    assistant = Assistant.open(settings)
    info = assistant.collection.info
    say_destination(assistant)
    say(f"{counted(info.documents, 'document')} in '{info.name}'. /help lists the commands.")
    conversation = Conversation(assistant, filter_for(assistant.collection, document, wanted))
    while (line := _read_line()) is not None:
        if line in _COMMANDS:
            if not _COMMANDS[line][1](conversation):
                break
        elif line.startswith("/"):
            say(f"There is no command {line}. /help lists them.")
        elif line:
            _answer(conversation, line)
    if conversation.failed and not sys.stdin.isatty():  # a script reads the status, people the text
        raise typer.Exit(EXIT_ERROR)


def _read_line() -> str | None:
    """The next line, stripped; None at the end of input or at Ctrl-C."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if line.strip():
            show(f"\n{PROMPT}{line.strip()}")
        return line.strip() if line else None
    import readline  # noqa: F401 - gives the input line its arrow keys

    try:
        return input(f"\n{PROMPT}").strip()
    except (EOFError, KeyboardInterrupt):
        say("")
        return None


def _answer(conversation: Conversation, question: str) -> None:
    """Answers one line. An error ends the answer, not the chat."""
    with stop_on_interrupt("\nStopping. Once more leaves the chat.") as should_stop:
        try:
            answer = show_answer(
                conversation.assistant.stream(
                    question,
                    history=conversation.turns,
                    where=conversation.where,
                    should_stop=should_stop,
                ),
                streamed=True,
            )
        except (AnswerError, EmbeddingError, UsageError) as error:
            say(f"rag: {error}")
            conversation.failed = True
            return
    show_citations(answer)
    say_searched(answer)
    say_notices(answer)
    conversation.last = answer
    conversation.turns += [Turn("user", question), Turn("assistant", answer.text)]


def _help(_conversation: Conversation) -> bool:
    for name, (meaning, _) in _COMMANDS.items():
        show(f"{name:<10}{meaning}")
    return True


def _sources(conversation: Conversation) -> bool:
    if conversation.last is None:
        say("Ask something first.")
        return True
    for number, hit in enumerate(conversation.last.hits, start=1):
        page = f", {page_name(hit.chunk.page, hit.chunk.label)}" if hit.document.paginated else ""
        show(f"{number}. {shown_path(hit.document.source)}{page} (score {hit.score:.2f})")
        show("   " + " ".join(printable(hit.chunk.text).split()))
    return True


def _new(conversation: Conversation) -> bool:
    conversation.turns.clear()
    conversation.last = None
    return True


def _quit(_conversation: Conversation) -> bool:
    return False


_COMMANDS: dict[str, tuple[str, Callable[[Conversation], bool]]] = {
    "/help": ("list these commands", _help),
    "/sources": ("the passages found for the last question, best first", _sources),
    "/new": ("forget what was said, for a new subject", _new),
    "/quit": ("leave", _quit),
}
"""What each command says of itself, and what it does; it returns whether the chat goes on."""
