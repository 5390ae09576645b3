"""The options of ``ingest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH...", help="Files, folders, or patterns such as 'docs/*.pdf'."),
]
Sync = Annotated[
    bool, typer.Option("--sync", help="Also forget documents below PATH that are gone.")
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Follow the folders PATH, as with --sync, until Ctrl-C."),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Write what became of each file to FILE, as CSV if it ends in .csv, else as JSON.",
        show_default=False,
    ),
]
Meta = Annotated[
    list[str] | None,
    typer.Option(
        "--meta",
        metavar="KEY=VALUE",
        help="Say something of all these files, for `--where meta.KEY=VALUE`; repeat for several. "
        "Other keys of known files stay as they are; KEY= takes one out.",
        show_default=False,
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Try the files again that failed before, or with --allow-network the web addresses; "
        "no PATH needed.",
    ),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Read known files, too, and replace their passages, as after an update that reads "
        "better.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Read the files and say what would happen; store nothing."),
]
Explain = Annotated[
    Path | None,
    typer.Option(
        "--explain",
        metavar="FILE",
        help="Show what each stage makes of FILE, up to its passages; store nothing.",
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
Clean = Annotated[
    str | None,
    typer.Option(
        "--clean",
        metavar="PROFILE",
        help="Have the model read cleaned words: bag-of-words, for models that count words or "
        "average word vectors alone. What is shown and quoted stays as it is.",
        show_default=False,
    ),
]
Urls = Annotated[
    Path | None,
    typer.Option(
        "--urls",
        metavar="FILE",
        help="Fetch and ingest the web addresses in FILE, one a line; needs --allow-network.",
        show_default=False,
    ),
]
AllowNetwork = Annotated[
    bool,
    typer.Option(
        "--allow-network", help="Let --urls and --retry-failed fetch documents from the web."
    ),
]
