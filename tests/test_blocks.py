"""Long documents block by block: read while the model is at work, and the same as if read whole."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import block_loader
import pytest
from embeddings_samples import settings_in
from ingest_samples import BODY, TITLE, prose, write_pdf

from ingest import ingest_paths, load
from ingest.limits import Limits
from ingest.load import Format, LoadOptions, RawFile, load_blocks, load_document
from ingest.load.pdf import _ranges
from ingest.plan import Task
from ingest.pool import Readers
from ingest.reading import read_blocks
from rag_app.errors import DocumentError, DocumentSkippedError
from rag_app.store import Store

LONG = 100


@pytest.fixture(autouse=True)
def in_blocks(monkeypatch):
    """Files that end in .blocks come in blocks."""
    row = Format("text/x-blocks", (".blocks",), "block_loader")
    monkeypatch.setattr(load, "FORMATS", (*load.FORMATS, row))


@pytest.fixture
def readers():
    made = Readers(LoadOptions(), Limits(seconds=5, memory_mb=400, workers=1))
    yield made
    made.close()


def turn_of(readers, path: Path, text: str):
    path.write_text(text)
    return next(readers.turns([Task(path.name, (path,))]))


def report(path: Path, pages: int = LONG) -> Path:
    """Chapters of twelve pages, with a running header and a cut word on each page."""
    texts = []
    for number in range(1, pages + 1):
        chapter = [(f"Chapter {number // 12 + 1}", TITLE), None] if number % 12 == 1 else []
        valves = [
            f"Valve {number}-{name} opens at {number} bar."
            for name in ["elm", "oak", "fir", "ash", "yew"]
        ]
        cut = ("What is said here is infor-", "mation that a line end has cut.")
        said = prose(*valves, *cut, *reversed(valves))
        texts.append([*chapter, *said])
    return write_pdf(path, texts, header="Acme handbook", footer="Page {}")


def raw(path: Path) -> RawFile:
    return RawFile(path, path.read_bytes())


# --- from one process to the other


def test_the_first_part_is_there_before_the_last_page_is_read(readers, tmp_path):
    path = tmp_path / "a.blocks"
    reading = turn_of(readers, path, "waits The pump is red.").read()
    parts = reading.parts()
    first = next(parts)
    assert [one.page.number for one in first.sections] == [1]
    with pytest.raises(RuntimeError, match="not read to its end"):
        _ = reading.summary
    path.with_suffix(".go").touch()
    assert [one.page.number for part in parts for one in part.sections] == [2]
    assert reading.summary.pages == 2


def test_time_in_which_nobody_takes_a_part_is_not_the_file_s(readers, tmp_path):
    reading = turn_of(readers, tmp_path / "a.blocks", "large").read()
    parts = reading.parts()
    next(parts)
    time.sleep(6)  # longer than the worker's limit; it waits with a full pipe
    assert sum(1 for _ in parts) == block_loader.BLOCKS - 1
    assert reading.summary.characters >= block_loader.BLOCKS * (block_loader.LARGE - 1)


@pytest.mark.parametrize(("what", "reason"), [("broken", "page 2"), ("crashes", "crash (SIG")])
def test_a_fault_on_a_later_page_voids_the_earlier_ones(tmp_path, what, reason):
    settings = settings_in(tmp_path / "rag")
    folder = tmp_path / "docs"
    folder.mkdir()
    sentences = " ".join(f"The pump number {n} is checked every {n} weeks." for n in range(200))
    (folder / "a.blocks").write_text(f"{what} {sentences}")
    (folder / "b.txt").write_text("The story of the pump is short.")
    found = ingest_paths([folder], settings)
    by_name = {Path(one.path).name: one for one in found.outcomes}
    assert by_name["a.blocks"].state == "failed"
    assert reason in by_name["a.blocks"].reason
    assert by_name["b.txt"].state == "added"
    assert found.problems == ()
    with Store(settings) as store:
        [stored] = store.get(settings.collection).documents()
        assert stored.sources == (str(folder / "b.txt"),)
        assert store.check() == []


# --- the same document


@pytest.mark.parametrize("pages", [0, 1, 32, 63, 64, 160, 5000])
def test_blocks_hold_every_page_once_and_the_last_is_no_scrap(pages):
    ranges = list(_ranges(pages))
    assert ranges[0][0] == 0
    assert ranges[-1][1] == pages
    assert all(one[1] == other[0] for one, other in pairwise(ranges))
    sizes = [last - first for first, last in ranges]
    assert len(sizes) == 1 or sizes[-1] >= sizes[-2]
    assert max(sizes) < 1024


def test_a_long_pdf_comes_in_blocks(tmp_path):
    path = report(tmp_path / "a.pdf")
    blocks = list(load_blocks(raw(path), LoadOptions()))
    assert [len(block.pages) for block in blocks] == [32, LONG - 32]
    whole = load_document(path)
    assert [page.number for page in whole.pages] == list(range(1, LONG + 1))
    assert [heading.title for heading in whole.headings] == [f"Chapter {n + 1}" for n in range(9)]
    assert {heading.level for heading in whole.headings} == {1}


def test_what_one_block_says_holds_in_the_next(tmp_path):
    path = report(tmp_path / "a.pdf")
    blocks = list(read_blocks(raw(path), LoadOptions()))
    texts = {page.number: page.text for block in blocks for page in block.pages}
    assert "Acme handbook" in texts[1]  # the first page that has it keeps it, and no other
    assert sum("Acme handbook" in text for text in texts.values()) == 1
    assert not any("Page " in text for text in texts.values())
    assert all("information" in text for text in texts.values())
    first = blocks[1].sections[0]
    assert (first.page.number, first.headings) == (33, ("Chapter 3",))


@pytest.mark.parametrize("part_on", [1, 40])
def test_a_level_is_the_same_in_every_block(tmp_path, part_on):
    """The larger type stands in one of the two blocks only."""
    lines = [("The pump is checked by two people every week of the year.", BODY)] * 3
    pages = [[(f"Step {n}", ("Times-Bold", 13)), None, *lines] for n in range(1, 90)]
    for number in (part_on, part_on + 1):
        pages[number - 1][:0] = [(f"Part {number}", TITLE), None]
    path = write_pdf(tmp_path / "a.pdf", pages)
    levels = {heading.title: heading.level for heading in load_document(path).headings}
    assert (levels[f"Part {part_on}"], levels["Step 1"], levels["Step 89"]) == (1, 2, 2)
    sections = [one for block in read_blocks(raw(path), LoadOptions()) for one in block.sections]
    paths = {one.page.number: one.headings for one in sections}
    above = (f"Part {part_on + 1}",)
    assert paths[30] == (*(above if part_on == 1 else ()), "Step 30")
    assert paths[33] == (*(above if part_on == 1 else ()), "Step 33")
    assert paths[60] == (*above, "Step 60")


def test_pages_without_text_wait_for_the_first_that_has_some(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [[] for _ in range(40)] + [prose("Words at last.")] * 40)
    assert [len(block.pages) for block in load_blocks(raw(path), LoadOptions())] == [80]
    empty = write_pdf(tmp_path / "b.pdf", [[] for _ in range(80)])
    with pytest.raises(DocumentSkippedError, match="no text on its 80 page"):
        list(load_blocks(raw(empty), LoadOptions()))


def test_too_much_text_is_seen_on_the_page_where_it_is(tmp_path):
    path = report(tmp_path / "a.pdf")
    coming = read_blocks(raw(path), LoadOptions(max_characters=20_000))
    assert len(next(coming).pages) == 32
    with pytest.raises(DocumentError, match="more than the limit of 20,000"):
        next(coming)
