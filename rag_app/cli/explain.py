"""``rag explain``: why each passage stands where it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.answers import filter_for, within
from rag_app.cli.output import counted, say, show, show_json
from rag_app.types import Filter

if TYPE_CHECKING:
    from rag_app.answering.explain import Explained, Explanation

_EXCERPT = 160


def explain(
    context: typer.Context,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question.")],
    collection: options.Collection = None,
    document: options.Documents = None,
    where: options.Where = None,
    top_k: options.Passages = None,
    embedding: options.Embedding = None,
    json: options.Json = False,
) -> None:
    """Show why the passages for a question stand where they do.

    For each: its place in the list by vectors and in the list by keywords, the words that it
    matched, and where each step of the ranking moved it.

    \b
    Examples:
      rag explain "How long is the warranty?"
      rag explain -k 10 --where type=pdf "How long is the warranty?"
      rag explain --json "How long is the warranty?" | jq '.hits[].places'
    """
    from rag_app.answering.assistant import Assistant

    settings = options.settings_for(
        context, collection=collection, top_k=top_k, embedding=embedding
    )
    wanted = Filter.parse(where or ())
    assistant = Assistant.open(settings)
    only = filter_for(assistant.collection, document, wanted)
    if assistant.search_destination is not None:
        say(f"Note: your question and passages found go to {assistant.search_destination}.")
    found = assistant.explain(" ".join(question), where=only)
    if json:
        show_json(found.to_json())
    else:
        _show(found, settings.abstain_below)
    for notice in found.notices:
        say(f"Note: {notice}")


def _show(found: Explanation, threshold: float) -> None:
    verdict = "enough to answer" if found.probability >= threshold else "too little to answer"
    show(f"{found.question}")
    show(
        f"Collection {found.collection}, model {found.embedding}. {_weights(found)} "
        f"An answer is there with a probability of {found.probability:.0%}: {verdict}."
    )
    if found.where:
        show(
            f"Searched only where {', '.join(found.where)}: {counted(found.documents, 'document')}."
        )
    for number, one in enumerate(found.hits, start=1):
        _show_hit(number, one)


def _weights(found: Explanation) -> str:
    if found.dense_weight is None:
        return "Vectors and keywords counted alike, by places alone."
    return f"Vectors counted {found.dense_weight:.0%}, keywords {1 - found.dense_weight:.0%}."


def _show_hit(number: int, one: Explained) -> None:
    from rag_app.answering.explain import moves

    hit, ranked = one.hit, one.ranked
    place = within(hit.document, hit.chunk)
    show(f"\n{number}. {hit.document.name}{place}: score {ranked.score:.3f}")
    text = " ".join(hit.chunk.text.split())
    show(f"   {text[:_EXCERPT]}{'…' if len(text) > _EXCERPT else ''}")
    show(f"   vectors    {_place(ranked.dense_rank, hit.cosine, 'cosine')}")
    show(f"   keywords   {_place(ranked.keyword_rank, hit.bm25, 'BM25')}")
    words = ", ".join(one.words) or "none"
    near = (
        f"; {ranked.nearness:.0%} of the question's words within a few lines"
        if one.words and ranked.nearness is not None
        else ""
    )
    show(f"   words      {words}{near}")
    show(f"   place      {' → '.join(moves(one.places))}")


def _place(rank: int | None, score: float | None, name: str) -> str:
    if rank is None or score is None:
        return "not in the list"
    return f"place {rank}, {name} {score:.3f}"
