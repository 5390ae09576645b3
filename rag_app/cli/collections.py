"""``rag collections``: list, show, delete, rename, prune."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.complete import collection_names
from rag_app.cli.indexes import other_indexes, prune_others, show_others
from rag_app.cli.output import counted, say, show, show_json, show_table, shown_path, when
from rag_app.errors import UsageError
from rag_app.types import DocumentRecord

if TYPE_CHECKING:
    from rag_app.store import CollectionInfo, Store

app = typer.Typer(
    help="List, show, rename, delete and prune collections.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The collection.", autocompletion=collection_names),
]


@app.command("list")
def list_(context: typer.Context, json: options.Json = False) -> None:
    """List the collections.

    \b
    Example:
      rag collections list
    """
    with _store(context) as store:
        infos = store.collections()
    if json:
        show_json([_info_json(info) for info in infos])
    elif not infos:
        say("There are no collections yet. Make one with: ingest PATH")
    else:
        rows = [
            (i.name, i.documents, i.chunks, i.embedding.spec, when(i.updated_at)) for i in infos
        ]
        show_table(("collection", "documents", "passages", "embedding", "changed"), rows)


@app.command("show")
def show_one(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="The collection; the one in the settings unless given.",
            autocompletion=collection_names,
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show what a collection was built with, and its documents.

    \b
    Examples:
      rag collections show
      rag collections show manuals --json
    """
    settings = options.settings_for(context)
    from rag_app.store import Store

    with Store(settings) as store:
        collection = store.get(name or settings.collection)
        info, documents = collection.info, collection.documents()
        others = other_indexes(store.generations(info.name))
    if json:
        files = {"files": [_document_json(record) for record in documents]}
        show_json(_info_json(info) | others.to_json() | files)
        return
    show(f"{info.name}: {counted(info.documents, 'document')}, {counted(info.chunks, 'passage')}")
    show(
        f"embedding: {info.embedding.spec} ({info.embedding.dimension} dimensions, "
        f"{info.embedding.max_tokens} tokens)"
    )
    show(f"passages: {info.chunking.size} tokens, overlap {info.chunking.overlap}")
    show(f"made {when(info.created_at)}, changed {when(info.updated_at)}")
    show_others(info.name, others)
    if documents:
        show()
        rows = [
            (shown_path(r.source), r.pages, r.chunks, r.size_bytes, when(r.added_at))
            for r in documents
        ]
        show_table(("document", "pages", "passages", "bytes", "added"), rows)


@app.command()
def delete(context: typer.Context, name: Name, yes: options.Yes = False) -> None:
    """Delete a collection, all that is in it, and the files that were uploaded into it.

    Files that were read in from your folders stay.

    \b
    Example:
      rag collections delete manuals
    """
    with _store(context) as store:
        info = store.get(name).info
        if not yes:
            from rag_app.store.belongings import uploads_of

            uploaded = uploads_of(options.settings_for(context).home, name).is_dir()
            more = " and the files uploaded into it" if uploaded else ""
            _confirm(f"Delete '{name}' with {counted(info.documents, 'document')}{more}?")
        from rag_app.evaluation.kept import forget_kept

        store.delete(name)
        forget_kept(options.settings_for(context), name)
    say(f"Deleted '{name}'.")


@app.command()
def rename(
    context: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
) -> None:
    """Rename a collection.

    \b
    Example:
      rag collections rename manuals handbooks
    """
    with _store(context) as store:
        from rag_app.evaluation.kept import move_kept

        store.rename(name, new)
        move_kept(options.settings_for(context), name, new)
    say(f"Renamed '{name}' to '{new}'.")


@app.command()
def prune(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="The collection; all of them unless given.",
            autocompletion=collection_names,
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Free what `rag switch` left: former indexes, and builds that were given up.

    The collection itself stays as it is. After this, `rag rollback` has nothing to return to.

    \b
    Examples:
      rag collections prune manuals
      rag collections prune
    """
    with _store(context) as store:
        names = [info.name for info in store.collections()] if name is None else [name]
        freed = [one for each in names for one in prune_others(store.generations(each))]
    if json:
        show_json([asdict(one) for one in freed])
    elif not freed:
        say("There is nothing to free.")


def _store(context: typer.Context) -> Store:
    from rag_app.store import Store

    return Store(options.settings_for(context))


def _confirm(question: str) -> None:
    """Asks on the terminal.

    Raises:
        UsageError: There is no terminal to ask on.
        Exit: The user declined.
    """
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on. Add --yes to delete without a question.")
    if not typer.confirm(question, err=True):
        say("Nothing was deleted.")
        raise typer.Exit(1)


def _info_json(info: CollectionInfo) -> dict[str, object]:
    return {
        "name": info.name,
        "documents": info.documents,
        "chunks": info.chunks,
        "embedding": asdict(info.embedding),
        "chunking": asdict(info.chunking),
        "created_at": info.created_at.isoformat(),
        "updated_at": info.updated_at.isoformat(),
    }


def _document_json(record: DocumentRecord) -> dict[str, object]:
    modified = record.modified_at.isoformat() if record.modified_at else None
    said: dict[str, list[str]] = {}
    for key, value in record.metadata:
        said.setdefault(key, []).append(value)
    times = {"added_at": record.added_at.isoformat(), "modified_at": modified}
    return asdict(record) | times | {"metadata": said}
