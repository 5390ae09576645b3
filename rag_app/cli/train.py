"""``rag models train`` and ``rag models remove``: models fitted on the user's own text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.output import counted, say, show, show_json
from rag_app.errors import UsageError

if TYPE_CHECKING:
    from rag_app.settings import Settings

_EVERY_S = 5.0

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="Kind of model, with options: tfidf, word2vec, 'fasttext?dimension=200'.",
    ),
]


def train(
    context: typer.Context,
    spec: Spec,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Documents to learn from, instead of a collection.",
            show_default=False,
        ),
    ] = None,
    collection: options.Collection = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="What to call the model; made of the collection's name unless given.",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Fit a model on your own text.

    It learns from the passages of a collection, or from documents, and is kept for ingesting,
    comparing and switching. Kinds: ordinal, onehot, bow, tfidf, word2vec, fasttext.

    \b
    Examples:
      rag models train tfidf
      rag models train 'word2vec?sg=0&dimension=200' --collection manuals --name manuals
      rag models train fasttext books/*.txt --name books
    """
    settings = options.settings_for(context, collection=collection)
    if paths and collection:
        raise UsageError("Name documents or a collection to learn from, not both.")
    from rag_app.embeddings import fitted_for
    from rag_app.embeddings import train as train_model
    from rag_app.embeddings.providers import fitting_module
    from rag_app.embeddings.spec import parse_spec

    fitting_module(parse_spec(spec))  # a wrong spec is told before anything is read
    texts = _texts_of_files(paths, settings) if paths else _texts_of_collection(settings)
    about = _named(paths) if paths else settings.collection
    say(f"Learning from {counted(len(texts), 'text')} ({about}).")
    with _progress() as progress:
        if name:
            made = train_model(spec, texts, settings, name, about=about, progress=progress)
        else:
            stem = _plain(paths[0].stem) if paths else settings.collection
            made = fitted_for(
                spec, lambda: texts, settings, collection=stem, about=about, progress=progress
            )
    if json:
        show_json({"spec": made, "texts": len(texts), "about": about})
        return
    show(made)
    say(
        f"Use it with: ingest PATH --collection NEW --embedding {made}\n"
        f"or for a collection that is there: rag switch {settings.collection} --to {made}"
    )


def remove(
    context: typer.Context,
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="A saved model, as `rag models` lists it.")
    ],
) -> None:
    """Delete a model that was made here; one that a collection uses is kept.

    What a tuning that was stopped has left goes under the name that it was to have.

    \b
    Examples:
      rag models remove word2vec:manuals
      rag models remove tuned:manuals-minilm
    """
    settings = options.settings_for(context)
    from rag_app.evaluation.made_models import remove_model
    from rag_app.store import Store

    with Store(settings) as store:
        remove_model(spec, settings, store)
    say(f"Deleted {spec}.")


def _texts_of_collection(settings: Settings) -> list[str]:
    from ingest.switch_model import texts_of
    from rag_app.store import Store

    with Store(settings) as store:
        return texts_of(store.get(settings.collection))


def _texts_of_files(paths: Sequence[Path], settings: Settings) -> list[str]:
    """The paragraphs of all documents, folders searched.

    Raises:
        DocumentError: One cannot be read: a model is not trained on half of what was asked for.
    """
    from ingest.clean import clean_pages
    from ingest.load import LoadOptions, load_document

    secret = settings.pdf_password
    limits = LoadOptions(
        secret.get_secret_value() if secret else None, int(settings.max_file_mb * 1e6)
    )
    return [
        paragraph
        for file in _files(paths)
        for page in clean_pages(load_document(file, limits))
        for paragraph in page.text.split("\n\n")
        if paragraph.strip()
    ]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    from ingest.load import supported_suffixes
    from rag_app.types.archives import is_archive

    for path in paths:
        if path.is_dir():
            known = supported_suffixes()
            found = (one for one in path.rglob("*") if one.suffix.lower() in known)
            yield from sorted(one for one in found if not is_archive(one.name))
        else:
            yield path


def _named(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0].name}{more}"


def _plain(text: str) -> str:
    """``text`` with nothing in it that a name must not have."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text)
    return plain.strip("-.") or "texts"


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on a terminal; elsewhere a line now and then."""
    if not sys.stderr.isatty():
        last = [monotonic()]

        def line(share: float) -> None:
            if monotonic() - last[0] >= _EVERY_S:
                last[0] = monotonic()
                say(f"{share:.0%} trained")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=30), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)
