"""A million real passages: the shared texts, cut into windows of many lengths.

There are some 20 MB of real text. More passages come of the same texts cut otherwise, 52 to 200
words at a time: each is real, has a real vector, and differs from every other; but a passage has
relatives that share words with it, which makes it harder to tell the nearest apart than among as
many texts on different subjects.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from measure import DATA

from rag_app.types import TEXT, Chunk, DocumentRecord

LENGTHS = (150, *(length for length in range(200, 48, -4) if length != 152))
"""Words of a passage; one cut of all texts each, in this order."""

TOGETHER = 10
"""Texts of a set that make one document: a few pages."""

SETS = ("scifact", "cranfield", "squad-v1.1", "xquad-de", "xquad-es", "xquad-zh")


@dataclass(frozen=True)
class Source:
    """Texts that make a document.

    Attributes:
        name: Like a file's, with the folder of its set.
        words: All of them; of Chinese, runs of four characters.
        gap: What stands between two.
    """

    name: str
    words: Sequence[str]
    gap: str

    def cut(self, length: int) -> tuple[DocumentRecord, list[Chunk]]:
        """As passages of ``length`` words; the first is shorter, for other cuts to differ."""
        first = random.Random(f"{self.name} {length}").randrange(length // 2, length)
        starts = [0, *range(first, len(self.words), length)]
        texts = [
            self.gap.join(self.words[start:end])
            for start, end in zip(starts, [*starts[1:], len(self.words)], strict=True)
        ]
        id_ = hashlib.sha256(f"{self.name} {length}".encode()).hexdigest()
        chunks = [
            Chunk(f"{id_[:24]}-{n}", id_, n, text, 1, 0, len(text), (), len(text.split()))
            for n, text in enumerate(texts)
        ]
        record = DocumentRecord(
            id=id_,
            sources=(f"/texts/{length}/{self.name}.txt",),
            media_type=TEXT,
            title=None,
            pages=1,
            characters=sum(map(len, texts)),
            chunks=len(chunks),
            truncated_chunks=0,
            size_bytes=sum(map(len, texts)),
            added_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        return record, chunks


class Texts:
    """The shared texts.

    Args:
        cache: Folder that keeps the text of the annual reports.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def documents(self, passages: int) -> Iterator[tuple[DocumentRecord, list[Chunk]]]:
        """Documents with as many passages together, in an order that mixes the sets."""
        left = passages
        for length in LENGTHS:
            for source in random.Random(length).sample(self._sources, len(self._sources)):
                record, chunks = source.cut(length)
                if len(chunks) > left:
                    continue
                left -= len(chunks)
                yield record, chunks
                if not left:
                    return

    @cached_property
    def _sources(self) -> list[Source]:
        found = []
        for name in SETS:
            texts = _texts(DATA / "beir" / name / "corpus.jsonl")
            found += list(_together(name, texts, 4 if name == "xquad-zh" else 0))
        found += list(_together("mtrag", _texts(DATA / "mtrag" / "corpus.jsonl")))
        for report, pages in self._reports().items():
            found += list(_together(f"financebench/{report}", pages))
        return found

    def _reports(self) -> dict[str, list[str]]:
        kept = self._cache / "reports.json"
        if not kept.exists():
            reports = sorted((DATA / "financebench" / "pdfs").glob("*.pdf"))
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps({one.stem: _pages(one) for one in reports}))
        return dict(json.loads(kept.read_text()))


def questions(count: int, seed: int = 2026) -> list[str]:
    """As many real questions of the sets, of each alike, in a mixed order."""
    chance = random.Random(seed)
    sets = [DATA / "beir" / name / "queries.jsonl" for name in SETS]
    sets += [DATA / "mtrag" / "queries.jsonl", DATA / "financebench" / "questions.jsonl"]
    found: list[str] = []
    for path in sets:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        asked = [row.get("text") or row["question"] for row in rows]
        found += chance.sample(asked, min(len(asked), -(-count // len(sets))))
    return chance.sample(found, min(count, len(found)))


def _together(name: str, texts: Sequence[str], run: int = 0) -> Iterator[Source]:
    for number, start in enumerate(range(0, len(texts), TOGETHER)):
        whole = "\n".join(texts[start : start + TOGETHER])
        if run:
            pieces = [whole[i : i + run] for i in range(0, len(whole), run)]
            yield Source(f"{name}/{number:04d}", pieces, "")
        else:
            yield Source(f"{name}/{number:04d}", whole.split(), " ")


def _texts(path: Path) -> list[str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return ["\n".join(filter(None, (row.get("title"), row["text"]))) for row in rows]


def _pages(path: Path) -> list[str]:
    from pypdfium2 import PdfDocument

    with PdfDocument(path) as document:
        return [page.get_textpage().get_text_bounded() for page in document]
