"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rag_app.cli.complete import (
    collection_names,
    filter_fields,
    model_specs,
    setting_names,
)
from rag_app.settings import FILE_VARIABLE, Settings, load_settings, parse_assignments

Collection = Annotated[
    str | None,
    typer.Option(
        "--collection",
        "-c",
        metavar="NAME",
        help="Collection to use instead of the one in the settings.",
        autocompletion=collection_names,
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file to read instead of ./rag.toml.",
        show_default=False,
    ),
]
Embedding = Annotated[
    str | None,
    typer.Option(
        "--embedding",
        metavar="SPEC",
        help="Embedding model, as `rag models` lists them.",
        autocompletion=model_specs,
        show_default=False,
    ),
]
Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="Where collections and conversations are kept.",
        show_default=False,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output and nothing else.")
]
Llm = Annotated[
    str | None,
    typer.Option(
        "--llm",
        metavar="SPEC",
        help="Answerer: extractive, or a language model such as openai:gpt-4o-mini.",
        show_default=False,
    ),
]
Documents = Annotated[
    list[str] | None,
    typer.Option(
        "--document",
        "-d",
        metavar="NAME",
        help="Search this document only, by file name or path; repeat for several.",
        show_default=False,
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="FIELD=VALUE",
        help="Search only where this holds: document=NAME, folder=NAME, type=pdf, language=de, "
        "since=2026-01-31, until=2026-12-31 (days of the files' last change), pages=3-10, "
        "meta.KEY=VALUE. Repeat it: values of one field are any of them, fields all of them.",
        autocompletion=filter_fields,
        show_default=False,
    ),
]
Passages = Annotated[
    int | None,
    typer.Option(
        "--top-k", "-k", metavar="N", help="Passages an answer may rest on.", show_default=False
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Any setting, as `rag settings` lists them; repeat for several.",
        autocompletion=setting_names,
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

Flags = dict[str, object]


def common_flags(config: Path | None, home: Path | None, sets: list[str] | None) -> Flags:
    """The settings that the options common to all commands give."""
    if config is not None:
        # Pages that `rag serve` starts load the settings again, and must find the same file.
        os.environ[FILE_VARIABLE] = str(config.absolute())
    flags: Flags = dict(parse_assignments(sets or []))
    return flags | ({"home": home} if home is not None else {})


def settings_for(
    context: typer.Context, behind: Flags | None = None, /, **flags: object
) -> Settings:
    """Loads the settings: a command's own ``flags`` stand above the common ones.

    Args:
        context: Of the command; has the common flags that stand before it.
        behind: Common flags that stand behind it.
        flags: Its own; those that are None were not given.

    Raises:
        SettingsError: An unknown setting, or a value out of range.
    """
    common: Flags = context.find_root().obj or {}
    given = {name: value for name, value in flags.items() if value is not None}
    return load_settings(common | (behind or {}) | given)
