"""The runs of a report as TREC files, for trec_eval and other people's tools."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from rag_app.errors import RagError, UsageError
from rag_app.evaluation.beir_files import BeirSet
from rag_app.evaluation.beir_index import FOLDER
from rag_app.evaluation.beir_report import BeirReport
from rag_app.evaluation.trec import write_run
from rag_app.settings import Settings


def own_run_folder(beir: BeirSet, settings: Settings) -> Path:
    """Where the run files of a set are kept unless the user names a folder."""
    return settings.home / FOLDER / "runs" / f"{beir.name}-{beir.split}"


def check_run_folder(beir: BeirSet, folder: Path) -> None:
    """Finds out before the work, not after it, that run files cannot be written.

    Raises:
        UsageError: The folder cannot be made, or an id has white space in it.
    """
    if said := _unfit(beir):
        raise UsageError(f"{said} Leave --runs out.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"Runs cannot be written to {folder} ({error.strerror}). Name another folder."
        ) from error


def keep_runs(report: BeirReport, folder: Path) -> BeirReport:
    """Writes them as ``save_runs`` does. Where that cannot be, a notice of the report says why."""
    if said := _unfit(report.beir):
        return replace(report, notices=(*report.notices, f"No run files were written. {said}"))
    try:
        return save_runs(report, folder)
    except RagError as error:
        return replace(report, notices=(*report.notices, str(error)))


def save_runs(report: BeirReport, folder: Path) -> BeirReport:
    """Writes a file for each model and way, ``SET-MODEL-WAY.trec``; the report names them.

    Raises:
        RagError: They cannot be written.
    """
    paths: list[Path] = []
    for model in report.models:
        for way, run in model.runs.items():
            tag = re.sub(r"[^\w.=-]+", "_", model.spec)
            path = folder / f"{report.beir.name}-{tag}-{way}.trec"
            write_run(path, run, f"{tag}-{way}")
            paths.append(path)
    return replace(report, run_files=tuple(paths))


def _unfit(beir: BeirSet) -> str:
    """Why the set has no run files; empty if it can have some."""
    for id_ in (*beir.documents, *beir.questions):
        if len(id_.split()) != 1:
            return f"The id '{id_}' has white space in it, which run files cannot hold."
    return ""
