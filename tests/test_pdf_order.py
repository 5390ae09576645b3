"""The reading order of PDF pages: columns one after the other, tables row by row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import pytest
from ingest_samples import DATA, needs_data
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.clean import clean_pages
from ingest.load import load_document, pdfium
from ingest.load.footnotes import footnotes_last
from ingest.load.page_image import quote_rectangles
from ingest.load.pdf_pieces import read_pieces
from ingest.load.reading_order import reading_order
from ingest.locate import find_quote, locate_quote
from ingest.traced import raw_range

Placed = tuple[float, float, str]

PROSE = (
    "the meter is read on the first day of every month by the tenant and the value is sent to "
    "the office within a week after that day so that the bill can be made in time and nobody has "
    "to pay for what a neighbour has used and whoever forgets it twice gets a letter with a fee "
    "that is higher than the price of a visit by the fitter who also looks at the seals"
)
WORDS = PROSE.split()
LEFT = [" ".join(WORDS[at : at + 6]) for at in range(0, 60, 6)]
LEFT[0] = f"Wells {LEFT[0]}"
RIGHT = [line.replace("the", "our").replace("Wells", "Rivers") for line in LEFT]
TITLE = [
    (60.0, 800.0, "A heading that is wider than a column and stands above both of them, alone")
]
FOOT = [(280.0, 40.0, "Page 7")]


def column(x: float, lines: Iterable[str]) -> list[Placed]:
    return [(x, 770.0 - 14 * number, line) for number, line in enumerate(lines)]


def write(path: Path, *pages: Iterable[Placed]) -> Path:
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for placed in pages:
        canvas.setFont("Times-Roman", 11)
        for x, y, line in placed:
            canvas.drawString(x, y, line)
        canvas.showPage()
    canvas.save()
    return path


def by_line(*columns: list[Placed]) -> list[Placed]:
    return list(chain(*zip(*columns, strict=True)))


ORDERS: dict[str, Callable[[list[Placed], list[Placed]], list[Placed]]] = {
    "column by column": lambda left, right: TITLE + left + right + FOOT,
    "line by line": lambda left, right: TITLE + by_line(left, right) + FOOT,
    "right column first": lambda left, right: TITLE + right + left + FOOT,
    "foot first": lambda left, right: FOOT + TITLE + by_line(left, right),
}


@pytest.mark.parametrize("name", ORDERS)
def test_the_left_column_is_read_before_the_right_one(tmp_path: Path, name: str) -> None:
    placed = ORDERS[name](column(60, LEFT), column(310, RIGHT))
    text = load_document(write(tmp_path / "a.pdf", placed)).pages[0].text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines == [TITLE[0][2], *LEFT, *RIGHT, FOOT[0][2]]


def test_three_columns_and_a_table_between_them(tmp_path: Path) -> None:
    third = [line.replace("the", "his").replace("Wells", "Lakes") for line in LEFT]
    narrow = [[line[:28].strip() for line in one] for one in (LEFT, RIGHT, third)]
    columns = [column(x, lines) for x, lines in zip((50.0, 230.0, 410.0), narrow, strict=True)]
    table = [
        (x, 600.0 - 14 * row, f"Value {row}{x:.0f}") for row in range(4) for x in (50, 230, 410)
    ]
    below = [[(x, y - 250, line) for x, y, line in one] for one in columns]
    placed = by_line(*columns) + table + by_line(*below)
    text = load_document(write(tmp_path / "a.pdf", placed)).pages[0].text
    rows = [" ".join(f"Value {row}{x}" for x in (50, 230, 410)) for row in range(4)]
    assert " ".join(text.split()) == " ".join([*chain(*narrow), *rows, *chain(*narrow)])


def test_a_sentence_goes_on_in_the_next_column(tmp_path: Path) -> None:
    placed = by_line(column(60, LEFT), column(310, RIGHT))
    cleaned = clean_pages(load_document(write(tmp_path / "a.pdf", placed)))[0].text
    assert f"{LEFT[-2]} {LEFT[-1]}" in cleaned


def test_a_word_cut_at_the_end_of_a_line_of_a_column_is_joined(tmp_path: Path) -> None:
    left = [*LEFT[:4], "which nobody could have infor-", "mation about from the office", *LEFT[6:]]
    right = [*RIGHT[:4], "and what it takes is a let-", "ter to the one who reads it", *RIGHT[6:]]
    placed = by_line(column(60, left), column(310, right))
    cleaned = clean_pages(load_document(write(tmp_path / "a.pdf", placed)))[0].text
    assert "could have information about" in cleaned
    assert "is a letter to the one" in cleaned


def test_a_table_of_words_keeps_its_rows(tmp_path: Path) -> None:
    terms = [f"Term number {number} of the list" for number in range(9)]
    meanings = [f"Meaning of the term {number}, in one line" for number in range(9)]
    placed = by_line(column(60, terms), column(310, meanings))
    text = load_document(write(tmp_path / "a.pdf", placed)).pages[0].text
    rows = [f"{term} {meaning}" for term, meaning in zip(terms, meanings, strict=True)]
    assert text.splitlines() == rows


def test_cells_of_several_lines_stay_together(tmp_path: Path) -> None:
    """The file tells cell by cell, and both columns read like prose."""
    placed: list[Placed] = []
    for row in range(3):
        for x, lines in ((60, LEFT), (310, RIGHT)):
            placed += [(x, y - 50 * row, line) for x, y, line in column(x, lines[:3])]
    text = load_document(write(tmp_path / "a.pdf", placed)).pages[0].text
    assert text.split() == " ".join(LEFT[:3] + RIGHT[:3]).split() * 3


def test_a_quotation_from_a_column_is_marked_where_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", by_line(column(60, LEFT), column(310, RIGHT)))
    page = clean_pages(load_document(path))[0]
    quote = " ".join(RIGHT[3:5])
    found = find_quote(page.text, quote)
    assert found is not None
    boxes = quote_rectangles(path, 1, [raw_range(page.offsets, *found)])
    assert len(boxes) == 2
    for (left, bottom, right, top), height in zip(boxes, (770 - 42, 770 - 56), strict=True):
        assert left == pytest.approx(310, abs=2)
        assert right < 480
        assert bottom < height + 3 < top
    png, was_found = locate_quote(path, 1, quote, scale=1)
    assert was_found
    image = Image.open(io.BytesIO(png)).convert("RGB")
    parts = [image.crop(box) for box in ((60, 90, 300, 140), (310, 105, 480, 130))]
    colours = [{colour for _, colour in part.getcolors(part.width * part.height)} for part in parts]
    assert [(255, 236, 92) in colour for colour in colours] == [False, True]


def test_every_character_is_traced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", TITLE + by_line(column(60, LEFT), column(310, RIGHT)))
    with pdfium.open_pdf(path, "a.pdf") as document, pdfium.text_page(document, 0) as (_, page):
        raw, ordered = pdfium.raw_text(page), pdfium.page_text(page)
    assert sorted(raw.split()) == sorted(ordered.text.split())
    assert raw.split() != ordered.text.split()
    for at, char in enumerate(ordered.text):
        if not char.isspace():
            ((start, end),) = ordered.raw_ranges(at, at + 1)
            assert raw[start:end] == char


def test_upright_and_sideways_text_do_not_disturb_each_other(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=A4, invariant=1)
    canvas.setFont("Times-Roman", 11)
    canvas.saveState()
    canvas.rotate(90)
    canvas.drawString(300, -30, "stamped along the edge of the page")
    canvas.restoreState()
    for x, y, line in by_line(column(60, LEFT), column(310, RIGHT)):
        canvas.drawString(x, y, line)
    canvas.save()
    text = load_document(tmp_path / "a.pdf").pages[0].text
    assert text.split() == " ".join([*LEFT, *RIGHT, "stamped along the edge of the page"]).split()


NOTE = ["1 A note below the column that says", "where the words above it are from."]


def with_note(path: Path, last: str, first: str, note: list[str]) -> Path:
    """Two columns, a note in small type below the left one."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    left = column(60, [*LEFT[:-1], last])
    for x, y, line in left + column(310, [first, *RIGHT[1:]]):
        canvas.setFont("Times-Roman", 11)
        canvas.drawString(x, y, line)
        if (x, y) == left[-1][:2]:
            canvas.setFont("Times-Roman", 8)
            for number, words in enumerate(note):
                canvas.drawString(60, 600 - 9 * number, words)
    canvas.save()
    return path


def test_a_footnote_does_not_stand_within_a_sentence(tmp_path: Path) -> None:
    path = with_note(tmp_path / "a.pdf", "and whoever forgets it", "twice gets a letter", NOTE)
    text = clean_pages(load_document(path))[0].text
    assert "and whoever forgets it twice gets a letter" in text
    assert text.endswith(" ".join(NOTE))
    assert locate_quote(path, 1, "forgets it twice gets", scale=0.5)[1]


@pytest.mark.parametrize(
    ("last", "first", "note"),
    [
        ("and that is all there is.", "Another matter is", NOTE),
        ("and whoever forgets it", "twice gets a letter", ["A caption of small", "type."]),
    ],
)
def test_small_type_elsewhere_stays(tmp_path: Path, last: str, first: str, note: list[str]) -> None:
    text = load_document(with_note(tmp_path / "a.pdf", last, first, note)).pages[0].text
    assert " ".join(text.split()).count(" ".join([last, *note, first])) == 1


@needs_data
def test_a_form_s_instructions_in_three_columns() -> None:
    path = DATA / "pdfs" / "pdfminer-six__nonfree__i1040nr.pdf"
    with pdfium.open_pdf(path, path.name) as document:
        text, *_ = pdfium.read_page(document, 0)
    text = " ".join(text.split())
    assert "Revenue Code unless otherwise noted. General Instructions What’s New for 2007" in text
    assert "If you are filing the return for an estate or trust, you will use a different" in text


@needs_data
@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("pdfs/pdfminer-six__nonfree__naacl06-shinyama.pdf", 5),
        ("financebench/pdfs/3M_2018_10K.pdf", 156),
        ("financebench/pdfs/3M_2022_10K.pdf", 59),
        ("financebench/pdfs/AMCOR_2023_10K.pdf", 112),
    ],
)
def test_an_order_that_is_right_stays(name: str, page: int) -> None:
    with (
        pdfium.open_pdf(DATA / name, name) as document,
        pdfium.text_page(document, page - 1) as (_, text_page),
    ):
        text = pdfium.raw_text(text_page)
        pieces = read_pieces(text_page, text)
        assert reading_order(text, pieces) is None
        assert footnotes_last(text, pieces) is None
