"""``rag settings``: what is in force, and where it came from."""

from __future__ import annotations

import typer

from rag_app.cli import options
from rag_app.cli.output import show_json, show_table
from rag_app.settings import Origin, Settings, is_secret


def settings(context: typer.Context, json: options.Json = False) -> None:
    """Show what every setting is, and where it came from.

    Values come from defaults, rag.toml, RAG_* variables and options, in this order. Keys and
    passwords are shown as present or absent.

    \b
    Examples:
      rag settings
      RAG_TOP_K=8 rag settings --json
      rag --set top_k=8 --config team.toml settings
    """
    loaded = options.settings_for(context)
    if json:
        show_json({name: _setting_json(loaded, name) for name in Settings.model_fields})
        return
    rows = [(n, loaded.shown(n), _named(loaded.origin(n))) for n in Settings.model_fields]
    show_table(("setting", "value", "from"), rows)


def _named(origin: Origin) -> str:
    return f"{origin.source} {origin.name}".strip()


def _setting_json(loaded: Settings, name: str) -> dict[str, object]:
    value = loaded.model_dump(mode="json")[name]
    shown = loaded.shown(name) if is_secret(name) or isinstance(value, str) else value
    origin = loaded.origin(name)
    return {"value": shown, "source": origin.source, "name": origin.name}
