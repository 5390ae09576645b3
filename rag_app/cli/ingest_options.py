"""The options of ``ingest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH...", help="Files, folders, or patterns such as 'docs/*.pdf'."),
]
Sync = Annotated[
    bool, typer.Option("--sync", help="Also forget documents below PATH that are gone.")
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write what became of each file, as JSON, to FILE.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what failed.")]
Password = Annotated[
    str | None,
    typer.Option(
        "--password",
        metavar="TEXT",
        help="Password of encrypted PDF files; RAG_PDF_PASSWORD keeps it out of process lists.",
        show_default=False,
    ),
]
ChunkTokens = Annotated[
    int | None,
    typer.Option(
        "--chunk-tokens",
        metavar="N",
        help="Largest passage of a new collection, in tokens.",
        show_default=False,
    ),
]
ChunkOverlap = Annotated[
    int | None,
    typer.Option(
        "--chunk-overlap",
        metavar="N",
        help="Tokens that a passage repeats from the one before.",
        show_default=False,
    ),
]
