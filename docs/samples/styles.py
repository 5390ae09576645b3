"""Measures, colours and paragraph styles of the sample PDFs."""

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

MARGIN = 26 * mm
WIDTH = A4[0] - 2 * MARGIN
INK = colors.HexColor("#1f2933")
MUTED = colors.HexColor("#66747f")
ACCENT = colors.HexColor("#0f5c63")
RULE = colors.HexColor("#cfd8dc")
TINT = colors.HexColor("#eff5f5")
BULLET = {"bulletType": "bullet", "start": "•"}

BODY = ParagraphStyle(
    "body",
    fontName="Helvetica",
    fontSize=10.9,
    leading=16.3,
    textColor=INK,
    spaceAfter=7.5,
    allowWidows=0,
    allowOrphans=0,
)
ITEM = ParagraphStyle("item", BODY, spaceAfter=3)
CELL = ParagraphStyle("cell", BODY, fontSize=9.7, leading=13.2, spaceAfter=0, alignment=TA_LEFT)
FIGURE = ParagraphStyle("figure", CELL, alignment=TA_RIGHT)
HEAD_CELL = ParagraphStyle("head-cell", CELL, fontName="Helvetica-Bold", textColor=ACCENT)
HEAD_FIGURE = ParagraphStyle("head-figure", HEAD_CELL, alignment=TA_RIGHT)
NOTE = ParagraphStyle("note", BODY, fontSize=10.1, leading=14.8, spaceAfter=0)
KICKER = ParagraphStyle("kicker", BODY, fontName="Helvetica-Bold", fontSize=9.5, textColor=ACCENT)
TITLE = ParagraphStyle(
    "title", BODY, fontName="Helvetica-Bold", fontSize=25, leading=30, spaceAfter=5
)
META = ParagraphStyle("meta", BODY, fontSize=9.4, leading=13, textColor=MUTED, spaceAfter=8)
HEADINGS = {
    2: ParagraphStyle(
        "section",
        BODY,
        fontName="Helvetica-Bold",
        fontSize=15,
        leading=19,
        textColor=ACCENT,
        spaceBefore=15,
        spaceAfter=6,
    ),
    3: ParagraphStyle(
        "subsection",
        BODY,
        fontName="Helvetica-Bold",
        fontSize=11.4,
        leading=15,
        spaceBefore=9,
        spaceAfter=3,
    ),
}
