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
from typing import Any

from measure import BIN, ROOT, run, save

from rag_app.answering import Assistant
from rag_app.settings import load_settings
from rag_app.types import Answer

SAMPLES = ROOT / "sample_docs"

Row = dict[str, Any]
"""A line of a questions file."""


def squeeze(text: str) -> str:
    """Lower case, single spaces: what counts is the words."""
    return " ".join(text.split()).casefold()


def has_page(row: Row, answer: Answer) -> bool:
    """Whether the expected page is among the passages retrieved."""
    return any(
        Path(hit.document.source).name == row["document"] and hit.chunk.page == row["page"]
        for hit in answer.hits[:5]
    )


def has_words(row: Row, answer: Answer) -> bool:
    """Whether the answer contains what it must."""
    return squeeze(row["answer"]) in squeeze(answer.text)


def ask(questions: Path) -> list[tuple[Row, Answer]]:
    """Ingests the samples into an empty store and asks every question of a file."""
    lines = questions.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    with tempfile.TemporaryDirectory() as home:
        run([str(BIN / "ingest"), "--quiet", str(SAMPLES)], Path(home))
        assistant = Assistant.open(load_settings({"home": home}))
        return [(row, assistant.ask(row["question"])) for row in rows]


def figures(asked: list[tuple[Row, Answer]]) -> dict[str, object]:
    """The rates, and each miss."""
    known = [(row, answer) for row, answer in asked if row["document"]]
    unknown = [(row, answer) for row, answer in asked if not row["document"]]
    misses = {
        "page": [row["question"] for row, answer in known if not has_page(row, answer)],
        "words": [row["question"] for row, answer in known if not has_words(row, answer)],
        "silent": [row["question"] for row, answer in known if answer.abstained],
        "answered": [row["question"] for row, answer in unknown if not answer.abstained],
    }
    return {
        "answerable": len(known),
        "page_in_top_5": round(1 - len(misses["page"]) / len(known), 3),
        "answer_contains": round(1 - len(misses["words"]) / len(known), 3),
        "abstained_answerable": len(misses["silent"]),
        "unanswerable": len(unknown),
        "abstained_unanswerable": len(unknown) - len(misses["answered"]),
        "misses": misses,
    }


def show(asked: list[tuple[Row, Answer]]) -> None:
    """Prints each answer that misses, with what was expected."""
    for row, answer in asked:
        expected = row["answer"]
        if not (has_words(row, answer) if expected else answer.abstained):
            print(f"\n{row['question']}\n  expected: {expected} ({row['document']} {row['page']})")
            print(f"  page found: {has_page(row, answer)}\n  {answer.text}")


def main() -> None:
    """Reports on the sample questions, or shows what goes wrong with others."""
    if len(sys.argv) > 1:
        asked = ask(Path(sys.argv[1]))
        show(asked)
        print(json.dumps(figures(asked) | {"misses": None}, indent=2))
        return
    save(
        "sample_questions",
        f"python {Path(__file__).relative_to(ROOT)}",
        figures(ask(SAMPLES / "questions.jsonl")),
    )


if __name__ == "__main__":
    main()
