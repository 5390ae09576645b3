"""``rag models``: which models can be used, getting the bundled one ready, and their cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.output import counted, say, show, show_json, show_table
from rag_app.cli.train import remove, train
from rag_app.cli.tune import tune

if TYPE_CHECKING:
    from rag_app.answering.answerers import AnswererStatus
    from rag_app.embeddings import ModelStatus

app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
)

app.command()(train)
app.command()(tune)
app.command()(remove)


@app.callback()
def models(context: typer.Context, json: options.Json = False) -> None:
    """List the models that can be used.

    What cannot be used yet says what it needs: a key, an extra, a server.

    \b
    Examples:
      rag models
      rag models --json
      rag models prepare
    """
    if context.invoked_subcommand is None:
        list_(context, json)


@app.command("list")
def list_(context: typer.Context, json: options.Json = False) -> None:
    """List the models; the same as `rag models`.

    \b
    Example:
      rag models list --json
    """
    from rag_app.answering.answerers import list_answerers
    from rag_app.embeddings import list_models

    settings = options.settings_for(context)
    embeddings, answerers = list_models(settings), list_answerers(settings)
    if json:
        show_json(
            {
                "embedding": [asdict(status) for status in embeddings],
                "llm": [asdict(status) for status in answerers],
            }
        )
        return
    show("Embedding models (--embedding, RAG_EMBEDDING)\n")
    _embedding_table(embeddings)
    show("\nAnswerers (--llm, RAG_LLM)\n")
    _table(answerers)


@app.command()
def prepare(context: typer.Context) -> None:
    """Get the bundled models ready, which happens at their first use otherwise.

    \b
    Example:
      rag models prepare
    """
    from rag_app.answering.reader import prepare_reader
    from rag_app.embeddings import prepare as prepare_bundled

    settings = options.settings_for(context)
    for name, made in (("embedding model", prepare_bundled), ("reader", prepare_reader)):
        say(f"The bundled {name} is ready: {made(settings, say)}")


@app.command()
def prune(
    context: typer.Context,
    keep_mb: Annotated[
        float,
        typer.Option("--keep-mb", metavar="N", min=0, help="Keep the newest, up to this size."),
    ] = 0.0,
) -> None:
    """Free the disk space of the vector cache.

    The cache saves embedding a passage again after it was embedded once, in any collection.
    Collections keep vectors of their own: none of them changes, and answers stay the same.

    \b
    Examples:
      rag models prune
      rag models prune --keep-mb 500
    """
    from rag_app.embeddings import vector_file

    settings = options.settings_for(context)
    file = vector_file(settings)
    dropped = file.prune(int(keep_mb * 1e6))
    file.close()
    say(f"Dropped {counted(dropped, 'vector')} from the cache in {settings.cache}.")


def _embedding_table(statuses: Sequence[ModelStatus]) -> None:
    """Narrow enough for 100 columns: hosts stand below the table, notes only in the JSON form."""
    rows = [
        (
            status.spec,
            status.state,
            status.dimension or "—",
            status.max_tokens or "—",
            " ".join(status.languages) if status.languages else "—",
            "leaves" if status.destination else "stays",
        )
        for status in statuses
    ]
    show_table(("model", "state", "dim", "tokens", "lang", "text"), rows)
    hosts = {
        status.spec.partition(":")[0]: status.destination
        for status in statuses
        if status.destination
    }
    show("\nText stays on this machine, or leaves it for:")
    for provider, host in hosts.items():
        show(f"  {provider}: {host}")
    show("— stands for what is not known before the model is loaded.")
    for status in statuses:
        if status.spec.startswith("tuned:"):  # whether it was worth it is what one wants to know
            show(f"{status.spec}: {status.note}")


def _table(statuses: Sequence[AnswererStatus]) -> None:
    rows = [(s.spec, s.state, s.destination or "stays here", s.note) for s in statuses]
    show_table(("model", "state", "text goes to", "note"), rows)
