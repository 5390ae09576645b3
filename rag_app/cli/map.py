"""``rag map``: the passages of a collection as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.complete import model_specs
from rag_app.cli.consent import agree
from rag_app.cli.output import counted, say, show_json
from rag_app.errors import UsageError

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation.collection_map import CollectionMap
    from rag_app.settings import Settings
    from rag_app.store import Collection

ENDINGS = (".html", ".png")
_HITS = 5


Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it: .html or .png.")
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        "-m",
        metavar="NAME",
        help="pca (fast, true to large distances), tsne or umap (true to neighbours).",
    ),
]
Dimensions = Annotated[int, typer.Option("--dimensions", metavar="N", min=2, max=3, help="2 or 3.")]
Colour = Annotated[
    str, typer.Option("--colour", metavar="WHAT", help="Colour by document or cluster.")
]
Question = Annotated[
    str | None,
    typer.Option(
        "--question",
        "-q",
        metavar="TEXT",
        help="Show a question and its hits on it.",
        show_default=False,
    ),
]
With = Annotated[
    str | None,
    typer.Option(
        "--with",
        metavar="SPEC",
        help="Show the same passages by a second embedding model, side by side.",
        autocompletion=model_specs,
        show_default=False,
    ),
]
Sample = Annotated[
    int, typer.Option("--sample", metavar="N", min=10, help="Passages on it at most.")
]


def map_(
    context: typer.Context,
    out: Out,
    collection: options.Collection = None,
    method: Method = "pca",
    dimensions: Dimensions = 2,
    colour: Colour = "document",
    question: Question = None,
    other: With = None,
    sample: Sample = 2000,
    json: options.Json = False,
    yes: options.Yes = False,
) -> None:
    """Draw a collection as its embedding model sees it.

    Each passage is a point; those that the model holds to be alike lie together.

    An HTML map shows each passage under the pointer, and needs no network. The picture is a
    shadow of hundreds of dimensions: how far to believe it is written on it.

    \b
    Examples:
      rag map --out map.html
      rag map --out map.html --method tsne --colour cluster
      rag map --out map.png --question "How long is the warranty?"
      rag map --out map.html --with static:minilm
    """
    from rag_app.evaluation.map_groups import check_colour

    coloured = check_colour(colour)
    if out.suffix.lower() not in ENDINGS:
        raise UsageError(f"{out} must end in {' or '.join(ENDINGS)}: that says what to write.")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {out.parent}. Make it first, or name another file.")
    settings = options.settings_for(context, collection=collection)
    drawn = _draw(settings, method, dimensions, sample, question, other, yes=yes)
    if out.suffix.lower() == ".png":
        from rag_app.evaluation.map_image import save_image

        save_image(drawn, out, coloured)
    else:
        from rag_app.evaluation.map_page import page

        out.write_text(page(drawn, coloured), encoding="utf-8")
    if json:
        show_json({"file": str(out), **drawn.to_json()})
        return
    for note in drawn.notes:
        say(note)
    say(f"{counted(len(drawn.passages), 'passage')} drawn in {out}")


def _draw(
    settings: Settings,
    method: str,
    dimensions: int,
    sample: int,
    question: str | None,
    other: str | None,
    *,
    yes: bool,
) -> CollectionMap:
    from rag_app.evaluation.collection_map import draw_map
    from rag_app.evaluation.project import check_method
    from rag_app.retrieval.search import clean_question
    from rag_app.store import Store

    method_ = check_method(method)
    asked = clean_question(question)[0] if question is not None else None
    with Store(settings) as store:
        collection = store.get(settings.collection)
        # What may go wrong with a model is told before the work begins.
        second = _second_model(collection, settings, other, sample, yes=yes) if other else None
        drawn = draw_map(collection, method_, dimensions, sample=sample)
        if second is not None:
            return _with_model(drawn, collection, settings, second, asked)
        return _with_hits(drawn, collection, settings, asked) if asked else drawn


def _with_hits(
    drawn: CollectionMap, collection: Collection, settings: Settings, question: str
) -> CollectionMap:
    """Puts the question and what a search finds for it on the map."""
    from rag_app.embeddings import embeddings_for
    from rag_app.evaluation.collection_map import Passage
    from rag_app.evaluation.map_question import ask_map
    from rag_app.retrieval import Searcher

    embeddings = embeddings_for(settings, collection.info.embedding)
    _say_destination(embeddings.destination, "the question goes")
    searcher = Searcher(collection, embeddings, fusion=settings.fusion)
    found = searcher.search(question, _HITS)
    for notice in found.notices:
        say(notice)
    stored = collection.vectors(hit.chunk.id for hit in found.hits)
    hits = {
        hit.chunk.id: (Passage(hit.chunk, hit.document), stored[hit.chunk.id])
        for hit in found.hits
        if hit.chunk.id in stored
    }
    return ask_map(drawn, found.question, [found.vector], hits)


def _second_model(
    collection: Collection, settings: Settings, spec: str, sample: int, *, yes: bool
) -> IdentifiedEmbeddings:
    """Loads the model of the second view, fitted on the whole collection if it needs a fit.

    Raises:
        UsageError: Text would leave the machine, and there is nobody to ask.
        Abort: The user declined.
    """
    from ingest.switch_model import texts_of
    from rag_app.embeddings import cached, fitted_for, load_embeddings
    from rag_app.embeddings.cost import Cost, cost_of

    info = collection.info
    fitted = fitted_for(spec, lambda: texts_of(collection), settings, collection=info.name)
    embeddings = cached(load_embeddings(fitted, settings), settings)
    if (host := embeddings.destination) is not None:
        shown = min(info.chunks, sample)
        say(f"{counted(shown, 'passage')} and the question would be sent to {host}.")
        tokens = shown * info.chunking.size  # of none more, but for its headings
        agree([cost_of(spec, tokens, settings) or Cost(spec, tokens, None)], "Passages", yes=yes)
    return embeddings


def _with_model(
    drawn: CollectionMap,
    collection: Collection,
    settings: Settings,
    second: IdentifiedEmbeddings,
    question: str | None,
) -> CollectionMap:
    """Puts a second model's arrangement, and the question if there is one, beside the first."""
    from rag_app.embeddings import embeddings_for
    from rag_app.evaluation.collection_map import add_model
    from rag_app.evaluation.map_question import ask_map

    say(f"Embedding {counted(len(drawn.passages), 'passage')} with {second.identity.spec} …")
    drawn = add_model(drawn, second)
    if not question:
        return drawn
    first = embeddings_for(settings, collection.info.embedding)
    _say_destination(first.destination, "the question goes")
    vectors = [first.encode_query(question), second.encode_query(question)]
    return ask_map(drawn, question, vectors, k=_HITS)


def _say_destination(host: str | None, what: str) -> None:
    if host is not None:
        say(f"Note: {what} to {host}.")
