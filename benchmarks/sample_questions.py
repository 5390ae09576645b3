"""Answers on sample_docs/ with the defaults: right page found, right words quoted, abstaining.

    .venv/bin/python benchmarks/sample_questions.py
    .venv/bin/python benchmarks/sample_questions.py benchmarks/development_questions.jsonl

The first form reports on sample_docs/questions.jsonl. The second is for work on the answers: it
asks questions that may be looked at, prints the answers that miss, and saves nothing. See
benchmarks/README.md for how the two were kept apart.

Bars: document and page among the top 5 for 95 % of the answerable ones; the expected text in 75 %
of the answers; at least 8 of the 10 unanswerable ones abstained from, and at most 2 of the
answerable ones.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from measure import BIN, ROOT, run, save

from rag_app.answering import Assistant
from rag_app.evaluation.own_outcomes import Outcome, ask_all
from rag_app.evaluation.own_questions import read_own_questions
from rag_app.evaluation.own_report import OwnReport
from rag_app.settings import load_settings

SAMPLES = ROOT / "sample_docs"
K = 5


def ask(questions: Path) -> OwnReport:
    """Ingests the samples into an empty store and asks every question of a file."""
    with tempfile.TemporaryDirectory() as home:
        run([str(BIN / "ingest"), "--quiet", str(SAMPLES)], Path(home))
        assistant = Assistant.open(load_settings({"home": home}))
        asked = read_own_questions(questions, assistant.collection.documents())
        if asked.problems:
            raise SystemExit("\n".join(asked.problems))
        outcomes = tuple(ask_all(assistant, asked.questions, K))
        spec = assistant.embeddings.identity.spec
        return OwnReport("default", questions, spec, assistant.settings.llm, K, outcomes)


def figures(report: OwnReport) -> dict[str, object]:
    """The rates, and each miss."""

    def missing(kind: str) -> list[str]:
        return [one.asked.question for one in report.outcomes if kind in one.misses]

    abstention, rates = report.abstention, report.figures
    return {
        "answerable": abstention.answerable,
        "page_in_top_5": _rounded(rates[f"page@{K}"]),
        "answer_contains": _rounded(rates["answer_contains"]),
        "abstained_answerable": abstention.silent,
        "unanswerable": abstention.unanswerable,
        "abstained_unanswerable": abstention.refused,
        "misses": {
            "page": missing("page"),
            "words": missing("answer"),
            "silent": missing("abstained"),
            "answered": missing("answered"),
        },
    }


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 3)


def show(missed: list[Outcome]) -> None:
    """Prints each answer that misses, with what was expected."""
    for one in missed:
        asked = one.asked
        print(f"\n{asked.question}\n  expected: {asked.answer} ({asked.document} {asked.page})")
        print(f"  page at rank: {one.page_rank}; {', '.join(one.misses)}\n  {one.answer}")


def main() -> None:
    """Reports on the sample questions, or shows what goes wrong with others."""
    if len(sys.argv) > 1:
        report = ask(Path(sys.argv[1]))
        show(report.missed)
        print(json.dumps(figures(report) | {"misses": None}, indent=2))
        return
    save(
        "sample_questions",
        f"python {Path(__file__).relative_to(ROOT)}",
        figures(ask(SAMPLES / "questions.jsonl")),
    )


if __name__ == "__main__":
    main()
