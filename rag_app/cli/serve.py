"""``rag serve``: the pages in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from rag_app.cli import options
from rag_app.cli.output import say


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option("--port", "-p", min=1, max=65535, help="Port to listen on.")
    ] = 8501,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen on; anyone who reaches it can read your documents.",
        ),
    ] = "127.0.0.1",
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="The name that browsers use, where a reverse proxy hands the pages on.",
        ),
    ] = None,
    collection: options.Collection = None,
    llm: options.Llm = None,
) -> None:
    """Serve the pages: ask and manage documents in a browser.

    The pages answer on this machine only, unless --host says otherwise. Ctrl-C stops them.

    \b
    Examples:
      rag serve
      rag serve --port 9000 --llm openai:gpt-4o-mini
      rag serve --name docs.example.org
    """
    from rag_app.store import Store
    from rag_app.ui.launch import check_free
    from rag_app.ui.launch import serve as serve_pages

    settings = options.settings_for(context, collection=collection, llm=llm)
    with Store(settings) as store:
        store.collections()  # a store that cannot be opened is told here rather than on every page
    check_free(host, port)
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104 - compared
    say(f"Serving at http://{shown}:{port} (Ctrl-C stops it).")
    serve_pages(settings, host, port, name)
