"""The command ``rag``: its commands, and the options that stand before them."""

from __future__ import annotations

from typing import Annotated

import typer

from rag_app.cli import collections, evaluate, models, options, words
from rag_app.cli.ask import ask
from rag_app.cli.chat import chat
from rag_app.cli.compare import compare
from rag_app.cli.doctor import doctor
from rag_app.cli.explain import explain
from rag_app.cli.ingest import ingest
from rag_app.cli.map import map_
from rag_app.cli.rollback import rollback
from rag_app.cli.serve import serve
from rag_app.cli.show_settings import settings
from rag_app.cli.switch import switch

app = typer.Typer(
    name="rag",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they show values of variables, keys among them
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _command in (ask, chat, explain, ingest, compare, switch, rollback, serve, settings, doctor):
    app.command()(_command)
app.add_typer(collections.app, name="collections")
app.add_typer(models.app, name="models")
app.command("map")(map_)
app.add_typer(words.app, name="words")
app.add_typer(evaluate.app, name="eval")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"rag-app {version('rag-app')}")
        raise typer.Exit


@app.callback()
def rag(
    context: typer.Context,
    config: options.Config = None,
    home: options.Home = None,
    sets: options.Sets = None,
    debug: Annotated[  # noqa: ARG001 - rag_app.cli.run takes it out; here it is documented
        bool,
        typer.Option("--debug", help="Show where an error was raised; may stand anywhere."),
    ] = False,
    version: Annotated[  # noqa: ARG001 - the callback has printed it
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Ask your documents: answers that quote file and page, with every quotation checked.

    Everything runs on this machine, without a network and without a key, until you name a remote
    model yourself.

    \b
    First steps:
      ingest sample_docs                     read a folder of documents
      rag ask "How long is the warranty?"    ask in the terminal
      rag serve                              ask in the browser

    Settings come from rag.toml, then RAG_* variables, then options, each overriding the one
    before; `rag settings` shows what is in force.
    """
    context.obj = options.common_flags(config, home, sets)
