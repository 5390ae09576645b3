"""``rag doctor``: checks the installation, the models and the stores, and says what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from rag_app.cli import options
from rag_app.cli.output import counted, show, show_json
from rag_app.errors import EXIT_ERROR, SettingsError


def doctor(context: typer.Context, json: options.Json = False) -> None:
    """Check the installation, the models and the stores.

    Servers that are set are looked at, too. Each line is ok, or a problem with what to do about
    it; the exit status is 1 when there is a problem. No text of yours is sent anywhere.

    \b
    Examples:
      rag doctor
      rag doctor --json
    """
    from rag_app.cli.checks import Finding, examine, examine_installation

    try:
        settings = options.settings_for(context)
    except SettingsError as error:
        findings = [*examine_installation(), Finding("settings", ok=False, detail=str(error))]
    else:
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
