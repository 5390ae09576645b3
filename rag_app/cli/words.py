"""``rag words``: what an embedding model takes to be alike, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.complete import model_specs
from rag_app.cli.output import say, show, show_json, show_table
from rag_app.cli.word_progress import word_progress

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation.words import WordSpace
    from rag_app.settings import Settings
    from rag_app.store import Store

app = typer.Typer(
    help="Look at words as an embedding model sees them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="SPEC",
        help="Embedding model, as `rag models` lists them, instead of the collection's own.",
        autocompletion=model_specs,
        show_default=False,
    ),
]
Number = Annotated[int, typer.Option("-n", metavar="N", min=1, max=1000, help="How many words.")]


@app.command("similar")
def similar_(
    context: typer.Context,
    word: Annotated[list[str], typer.Argument(metavar="WORD", help="A word.")],
    model: Model = None,
    n: Number = 10,
    collection: options.Collection = None,
    json: options.Json = False,
) -> None:
    """Show the words nearest to a word.

    A model with a vocabulary is searched in that; for the others the most frequent words of the
    collection are searched.

    \b
    Examples:
      rag words similar warranty
      rag words similar perro --model glove:6B-50d -n 5
    """
    from rag_app.evaluation.words import similar

    text = " ".join(word)
    space = _space(options.settings_for(context, collection=collection), model)
    _show_found(space, similar(space, text, n), {"word": text}, json=json)


@app.command("analogy")
def analogy_(
    context: typer.Context,
    sum_: Annotated[
        list[str], typer.Argument(metavar="SUM", help='Words with signs: "king - man + woman".')
    ],
    model: Model = None,
    n: Number = 10,
    collection: options.Collection = None,
    json: options.Json = False,
) -> None:
    """Show the words nearest to a sum of words.

    None of the words asked for can be an answer, as is usual; without that rule the answer would
    mostly be one of them.

    \b
    Examples:
      rag words analogy "king - man + woman" --model glove:6B-50d
      rag words analogy "rey - hombre + mujer"
    """
    from rag_app.evaluation.words import analogy, parse_analogy

    plus, minus = parse_analogy(" ".join(sum_))
    space = _space(options.settings_for(context, collection=collection), model)
    _show_found(space, analogy(space, plus, minus, n), {"plus": plus, "minus": minus}, json=json)


@app.command("similarity")
def similarity_(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="A word.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    model: Model = None,
    collection: options.Collection = None,
    json: options.Json = False,
) -> None:
    """Show how alike two words are: their cosine, 1 for the same direction, 0 for none in common.

    \b
    Example:
      rag words similarity warranty guarantee
    """
    from rag_app.evaluation.words import similarity

    settings = options.settings_for(context, collection=collection)
    space = _space(settings, model, listed=False)
    cosine = similarity(space, first, second)
    if json:
        show_json({"model": space.model, "words": [first, second], "cosine": cosine})
    else:
        show(f"{cosine:.3f}")


def _space(settings: Settings, model: str | None, *, listed: bool = True) -> WordSpace:
    """What to search: the model's vocabulary, or else the words of the collection.

    Args:
        settings: Name the collection.
        model: A spec; the collection's own model unless given.
        listed: Whether words are searched at all.
    """
    from rag_app.evaluation.word_space import frequent_words, own_space, space_of
    from rag_app.store import Store

    with Store(settings) as store:
        embeddings = _embeddings(settings, store, model)
        if (space := own_space(embeddings)) is not None:
            return space
        if embeddings.destination is not None:
            say(f"Note: the words go to {embeddings.destination}.")
        if not listed:
            return space_of(embeddings, [], "words")
        from rag_app.embeddings import cached

        given = frequent_words(store.get(settings.collection))
        what = f"most frequent words of the collection '{settings.collection}'"
        return space_of(cached(embeddings, settings), given, what, word_progress())


def _embeddings(settings: Settings, store: Store, model: str | None) -> IdentifiedEmbeddings:
    from rag_app.embeddings import embeddings_for, load_embeddings

    if model:
        return load_embeddings(model, settings)
    known = store.exists(settings.collection)
    identity = store.get(settings.collection).info.embedding if known else None
    return embeddings_for(settings, identity)


def _show_found(
    space: WordSpace, found: list[tuple[str, float]], asked: dict[str, object], *, json: bool
) -> None:
    if json:
        words = [{"word": word, "cosine": cosine} for word, cosine in found]
        show_json({"model": space.model, "searched": space.searched, **asked, "words": words})
        return
    show_table(("word", "cosine"), [(word, round(cosine, 3)) for word, cosine in found])
    say(f"Searched: {space.searched}.")
