"""Tables of PDF pages: rows in Markdown, each cell in its column, never cut within a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ingest_samples import REPORT, Words, first_page, needs_data, rows_of
from pypdf import PdfReader, PdfWriter, Transformation
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.chunk import chunk_document
from ingest.clean import clean_pages
from ingest.load import load_document, pdfium
from ingest.load.page_image import quote_rectangles
from ingest.locate import find_quote
from ingest.sections import find_sections
from ingest.traced import raw_range
from ingest.units import split_units
from rag_app.types import ChunkingIdentity

COLUMNS = (330.0, 420.0, 510.0)
HEAD = ["(Millions)", "2018", "2017", "2016"]
ROWS = [
    HEAD,
    ["Net income", "$ 5,363", "$ 4,869", "$ 5,058"],
    ["Depreciation and amortization", "1,488", "1,544", "1,474"],
    ["Dividends declared", "", "(2,803)", ""],
    ["Other, net", "120", "", "—"],
    ["Cash provided by Acme Inc. and others", "6,439", "6,240", "6,662"],
]
ABOVE = "The amounts of the three years are given in the table that stands below this line."
BELOW = "The notes are a part of these statements and ought to be read together with them."


def table_pdf(
    path: Path,
    rows: Sequence[Sequence[str]],
    *,
    by_column: bool = False,
    step: float = 15,
    raised: float = 0,
) -> Path:
    """Labels at the left, figures with their right edges below each other, no rules."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setFont("Times-Roman", 10)
    canvas.drawString(60, 780, ABOVE)
    cells = [
        (column, 750 - step * number, words)
        for number, row in enumerate(rows)
        for column, words in enumerate(row)
        if words
    ]
    for column, y, words in sorted(cells, key=lambda cell: cell[0]) if by_column else cells:
        if column == 0:
            canvas.drawString(60, y + raised, words)
        else:
            canvas.drawRightString(COLUMNS[column - 1], y, words)
    canvas.drawString(60, 750 - step * (len(rows) + 1), BELOW)
    canvas.save()
    return path


def test_a_table_becomes_markdown_and_empty_cells_stay(tmp_path: Path) -> None:
    text = first_page(table_pdf(tmp_path / "a.pdf", ROWS))
    assert rows_of(text) == ROWS
    paragraphs = text.split("\n\n")
    assert (paragraphs[0], paragraphs[-1], len(paragraphs)) == (ABOVE, BELOW, 3)


def test_wide_spaced_rows_are_one_table(tmp_path: Path) -> None:
    text = first_page(table_pdf(tmp_path / "a.pdf", ROWS, step=24))
    assert rows_of(text) == ROWS
    assert len(text.split("\n\n")) == 3


def test_signs_of_money_set_apart_belong_to_their_figure(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for number, row in enumerate(ROWS):
        y = 750 - 15 * number
        canvas.drawString(60, y, row[0])
        for edge, words in zip(COLUMNS, row[1:], strict=True):
            canvas.drawString(edge - 55, y, "$" * words.startswith("$"))
            canvas.drawRightString(edge, y, words.strip("$ "))
    canvas.save()
    assert rows_of(first_page(path)) == ROWS


def test_labels_of_two_lines_and_labels_without_figures(tmp_path: Path) -> None:
    rows = [
        *ROWS[:2],
        ["Investing activities:"],
        ["Purchases and proceeds from maturities"],
        ["and sale of securities, net", "669", "(798)", "(163)"],
        ["Total", "1", "2", "3"],
    ]
    assert rows_of(first_page(table_pdf(tmp_path / "a.pdf", rows))) == [
        *ROWS[:2],
        ["Investing activities:", "", "", ""],
        ["Purchases and proceeds from maturities and sale of securities, net", *rows[4][1:]],
        rows[5],
    ]


def test_labels_set_a_little_higher_than_their_figures(tmp_path: Path) -> None:
    assert rows_of(first_page(table_pdf(tmp_path / "a.pdf", ROWS, raised=6))) == ROWS


def test_a_head_of_several_lines_names_each_column(tmp_path: Path) -> None:
    rows = [
        ["", "Additional", "", ""],
        ["", "Paid-in", "Retained", ""],
        ["(Millions)", "Capital", "Earnings", "Total"],
        *ROWS[1:],
    ]
    head = ["(Millions)", "Additional Paid-in Capital", "Retained Earnings", "Total"]
    assert rows_of(first_page(table_pdf(tmp_path / "a.pdf", rows))) == [head, *ROWS[1:]]


def test_figures_with_their_units_make_rows_and_no_head(tmp_path: Path) -> None:
    rows = [
        ["Figure", "Heron H2", "Heron H3", "Heron H5"],
        ["Supply", "1 × 230 V", "1 × 230 V", "3 × 400 V"],
        ["Greatest flow", "2.8 m³/h", "4.5 m³/h", "6.0 m³/h"],
        ["Coldest storage", "-15 °C", "-15 °C", "-20 °C"],
        ["Number of stages", "11", "16", "22"],
        ["Efficiency", "58 %", "63 %", "66 %"],
        ["Shortest pipe", "3", "4", "5"],
    ]
    assert rows_of(first_page(table_pdf(tmp_path / "a.pdf", rows))) == rows


def test_rows_of_figures_never_run_together_into_a_head(tmp_path: Path) -> None:
    odd = [f"{name} {n} parsecs" for n, name in enumerate(["Rated power", "Greatest head"], 5)]
    rows = [[words, "61.8", "", "1.6 parsecs"] for words in odd]
    text = first_page(table_pdf(tmp_path / "a.pdf", [HEAD, *rows, *ROWS[1:]]))
    assert not any(
        "61.8" in cell and len(cell) > len("61.8") for row in rows_of(text) for cell in row
    )
    assert "Greatest head 6 parsecs 61.8 1.6 parsecs" in text


def test_years_begin_another_table(tmp_path: Path) -> None:
    text = first_page(table_pdf(tmp_path / "a.pdf", [*ROWS, *ROWS]))
    assert rows_of(text) == [*ROWS, *ROWS]
    assert text.count("|\n\n| (Millions) | 2018") == 1


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:2],  # two rows are too few
        [row[:2] for row in ROWS],  # one column: its figures cannot be mistaken
        [[f"In {n} we sold {n * 7} pumps and in {n + 1} more than {n * 9}."] for n in range(9)],
    ],
)
def test_what_is_no_table_keeps_its_lines(tmp_path: Path, rows: list[list[str]]) -> None:
    text = first_page(table_pdf(tmp_path / "a.pdf", rows))
    assert "|" not in text
    for row in rows:
        assert " ".join(filter(None, row)) in text


def test_a_table_written_column_by_column_loses_nothing(tmp_path: Path) -> None:
    text = first_page(table_pdf(tmp_path / "a.pdf", ROWS, by_column=True))
    words = " ".join(cell for row in ROWS for cell in row)
    assert sorted(text.replace("|", " ").split()) == sorted(f"{ABOVE} {words} {BELOW}".split())


def test_passages_end_between_rows(tmp_path: Path) -> None:
    rows = [HEAD] + [
        [f"Sales of Acme Inc. No. {n} et al.", f"{n},000", f"{n},100", f"{n},200"]
        for n in range(1, 40)
    ]
    document = load_document(table_pdf(tmp_path / "a.pdf", rows))
    pages = clean_pages(document)
    chunking = ChunkingIdentity(size=60, overlap=0)
    sections = find_sections(document, pages)
    chunks = chunk_document("d" * 64, document.media_type, [sections], Words(), chunking)
    assert len(chunks) > 5
    lines = set(pages[0].text.split("\n"))
    for chunk in chunks:
        assert set(chunk.text.split("\n")) <= lines


@pytest.mark.parametrize("lines", [True, False])
def test_no_border_within_a_row(lines: bool) -> None:
    text = "One. Two here.\n| Acme Inc. | Foo. Bar |\n| B. Cde Inc. | 5 |\n\nMore. And more."
    units = [text[unit.start : unit.end] for unit in split_units(text, 0, len(text), lines=lines)]
    assert units == [
        *("One.", "Two here.", "| Acme Inc. | Foo. Bar |", "| B. Cde Inc. | 5 |"),
        *("More.", "And more."),
    ]


def test_a_row_is_marked_where_its_figures_stand(tmp_path: Path) -> None:
    path = table_pdf(tmp_path / "a.pdf", ROWS)
    page = clean_pages(load_document(path))[0]
    found = find_quote(page.text, "| Depreciation and amortization | 1,488 | 1,544 | 1,474 |")
    assert found is not None
    boxes = quote_rectangles(path, 1, [raw_range(page.offsets, *found)])
    assert min(box[0] for box in boxes) == pytest.approx(60, abs=2)
    assert max(box[2] for box in boxes) == pytest.approx(COLUMNS[2], abs=2)
    assert all(720 - 5 < box[1] < 720 + 5 for box in boxes)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_table_across_a_turned_page(tmp_path: Path, rotation: int) -> None:
    """As programs set wide tables: the page is turned, and so is all that is drawn on it."""
    writer = PdfWriter(clone_from=PdfReader(table_pdf(tmp_path / "a.pdf", ROWS)))
    writer.pages[0].add_transformation(Transformation().rotate(rotation), expand=True)
    writer.pages[0].rotate(rotation)
    writer.write(tmp_path / "b.pdf")
    text = first_page(tmp_path / "b.pdf")
    assert rows_of(text) == ROWS
    assert text.split("\n\n")[0] == ABOVE


def test_a_row_of_words_belongs_to_the_table_that_it_fills(tmp_path: Path) -> None:
    words = ["Sold by", "the partner", "the partner", "ourselves"]
    path = table_pdf(tmp_path / "a.pdf", [*ROWS[:4], words, ROWS[5]])
    with pdfium.open_pdf(path, "a.pdf") as document:
        text = pdfium.read_page(document, 0).text.replace("\r\n", "\n")
    assert rows_of(text) == [*ROWS[:4], words, ROWS[5]]
    half = ["Sold by", "the partner", "", "ourselves"]  # as words in columns of prose may stand
    path = table_pdf(tmp_path / "b.pdf", [*ROWS[:4], half])
    with pdfium.open_pdf(path, "b.pdf") as document:
        text = pdfium.read_page(document, 0).text.replace("\r\n", "\n")
    assert rows_of(text) == ROWS[:4]


def test_every_character_of_a_table_is_traced(tmp_path: Path) -> None:
    path = table_pdf(tmp_path / "a.pdf", ROWS)
    with pdfium.open_pdf(path, "a.pdf") as document, pdfium.text_page(document, 0) as (_, page):
        raw, arranged = pdfium.raw_text(page), pdfium.page_text(page)
    traced = [arranged.raw_ranges(at, at + 1) for at in range(len(arranged.text))]
    for char, found in zip(arranged.text, traced, strict=True):
        assert [raw[start:end] for start, end in found] == [char] or char in "| \r\n"


@needs_data
def test_a_statement_of_a_real_report() -> None:
    with pdfium.open_pdf(REPORT, REPORT.name) as document:
        text, lines, _ = pdfium.read_page(document, 58)
    rows = rows_of(text.replace("\r\n", "\n"))
    names = [cell.replace("\ufffe", "-") for cell in rows[0]]
    assert names[1:5] == [
        "Total",
        "Common Stock and Additional Paid-in Capital",
        "Retained Earnings",
        "Treasury Stock",
    ]
    assert (
        rows[8]
        == ["Dividends declared ($4.44 per share, Note 8)", "(2,678)", "", "(2,678)"] + [""] * 3
    )
    assert len(lines) > 40
