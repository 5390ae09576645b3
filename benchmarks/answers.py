"""How often the extractive answer contains a gold answer, on SQuAD's paragraphs as documents.

    .venv/bin/python benchmarks/answers.py

2,067 text files are ingested by the product; 500 random questions (fixed seed) are asked with the
defaults. The answer has two sentences at most.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from corpora import opened, squad, squad_reported
from measure import save

from rag_app.answering import Assistant
from rag_app.settings import load_settings

COMMAND = "benchmarks/answers.py"


def main() -> None:
    corpus = squad()
    questions = squad_reported(corpus)
    with tempfile.TemporaryDirectory() as folder:
        searcher = opened(Path(folder), "squad", corpus.documents).searcher
        settings = load_settings({"home": Path(folder) / "rag", "collection": "squad"}, environ={})
        assistant = Assistant(searcher.collection, searcher.embeddings, settings)
        answers = [assistant.ask(question.text) for question in questions]
        bold = Assistant(
            searcher.collection, searcher.embeddings, settings.override(abstain_below=0.0)
        )
        guesses = [bold.ask(question.text) for question in questions]
    right, guessed = (
        sum(q.answered_by(a.text) for q, a in zip(questions, given, strict=True))
        for given in (answers, guesses)
    )
    passages = sum(
        any(q.answered_by(hit.chunk.text) for hit in a.hits)
        for q, a in zip(questions, answers, strict=True)
    )
    kept = len(questions)
    save(
        "answers",
        COMMAND,
        {
            "documents": len(corpus.documents),
            "questions": kept,
            "answer_contains_gold": round(right / kept, 3),
            "abstained": round(sum(a.abstained for a in answers) / kept, 3),
            "answer_contains_gold_without_abstaining": round(guessed / kept, 3),
            "top_5_passages_contain_gold": round(passages / kept, 3),
            "median_seconds_per_answer": round(median(a.timings["total"] for a in answers), 3),
        },
    )


if __name__ == "__main__":
    main()
