"""Makes the PDFs of ``sample_docs/`` from ``docs/samples/src/*.md``, the same bytes every time.

Page streams are left uncompressed and only the standard fonts are used, so that the bytes depend
on reportlab alone and not on the machine's zlib or fonts.

    python docs/samples/make_pdfs.py [FOLDER]
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from markup import Block, Source, read_source
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from styles import (
    ACCENT,
    BODY,
    BULLET,
    CELL,
    FIGURE,
    HEAD_CELL,
    HEAD_FIGURE,
    HEADINGS,
    ITEM,
    KICKER,
    MARGIN,
    META,
    MUTED,
    NOTE,
    RULE,
    TINT,
    TITLE,
    WIDTH,
)

SOURCES = Path(__file__).parent / "src"
TARGET = Path(__file__).parents[2] / "sample_docs"
ORGANISATION = "Corrabeg Pumps"

# A heading goes to the next page where less than this is left below it. (keepWithNext would move
# a long table with it.)
ROOM_BELOW = {2: 44 * mm, 3: 27 * mm}
# A table of this many rows at most is not divided; it and its heading need so much room.
SHORT_TABLE = 9
HEADING_ROOM, ROW = 14 * mm, 7.5 * mm


class Heading(Paragraph):
    """A heading that enters itself in the outline when it is drawn."""

    def __init__(self, text: str, level: int) -> None:
        super().__init__(text, HEADINGS[level])
        self.level = level

    def draw(self) -> None:
        """Draws it and adds its bookmark."""
        title = self.getPlainText()
        key = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
        self.canv.bookmarkHorizontal(key, 0, self.height + 6)
        self.canv.addOutlineEntry(title, key, self.level - 2, closed=False)
        super().draw()


@dataclass(frozen=True)
class Running:
    """The running header and footer of one document."""

    source: Source
    pages: int

    def draw(self, canvas: Canvas, document: BaseDocTemplate) -> None:
        """Draws them on the current page; the first page has its title instead of a header."""
        top, bottom = A4[1] - 15 * mm, 13 * mm
        canvas.saveState()
        canvas.setStrokeColor(RULE)
        canvas.setFillColor(MUTED)
        canvas.setLineWidth(0.5)
        canvas.setFont("Helvetica", 8.4)
        if document.page > 1:
            canvas.drawString(MARGIN, top, f"{ORGANISATION} · {self.source.title}")
            canvas.drawRightString(A4[0] - MARGIN, top, self.source.meta["version"])
            canvas.line(MARGIN, top - 5, A4[0] - MARGIN, top - 5)
        page = self.source.meta["page"].format(page=document.page, pages=self.pages)
        canvas.drawString(MARGIN, bottom, self.source.meta["footer"])
        canvas.drawRightString(A4[0] - MARGIN, bottom, page)
        canvas.restoreState()


def make_pdf(source: Source) -> bytes:
    """The document as a PDF. It is laid out twice: the first time to count its pages."""
    _, pages = _lay_out(source, 0)
    return _lay_out(source, pages)[0]


def _lay_out(source: Source, pages: int) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        title=source.title,
        author=ORGANISATION,
        subject=source.meta["subtitle"],
        lang=source.meta["lang"],
        invariant=1,
        pageCompression=0,
    )
    frame = Frame(MARGIN, 21 * mm, WIDTH, A4[1] - 44 * mm, 0, 0, 0, 0)
    running = Running(source, pages)
    document.addPageTemplates(PageTemplate("page", [frame], onPage=running.draw))
    document.build(_story(source))
    return buffer.getvalue(), document.page


def _story(source: Source) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph(ORGANISATION.upper(), KICKER),
        Paragraph(source.title, TITLE),
        Paragraph(source.meta["subtitle"], META),
        HRFlowable(width="100%", thickness=1.2, color=ACCENT, spaceAfter=10),
    ]
    for block, following in pairwise([*source.blocks, Block("end")]):
        if block.kind == "heading":
            rows = len(following.rows) if _is_short(following) else 0
            story.append(CondPageBreak(max(ROOM_BELOW[block.level], HEADING_ROOM + rows * ROW)))
        story.extend(RENDERERS[block.kind](block))
    return story


def _is_short(block: Block) -> bool:
    return block.kind == "table" and len(block.rows) <= SHORT_TABLE


def _heading(block: Block) -> list[Flowable]:
    return [Heading(block.text, block.level)]


def _paragraph(block: Block) -> list[Flowable]:
    return [Paragraph(block.text, BODY)]


def _note(block: Block) -> list[Flowable]:
    box = Table([[Paragraph(block.text, NOTE)]], colWidths=[WIDTH])
    box.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), TINT),
                ("LINEBEFORE", (0, 0), (0, -1), 2.5, ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 11),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 8),
            ]
        )
    )
    return [Spacer(0, 3), box, Spacer(0, 10)]


def _list(block: Block, *, numbered: bool) -> list[Flowable]:
    items = [ListItem(Paragraph(text, ITEM), leftIndent=16) for text in block.items]
    marks = {"bulletType": "1", "bulletFormat": "%s."} if numbered else BULLET
    style = {"bulletFontName": "Helvetica", "bulletFontSize": 10, "bulletColor": ACCENT}
    return [ListFlowable(items, leftIndent=16, **style, **marks), Spacer(0, 6)]


def _table(block: Block) -> list[Flowable]:
    heads = [HEAD_FIGURE if right else HEAD_CELL for right in block.right]
    cells = [FIGURE if right else CELL for right in block.right]
    rows = [
        [*map(Paragraph, row, styles)]
        for row, styles in zip(block.rows, [heads, *[cells] * len(block.rows)], strict=False)
    ]
    total = sum(block.widths)
    table = Table(rows, colWidths=[WIDTH * width / total for width in block.widths], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEABOVE", (0, 0), (-1, 0), 0.9, ACCENT),
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 3.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4.5),
            ]
        )
    )
    return [Spacer(0, 2), KeepTogether([table]) if _is_short(block) else table, Spacer(0, 11)]


RENDERERS: dict[str, Callable[[Block], list[Flowable]]] = {
    "heading": _heading,
    "paragraph": _paragraph,
    "note": _note,
    "bullets": partial(_list, numbered=False),
    "numbers": partial(_list, numbered=True),
    "table": _table,
}


def main(target: Path = TARGET) -> None:
    """Writes every PDF into ``target``."""
    for path in sorted(SOURCES.glob("*.md")):
        pdf = target / f"{path.stem}.pdf"
        pdf.write_bytes(make_pdf(read_source(path)))
        print(pdf)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
