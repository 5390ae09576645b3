"""Which size of passage, which overlap, with or without headings: measured on real questions.

Each setting is ingested by the product into a collection of its own and asked through the
product's search. Two bodies of text, neither of them ``sample_docs``:

- ``squad``: whole articles of SQuAD 2.0, each a Markdown document under its title. A passage counts
  if it holds the gold answer and lies in the paragraph that the question was asked of.
- ``financebench``: ten annual reports and their questions. A passage counts if it lies on the page
  that holds the evidence.

Larger passages hold more text, so hits among the first five favour them; ``in 1000`` counts only
the first passages that together have at most 1,000 tokens, which is what an answer can rest on.

    python benchmarks/chunking.py squad 100/0 150/0 200/0 200/20
    python benchmarks/chunking.py financebench 150/0 200/0/bare --json
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ingest.window
from ingest import ingest_paths
from rag_app.embeddings import embeddings_for
from rag_app.retrieval.search import Searcher
from rag_app.settings import load_settings
from rag_app.store import Store
from rag_app.types import Chunk, Hit

DATA = Path(__file__).parents[2] / "shared" / "data"
ARTICLES, QUESTIONS, SEED = 20, 500, 7
DEPTH, BUDGET = 20, 1000


@dataclass(frozen=True)
class Question:
    """A question, and what tells whether a passage serves it."""

    text: str
    served_by: Callable[[Hit], bool]


@dataclass(frozen=True)
class Figures:
    """One row of the table; shares of the questions."""

    setting: str
    passages: int
    tokens: float
    top_1: float
    top_5: float
    top_10: float
    in_1000: float
    mrr: float
    seconds: float


def main() -> None:
    """Measures the settings given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", choices=("squad", "financebench"))
    parser.add_argument("settings", nargs="+", help="SIZE/OVERLAP, or SIZE/OVERLAP/bare")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        paths, questions = _SOURCES[arguments.data](home)
        rows = []
        for setting in arguments.settings:
            rows.append(measure(setting, paths, questions, home))
            if not arguments.json:
                _print(rows[-1], header=len(rows) == 1)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


def measure(setting: str, paths: list[Path], questions: list[Question], home: Path) -> Figures:
    """Ingests ``paths`` with one setting and asks all questions."""
    size, overlap, *bare = setting.split("/")
    start = time.perf_counter()
    name = "-".join(setting.split("/"))
    values = {"home": home, "collection": name, "chunk_tokens": size, "chunk_overlap": overlap}
    settings = load_settings(values)
    with _embedded(bare=bool(bare)):
        report = ingest_paths(paths, settings)
    if report.failed:
        raise SystemExit(str([outcome.reason for outcome in report.outcomes if outcome.reason]))
    with Store(settings) as store:
        collection = store.get(name)
        searcher = Searcher(collection, embeddings_for(settings, collection.info.embedding))
        results = [(question, searcher.search(question.text, DEPTH).hits) for question in questions]
    ranks = [_rank(question, hits) for question, hits in results]
    within = [any(map(question.served_by, _first(hits))) for question, hits in results]
    chunks = sum(outcome.chunks for outcome in report.outcomes)
    lengths = [hit.chunk.tokens for _, hits in results for hit in hits]
    return Figures(
        setting=setting,
        passages=chunks,
        tokens=round(sum(lengths) / len(lengths), 1),
        top_1=_share(rank <= 1 for rank in ranks),
        top_5=_share(rank <= 5 for rank in ranks),
        top_10=_share(rank <= 10 for rank in ranks),
        in_1000=_share(within),
        mrr=round(sum(1 / rank for rank in ranks) / len(ranks), 4),
        seconds=round(time.perf_counter() - start, 1),
    )


def squad(home: Path) -> tuple[list[Path], list[Question]]:
    """Writes whole articles as Markdown files; 500 questions of them that have an answer."""
    data = json.loads((DATA / "squad" / "dev-v2.0.json").read_text(encoding="utf-8"))["data"]
    chosen = random.Random(SEED)
    articles = chosen.sample(data, ARTICLES)
    folder = home / "articles"
    folder.mkdir()
    questions = []
    for article in articles:
        name, title = f"{article['title']}.md", article["title"].replace("_", " ")
        texts = [paragraph["context"].strip() for paragraph in article["paragraphs"]]
        (folder / name).write_text(f"# {title}\n\n" + "\n\n".join(texts) + "\n", encoding="utf-8")
        questions += [
            Question(asked["question"], _in_paragraph(name, paragraph["context"], asked))
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
            if asked["answers"]
        ]
    return [folder], chosen.sample(questions, QUESTIONS)


def financebench(home: Path) -> tuple[list[Path], list[Question]]:
    """The reports as they are; the questions with the pages of their evidence."""
    del home
    folder = DATA / "financebench"
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = []
    for row in map(json.loads, lines):
        pages = {(evidence["document"], evidence["page"]) for evidence in row["evidence_pages"]}
        questions.append(Question(row["question"], _on_page(pages)))
    return [folder / "pdfs"], questions


_SOURCES: dict[str, Callable[[Path], tuple[list[Path], list[Question]]]] = {
    "squad": squad,
    "financebench": financebench,
}


def _in_paragraph(name: str, paragraph: str, asked: dict[str, Any]) -> Callable[[Hit], bool]:
    answers = {_plain(answer["text"]) for answer in asked["answers"]}
    paragraph = _plain(paragraph)

    def served(hit: Hit) -> bool:
        text = _plain(hit.chunk.text)
        if hit.document.name != name or not any(answer in text for answer in answers):
            return False
        # A passage may begin in one paragraph and end in the next.
        return any(_plain(part)[:60] in paragraph for part in hit.chunk.text.split("\n\n"))

    return served


def _on_page(pages: set[tuple[str, int]]) -> Callable[[Hit], bool]:
    return lambda hit: (hit.document.name, hit.chunk.page) in pages


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _rank(question: Question, hits: tuple[Hit, ...]) -> float:
    ranks = (rank for rank, hit in enumerate(hits, 1) if question.served_by(hit))
    return next(ranks, float("inf"))


def _first(hits: tuple[Hit, ...]) -> Iterator[Hit]:
    room = BUDGET
    for hit in hits:
        room -= hit.chunk.tokens
        if room < 0:
            return
        yield hit


def _share(values: Iterator[bool] | list[bool]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 4)


@contextmanager
def _embedded(*, bare: bool) -> Iterator[None]:
    """Embeds the same passages without their headings, to see what the headings are worth."""
    usual = ingest.window.contextual_text
    if bare:
        ingest.window.contextual_text = _text  # type: ignore[assignment]
    try:
        yield
    finally:
        ingest.window.contextual_text = usual


def _text(chunk: Chunk) -> str:
    return chunk.text


def _print(row: Figures, *, header: bool) -> None:
    cells = asdict(row)
    if header:
        print("".join(f"{name:>13}" for name in cells))
    print("".join(f"{value!s:>13}" for value in cells.values()), flush=True)


if __name__ == "__main__":
    main()
