"""Ruled tables of PDF pages: words in cells, rows between lines, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from ingest_samples import DATA, first_page, needs_data, rows_of
from pypdf import PdfReader, PdfWriter, Transformation
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from ingest.clean import clean_pages
from ingest.load import load_document, pdfium
from ingest.load.page_image import quote_rectangles
from ingest.load.page_text import arranged
from ingest.load.pdf_pieces import Piece
from ingest.load.pdf_ruled import ruled_tables
from ingest.load.pdf_rules import Rule, Rules, read_rules
from ingest.load.pdf_table_rows import TableRow
from ingest.locate import find_quote
from ingest.traced import raw_range

STYLE = getSampleStyleSheet()["BodyText"]
WIDTHS = (70.0, 220.0, 100.0)
BODY = [
    ["PT-24", "discontinued, the stock that remains goes at 40 per cent off", "PT-19 or PT-60"],
    ["HV-112", "replaced, sealing ring of EPDM", "HV-114"],
    ["SV-WA", "now includes nitrate on request without any extra charge", ""],
]
HEAD = ["Article", "Change", "Use instead"]
ROWS = [HEAD, *BODY]
ABOVE = "What has changed since the last list is told in the table that stands below this line."
BELOW = "Parts remain available for twelve years after the last pump of a series was delivered."

BELOW_EACH = [("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.grey)]
GRID = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)]
BOXES = [
    ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey),
    ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.whitesmoke]),
]
INNER = [("INNERGRID", (0, 0), (-1, -1), 0.5, colors.black)]


def ruled(rows: Sequence[Sequence[str]], rules: Sequence[tuple], widths=WIDTHS) -> Table:
    """A table with cells that wrap."""
    return Table([[Paragraph(cell, STYLE) for cell in row] for row in rows], widths, style=rules)


def made(path: Path, *parts: Flowable, around: bool = True) -> Path:
    """A page with a paragraph above and below what is on it."""
    story = [Paragraph(ABOVE, STYLE), Spacer(1, 12), *parts, Spacer(1, 12), Paragraph(BELOW, STYLE)]
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1).build(story if around else [*parts])
    return path


def drawn(path: Path, draw: Callable[[Canvas], None]) -> Path:
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.setFont("Helvetica", 10)
    draw(canvas)
    canvas.save()
    return path


@pytest.mark.parametrize(
    "rules", [BELOW_EACH, GRID, BOXES, INNER], ids=["below", "grid", "boxes", "inner"]
)
def test_a_row_is_what_stands_between_two_rules(tmp_path: Path, rules: list[tuple]) -> None:
    text = first_page(made(tmp_path / "a.pdf", ruled(ROWS, rules)))
    assert rows_of(text) == ROWS
    assert text.split("\n\n")[0] == ABOVE
    assert text.split("\n\n")[-1] == BELOW


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rules_of_a_turned_page(tmp_path: Path, rotation: int) -> None:
    writer = PdfWriter(clone_from=PdfReader(made(tmp_path / "a.pdf", ruled(ROWS, BELOW_EACH))))
    writer.pages[0].add_transformation(Transformation().rotate(rotation), expand=True)
    writer.pages[0].rotate(rotation)
    writer.write(tmp_path / "b.pdf")
    assert rows_of(first_page(tmp_path / "b.pdf")) == ROWS


def test_a_head_above_the_first_rule_and_a_row_below_the_last(tmp_path: Path) -> None:
    between = [("LINEBELOW", (0, 0), (-1, -2), 0.5, colors.grey)]
    text = first_page(made(tmp_path / "a.pdf", ruled([*ROWS, ["A", "short", "row"]], between)))
    assert rows_of(text) == [*ROWS, ["A", "short", "row"]]


def test_prose_next_to_the_rules_is_no_row(tmp_path: Path) -> None:
    lines = [*BELOW_EACH, ("LINEABOVE", (0, 0), (-1, 0), 0.5, colors.grey)]
    parts = (Paragraph(ABOVE, STYLE), ruled(ROWS, lines), Paragraph(BELOW, STYLE))
    text = first_page(made(tmp_path / "a.pdf", *parts, around=False))
    assert rows_of(text) == ROWS
    assert text.startswith(ABOVE)
    assert text.endswith(BELOW)


def test_three_rules_around_head_and_body_hold_a_row_on_each_line(tmp_path: Path) -> None:
    rows = [[f"Method {n}", f"Data {n}", f"Remark no. {n}"] for n in range(5)]
    rules = [
        ("LINEABOVE", (0, 0), (-1, 0), 1, colors.black),
        ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
        ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black),
    ]
    text = first_page(made(tmp_path / "a.pdf", ruled([HEAD, *rows], rules)))
    assert rows_of(text) == [HEAD, *rows]


def test_lists_in_the_cells_of_a_grid_stay_in_their_cells(tmp_path: Path) -> None:
    words = [["first", "second"], ["third", "fourth"]]
    cells = [["<br/>".join(f"{word} {n}" for n in "123") for word in row] for row in words]
    text = first_page(made(tmp_path / "a.pdf", ruled(cells, GRID, (120, 120))))
    assert rows_of(text) == [[f"{word} 1 {word} 2 {word} 3" for word in row] for row in words]


def test_a_cell_over_several_columns_and_a_label_alone(tmp_path: Path) -> None:
    rows = [HEAD, ["Valves and rings", "", ""], *BODY]
    rules = [*GRID, ("SPAN", (0, 1), (-1, 1))]
    text = first_page(made(tmp_path / "a.pdf", ruled(rows, rules)))
    assert rows_of(text) == rows


def test_signs_of_money_in_a_column_of_their_own(tmp_path: Path) -> None:
    rows = [["Item", "", "Cost"], ["Severance", "$", "807"], ["Other", "", "458"]]
    text = first_page(made(tmp_path / "a.pdf", ruled(rows, GRID, (150, 20, 60))))
    assert rows_of(text) == [["Item", "Cost"], ["Severance", "$ 807"], ["Other", "458"]]


def test_columns_told_one_after_the_other_become_rows(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for column, words in enumerate(zip(*ROWS, strict=True)):
            for row, cell in enumerate(words):
                canvas.drawString(60 + 70 * (column > 0) + 310 * (column > 1), 700 - 30 * row, cell)
        for row in range(5):
            canvas.line(55, 718 - 30 * row, 560, 718 - 30 * row)

    short = [[cell[:20].strip() for cell in row] for row in ROWS]
    text = first_page(drawn(tmp_path / "a.pdf", draw))
    assert [[cell[:20].strip() for cell in row] for row in rows_of(text)] == short


def boxed_prose(canvas: Canvas) -> None:
    for row in range(4):
        canvas.rect(60, 500 + 60 * row, 400, 50)
        canvas.drawString(70, 530 + 60 * row, "A note that stands in a box of its own and is")
        canvas.drawString(70, 515 + 60 * row, "read like any other line of the page.")


def header_and_footer(canvas: Canvas) -> None:
    for y in (790, 780, 60, 50):
        canvas.line(60, y, 530, y)
    for line in range(20):
        canvas.drawString(60, 740 - 15 * line, "The pump is lowered on a cable of stainless steel.")
    canvas.drawString(60, 40, "Manual")
    canvas.drawString(480, 40, "Page 3")


def form_of_lists(canvas: Canvas) -> None:
    for x in (60, 300, 540):
        canvas.line(x, 300, x, 700)
    for y in (300, 500, 700):
        canvas.line(60, y, 540, y)
    for line in range(10):
        for y in (680, 480):
            canvas.drawString(70, y - 16 * line, f"Field {line}")
            canvas.drawString(310, y - 16 * line + 5 * (line % 2), f"Value {line}")


def measured_drawing(canvas: Canvas) -> None:
    for n in range(8):
        canvas.line(60, 300 + 50 * n, 540, 300 + 50 * n)
        canvas.line(60 + 60 * n, 300, 60 + 60 * n, 650)
        canvas.drawString(65 + 55 * n, 310 + 40 * n, f"{n} mm")
    canvas.drawString(300, 320, "Ø 12")


@pytest.mark.parametrize("draw", [boxed_prose, header_and_footer, form_of_lists, measured_drawing])
def test_what_only_has_rules_is_no_table(tmp_path: Path, draw: Callable[[Canvas], None]) -> None:
    assert not rows_of(first_page(drawn(tmp_path / "a.pdf", draw)))


def test_a_map_is_not_looked_at_for_rules(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for n in range(6100):
            canvas.line(50, 100 + n / 10, 500, 100 + n / 10)

    with (
        pdfium.open_pdf(drawn(tmp_path / "a.pdf", draw), "a.pdf") as document,
        pdfium.text_page(document, 0) as (page, _),
    ):
        assert read_rules(page) == ([], [])


def test_edges_of_one_rule_are_joined(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for x in range(60, 460, 100):
            canvas.rect(x, 500, 100, 1.5, fill=1)  # a thick rule drawn cell by cell
        canvas.line(60, 300, 62, 300)  # a dot
        canvas.line(60, 400, 90, 420)  # not along an axis

    with (
        pdfium.open_pdf(drawn(tmp_path / "a.pdf", draw), "a.pdf") as document,
        pdfium.text_page(document, 0) as (page, _),
    ):
        rules = read_rules(page)
    assert [(round(rule.start), round(rule.end)) for rule in rules.horizontal] == [(60, 460)]
    assert rules.vertical == []


def test_every_character_of_a_ruled_table_is_traced(tmp_path: Path) -> None:
    path = made(tmp_path / "a.pdf", ruled(ROWS, GRID))
    with pdfium.open_pdf(path, "a.pdf") as document, pdfium.text_page(document, 0) as (_, page):
        raw, arranged = pdfium.raw_text(page), pdfium.page_text(page)
    traced = [arranged.raw_ranges(at, at + 1) for at in range(len(arranged.text))]
    for char, found in zip(arranged.text, traced, strict=True):
        assert [raw[start:end] for start, end in found] == [char] or char in "| \r\n"
    assert sorted(arranged.text.replace("|", " ").split()) == sorted(raw.split())


def test_a_cell_of_several_lines_is_marked_on_all_of_them(tmp_path: Path) -> None:
    path = made(tmp_path / "a.pdf", ruled(ROWS, GRID))
    page = clean_pages(load_document(path))[0]
    found = find_quote(page.text, "| PT-24 | discontinued, the stock that remains goes at 40 per")
    assert found is not None
    end = page.text.index("|", page.text.index("cent off"))
    boxes = quote_rectangles(path, 1, [raw_range(page.offsets, found[0], end)])
    assert len({round(box[1]) for box in boxes if box[0] > 140}) == 2


def test_a_word_cut_at_a_line_s_end_is_whole_in_its_cell(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for row, cells in enumerate(
            [("Class", "Kept"), ("Internal", "in the vault"), ("Open", "-")]
        ):
            canvas.drawString(60, 700 - 40 * row, cells[0])
            canvas.drawString(200, 700 - 40 * row, cells[1])
        canvas.drawString(330, 700, "Sent")
        canvas.drawString(330, 660, "with non-")
        canvas.drawString(330, 648, "disclosure terms")
        canvas.drawString(330, 620, "freely")
        for y in (715, 685, 640, 610):
            canvas.line(55, y, 500, y)

    rows = rows_of(first_page(drawn(tmp_path / "a.pdf", draw)))
    assert rows[1][:2] == ["Internal", "in the vault"]
    assert rows[1][2].replace("-", "") == "with nondisclosure terms"


@needs_data
def test_a_report_of_another_program_with_sparse_rows() -> None:
    path = DATA / "formats" / "markitdown" / "SPARSE-2024-INV-1234_borderless_table.pdf"
    first, second = clean_pages(load_document(path))
    assert rows_of(first.text)[:4] == [
        ["Product Code", "Location", "Expected", "Actual", "Variance", "Status"],
        ["SKU-8847", "A-12", "450", "", "", ""],
        ["", "B-07", "", "289", "-23", ""],
        ["SKU-9201", "", "780", "778", "", "OK"],
    ]
    assert ["SKU-4563", "Software", "$120.00", "$18,720.00", "", "Critical"] in rows_of(second.text)


@needs_data
def test_the_officers_of_a_real_report() -> None:
    path = DATA / "financebench" / "pdfs" / "3M_2018_10K.pdf"
    with pdfium.open_pdf(path, path.name) as document:
        text, *_ = pdfium.read_page(document, 7)
    row = next(row for row in rows_of(text.replace("\r\n", "\n")) if row[0] == "Paul A. Keel")
    assert row[:2] == ["Paul A. Keel", "49"]
    title = "Senior Vice President, Business Development and Marketing-Sales"
    assert " ".join(row[2].split()) == title
    assert row[3] == "2017"


def in_a_grid(cells: Sequence[Sequence[bool]]) -> list[list[tuple[tuple[int, ...], ...]]]:
    """What is found in a grid of cells of which some hold a word."""
    rows, columns = len(cells), len(cells[0])
    text, pieces = "", []
    for row, filled in enumerate(cells):
        for column, has in enumerate(filled):
            if has:
                left, bottom = 5.0 + 50 * column, 505.0 - 20 * row
                start, text = len(text), f"{text}word "
                pieces.append(Piece(start, start + 4, left, bottom, left + 30, bottom + 10))
    across = [Rule(520.0 - 20 * n, 0, 50 * columns) for n in range(rows + 1)]
    down = [Rule(50.0 * n, 520.0 - 20 * rows, 520) for n in range(columns + 1)]
    return ruled_tables(text, pieces, Rules(across, down))


def test_most_rows_have_two_cells_and_most_cells_hold_something() -> None:
    assert in_a_grid([[True, True], [True, False], [True, True]])
    assert not in_a_grid([[True, True], [True, True], *[[True, False]] * 3])  # words in boxes
    sparse = [[n in (row, row + 1) for n in range(6)] for row in range(5)]
    assert not in_a_grid(sparse)  # a drawing with measures in it


def test_a_word_that_pdfium_knows_to_be_cut_is_joined_in_its_cell() -> None:
    text = "a non-\ufffedisclosure"
    pieces = [Piece(0, 1, 0, 0, 5, 10), Piece(2, 7, 20, 0, 60, 10), Piece(7, 17, 20, -12, 60, -2)]
    row = TableRow(0, 3, ((0,), (1, 2)))
    assert arranged(text, pieces, [[row]]).text.startswith("| a | non-\ufffedisclosure |")
