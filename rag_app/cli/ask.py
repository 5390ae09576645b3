"""``rag ask``: one question, one answer."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rag_app.cli import options
from rag_app.cli.answers import (
    filter_for,
    finished,
    say_destination,
    say_notices,
    show_answer,
    show_citations,
)
from rag_app.cli.output import show_json
from rag_app.types import Filter


def ask(
    context: typer.Context,
    question: Annotated[
        list[str], typer.Argument(metavar="QUESTION", help="The question; - reads it from a pipe.")
    ],
    collection: options.Collection = None,
    document: options.Documents = None,
    where: options.Where = None,
    top_k: options.Passages = None,
    llm: options.Llm = None,
    embedding: options.Embedding = None,
    json: options.Json = False,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Print the answer as it is written, or only when it is whole and checked "
            "[default: as it is written on a terminal]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Answer a question, and list the passages it quotes.

    Nothing leaves this machine unless you name a remote model with --llm or --embedding.

    \b
    Examples:
      rag ask "How long is the warranty?"
      rag ask -d manual.pdf -d faq.md "How do I reset it?"
      rag ask --where folder=reports --where since=2026-01-01 "What did we sell?"
      rag ask --json "How long is the warranty?" | jq .citations
      echo "How long is the warranty?" | rag ask -
      rag ask --llm openai:gpt-4o-mini "How long is the warranty?"
    """
    from rag_app.answering.assistant import Assistant

    settings = options.settings_for(
        context, collection=collection, top_k=top_k, llm=llm, embedding=embedding
    )
    wanted = Filter.parse(where or ())
    text = sys.stdin.read() if question == ["-"] else " ".join(question)
    assistant = Assistant.open(settings)
    say_destination(assistant)
    events = assistant.stream(text, where=filter_for(assistant.collection, document, wanted))
    if json:
        answer = finished(events)
        show_json(answer.to_json())
    else:
        answer = show_answer(events, streamed=sys.stdout.isatty() if stream is None else stream)
        show_citations(answer)
    say_notices(answer)
