"""Annual reports: is the page with the evidence among the first passages? Ours and the tutorial's.

    .venv/bin/python benchmarks/financebench.py --home FOLDER [--ours]

Ten reports of FinanceBench in one collection, 1,500 pages, and forty questions, each asked as it is
of all reports at once. A passage counts if it lies on a page that holds the evidence. The baseline
is the pipeline of LangChain tutorials (``tutorial.py``) with the same model. Nothing in the product
was fitted on these questions, but for the choice to embed passages with their headings
(``chunking.py``). Both indexes stay in FOLDER. Fifteen minutes the first time; with ``--ours`` two,
and the tutorial's figures stay as they were.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tutorial
from measure import DATA, RESULTS, save

from ingest import ingest_paths
from rag_app.answering.rank import find
from rag_app.embeddings import embeddings_for
from rag_app.retrieval import rank
from rag_app.retrieval.search import Searcher
from rag_app.settings import load_settings
from rag_app.store import Store

FOLDER = DATA / "financebench"
DEPTHS = (5, 10)
Place = tuple[str, int]
"""File and page, from 1."""
Finder = Callable[[str], Sequence[Place]]


@dataclass(frozen=True)
class Question:
    """A question and where its evidence is."""

    text: str
    places: frozenset[Place]


def questions() -> list[Question]:
    """All of them, as they were published."""
    rows = map(json.loads, (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Question(
            row["question"],
            frozenset((one["document"], one["page"]) for one in row["evidence_pages"]),
        )
        for row in rows
    ]


def ours(home: Path) -> dict[str, Finder]:
    """The ranking, without its step by names too, and what an answer rests on."""
    settings = load_settings({"home": home / "rag", "collection": "reports"}, environ={})
    report = ingest_paths([FOLDER / "pdfs"], settings)
    if report.failed:
        raise SystemExit(str([one.reason for one in report.outcomes if one.reason]))
    searcher = Searcher(Store(settings).get("reports"), embeddings_for(settings, None))

    def ranked(question: str) -> list[Place]:
        hits = searcher.search(question, max(DEPTHS)).hits
        return [(hit.document.name, hit.chunk.page) for hit in hits]

    def unnamed(question: str) -> list[Place]:
        before, rank.NAMING = rank.NAMING, 0.0
        try:
            return ranked(question)
        finally:
            rank.NAMING = before

    def answered_from(question: str) -> list[Place]:
        hits = find(searcher, question, max(DEPTHS)).hits
        return [(hit.document.name, hit.chunk.page) for hit in hits]

    return {
        "ranking": ranked,
        "ranking, names count nothing": unnamed,
        "ranking with sentences, as answers rest on": answered_from,
    }


def the_tutorial(home: Path) -> dict[str, Finder]:
    """The baseline; its pages count from 0."""
    index = tutorial.indexed(sorted((FOLDER / "pdfs").glob("*.pdf")), home / "tutorial")

    def ranked(question: str) -> list[Place]:
        found = index.similarity_search(question, max(DEPTHS))
        return [(Path(one.metadata["source"]).name, one.metadata["page"] + 1) for one in found]

    return {"tutorial": ranked}


def main() -> None:
    """Asks every question of every pipeline."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="where the indexes are kept")
    parser.add_argument("--ours", action="store_true", help="leave the tutorial out")
    given = parser.parse_args()
    asked = questions()
    figures: dict[str, object] = {"questions": len(asked)}
    finders = ours(given.home)
    if given.ours:
        kept = json.loads((RESULTS / "financebench.json").read_text())["figures"]
        figures["tutorial"] = kept["tutorial"]
    else:
        finders |= the_tutorial(given.home)
    for name, finder in finders.items():
        found = [finder(question.text) for question in asked]
        figures[name] = {
            f"evidence page in the top {depth}": sum(
                not question.places.isdisjoint(places[:depth])
                for question, places in zip(asked, found, strict=True)
            )
            / len(asked)
            for depth in DEPTHS
        }
        print(name, figures[name], file=sys.stderr, flush=True)
    save("financebench", "python benchmarks/financebench.py --home FOLDER", figures)


if __name__ == "__main__":
    main()
