"""What the tests of the document flow share: real files made on the spot, and a word tokenizer."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.clean import clean_pages
from ingest.load import load_document
from rag_app.types import EmbeddingIdentity

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SEEDS = DATA.parent / "seeds"
REPORT = DATA / "financebench" / "pdfs" / "3M_2018_10K.pdf"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no test data at {DATA}")

BODY = ("Times-Roman", 11)
TITLE = ("Times-Bold", 16)
SUBTITLE = ("Times-Bold", 11)

Line = tuple[str, tuple[str, int]]


class Words:
    """Counts tokens as words and marks, between two special ones; exact, and fast."""

    def __init__(self, max_tokens: int = 256) -> None:
        self.identity = EmbeddingIdentity("words", "f", 4, max_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(re.findall(r"\w+|[^\w\s]", text)) + 2 for text in texts]


def write_pdf(
    path: Path,
    pages: Sequence[Sequence[Line | None]],
    *,
    header: str = "",
    footer: str = "",
    title: str = "",
    marks: Sequence[tuple[int, int, str]] = (),
) -> Path:
    """A PDF with one paragraph gap for each None; ``{}`` in header and footer is the page number.

    ``marks`` are bookmarks: page (from 1), level (from 0), title.
    """
    canvas = Canvas(str(path), pagesize=A4, pageCompression=1, invariant=1)
    if title:
        canvas.setTitle(title)
    for number, lines in enumerate(pages, 1):
        for page, level, name in marks:
            if page == number:
                canvas.bookmarkPage(name)
                canvas.addOutlineEntry(name, name, level)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(60, 810, header.format(number))
        canvas.drawString(60, 30, footer.format(number))
        height = 770
        for line in lines:
            if line is None:
                height -= 14
                continue
            text, font = line
            canvas.setFont(*font)
            canvas.drawString(60, height, text)
            height -= font[1] + 3
        canvas.showPage()
    canvas.save()
    return path


def prose(*lines: str) -> list[Line]:
    return [(line, BODY) for line in lines]


def simple_pdf(path: Path, *texts: str) -> Path:
    """One page for each text."""
    return write_pdf(path, [prose(text) for text in texts])


def encrypt(path: Path, password: str, target: Path) -> Path:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(path.read_bytes())))
    writer.encrypt(password, algorithm="RC4-128")
    writer.write(target)
    return target


def picture_pdf(path: Path) -> Path:
    """A page with a drawing and no text, as a scanner makes it."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.rect(100, 100, 200, 300, fill=1)
    canvas.showPage()
    canvas.save()
    return path


def first_page(path: Path) -> str:
    """The cleaned text of a document's first page."""
    return clean_pages(load_document(path))[0].text


def rows_of(text: str) -> list[list[str]]:
    """The cells of each row of a table."""
    lines = [line for line in text.split("\n") if line.startswith("|")]
    assert all(line.endswith("|") for line in lines)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
