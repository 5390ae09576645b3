"""The options of ``rag compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Way = Literal["hybrid", "dense"]
ALWAYS = ("minilm", "static:minilm", "tfidf")
"""Compared with the collection's own model where none are named: all run here, none asks a hub."""

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--models",
        "-m",
        metavar="A,B,…",
        help="Models to compare, as `rag models` lists them "
        f"[default: the collection's own, {', '.join(ALWAYS)}]",
        show_default=False,
    ),
]
Questions = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help="Your questions, CSV or JSONL: question, and document, page or text.",
        show_default=False,
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample",
        metavar="N",
        min=1,
        help="Ask so many questions [default: all of a file, 200 new ones]",
        show_default=False,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--passages",
        metavar="N",
        min=1,
        help="Compare on so many passages only; those asked for are always kept.",
        show_default=False,
    ),
]
By = Annotated[
    Way,
    typer.Option("--by", help="Rank models with keywords, as answers are found, or alone."),
]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Write a page with chart and passages.", show_default=False
    ),
]
Differences = Annotated[
    int,
    typer.Option(
        "--differences",
        metavar="N",
        min=0,
        help="Show N questions where the best two models disagree.",
    ),
]
ShowQuestions = Annotated[
    bool, typer.Option("--show-questions", help="Only show the questions, numbered.")
]
Drop = Annotated[
    str | None,
    typer.Option(
        "--drop",
        metavar="1,2,…",
        help="Leave out these questions, by the numbers of --show-questions.",
        show_default=False,
    ),
]
SaveQuestions = Annotated[
    Path | None,
    typer.Option(
        "--save-questions",
        metavar="FILE",
        help="Write the questions as JSONL, to edit and read with --questions.",
        show_default=False,
    ),
]
Keep = Annotated[
    bool,
    typer.Option("--keep", help="Keep these questions as the collection's set, used from now on."),
]
New = Annotated[
    bool, typer.Option("--new-questions", help="Make new questions although a set is kept.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Draws other questions.")]
