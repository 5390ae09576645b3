"""``rag doctor``: checks the installation, the models and the stores, and says what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rag_app.cli import options
from rag_app.cli.output import counted, say, show, show_json
from rag_app.errors import EXIT_ERROR, SettingsError
from rag_app.settings import Settings

Repair = Annotated[
    bool,
    typer.Option(
        "--repair", help="First mend the indexes of collections that differ from the catalog."
    ),
]


def doctor(context: typer.Context, json: options.Json = False, repair: Repair = False) -> None:
    """Check the installation, the models and the stores.

    Servers that are set are looked at, too. Each line is ok, or a problem with what to do about
    it; the exit status is 1 when there is a problem. No text of yours is sent anywhere.

    With --repair, keyword and vector indexes are made anew where they differ from the catalog.

    \b
    Examples:
      rag doctor
      rag doctor --json
      rag doctor --repair
    """
    from rag_app.cli.checks import Finding, examine, examine_installation

    try:
        settings = options.settings_for(context)
    except SettingsError as error:
        findings = [*examine_installation(), Finding("settings", ok=False, detail=str(error))]
    else:
        if repair:
            _repair(settings)
        findings = [*examine_installation(), *examine(settings)]
    problems = sum(not finding.ok for finding in findings)
    if json:
        show_json({"problems": problems, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            show(f"{'ok' if finding.ok else 'PROBLEM':<9}{finding.name}: {finding.detail}")
        found = counted(problems, "problem") if problems else "Everything is in order"
        show(f"\n{found}.")
    if problems:
        raise typer.Exit(EXIT_ERROR)


def _repair(settings: Settings) -> None:
    from rag_app.store import Store

    with Store(settings) as store:
        before = store.check()
        left = store.repair() if before else []
    mended = len(before) - len(left)
    say(f"{counted(mended, 'difference')} mended." if before else "There is nothing to mend.")
