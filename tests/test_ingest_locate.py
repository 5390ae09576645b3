"""A quotation found on its page again, and marked where its words stand."""

from __future__ import annotations

import hashlib
import io

import pytest
from ingest_samples import REPORT, encrypt, needs_data, prose, simple_pdf, write_pdf
from PIL import Image

from ingest.clean import clean_pages
from ingest.load import load_document
from ingest.load.page_image import quote_rectangles, render_page
from ingest.locate import find_quote, locate_quote
from ingest.traced import raw_range
from rag_app.errors import DocumentError, DocumentUnreadableError

LONG = "The pump has a warranty of thirty-six months from the day of its deli-"
PAGE = [*prose("Other words stand above.", LONG, "very to the customer."), None, *prose("Below.")]


def yellow_box(png):
    """Left, top, right and bottom of the marked area, in pixels."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    mask = Image.eval(image.getchannel("B"), lambda value: 255 if 60 < value < 120 else 0)
    bright = Image.eval(image.getchannel("R"), lambda value: 255 if value > 240 else 0)
    return Image.composite(mask, Image.new("L", mask.size), bright).getbbox()


def test_the_marker_covers_the_words_and_no_others(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    png, found = locate_quote(path, 1, "Other words stand above.", scale=2)
    assert found
    left, top, right, bottom = yellow_box(png)
    # The line stands at x = 60 points, 770 points above the foot of a page of 842 points.
    assert left == pytest.approx(60 * 2, abs=6)
    assert 140 < right / 2 < 190
    assert top / 2 > 842 - 770 - 14
    assert bottom / 2 < 842 - 770 + 6


def test_a_quotation_over_a_cut_word_is_marked_on_both_lines(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    quote = "months from the day of its delivery to the customer"
    assert quote in clean_pages(load_document(path))[0].text
    png, found = locate_quote(path, 1, quote)
    assert found
    _, top, _, bottom = yellow_box(png)
    assert 20 < (bottom - top) / 2 < 34


def test_the_marker_is_right_where_cleaning_has_moved_the_text(tmp_path):
    lines = [
        f"line {n} of a paragraph that is joined into one when it is cleaned" for n in range(9)
    ]
    path = write_pdf(tmp_path / "a.pdf", [[*prose(*lines), None, *prose("Below.")]])
    raw = load_document(path).pages[0].text
    cleaned = clean_pages(load_document(path))[0].text
    assert raw.index("Below") - cleaned.index("Below") >= 8
    png, found = locate_quote(path, 1, "Below.", scale=2)
    assert found
    left, top, right, bottom = yellow_box(png)
    assert left == pytest.approx(120, abs=6)
    assert right - left < 80
    assert bottom - top < 30


def test_a_quotation_that_is_not_there(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    png, found = locate_quote(path, 1, "No such words at all")
    assert not found
    assert png == render_page(path, 1)
    assert not locate_quote(path, 1, "")[1]


def test_rotated_and_cropped_pages(tmp_path):
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(write_pdf(tmp_path / "a.pdf", [PAGE])))
    writer.pages[0].rotate(90)
    writer.pages[0].cropbox.lower_left = (40, 400)
    writer.write(tmp_path / "b.pdf")
    png, found = locate_quote(tmp_path / "b.pdf", 1, "Other words stand above.", scale=2)
    assert found
    size = Image.open(io.BytesIO(png)).size
    assert size[0] < size[1] * 1.2
    left, top, right, bottom = yellow_box(png)
    assert bottom - top > 2 * (right - left)  # the words run downwards
    assert top == pytest.approx(2 * (60 - 40), abs=6)


def test_an_encrypted_page(tmp_path):
    path = encrypt(simple_pdf(tmp_path / "a.pdf", "Secret words."), "open", tmp_path / "b.pdf")
    assert locate_quote(path, 1, "Secret words", "open")[1]
    with pytest.raises(DocumentUnreadableError, match="encrypted"):
        locate_quote(path, 1, "Secret words")


def test_a_file_that_is_gone_or_has_changed(tmp_path):
    path = simple_pdf(tmp_path / "a.pdf", "First words.")
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    assert locate_quote(path, 1, "First words", document_id=known)[1]
    simple_pdf(path, "Second words.")
    with pytest.raises(DocumentError, match="changed since it was ingested"):
        locate_quote(path, 1, "First words", document_id=known)
    with pytest.raises(DocumentError, match=r"Page 2 of a\.pdf.*ingest it again"):
        locate_quote(path, 2, "First words")
    path.write_bytes(b"nothing like a PDF")
    with pytest.raises(DocumentError, match="cannot be read"):
        locate_quote(path, 1, "First words")
    path.unlink()
    with pytest.raises(DocumentError, match="There is no file"):
        locate_quote(path, 1, "First words")


def test_text_has_no_pages_to_draw(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Words.")
    with pytest.raises(DocumentError, match="no pages to draw"):
        locate_quote(path, 1, "Words")


def test_letters_and_digits_decide():
    assert find_quote("A well-\nknown  “Fact”, twice.", "wellknown 'fact'") == (2, 20)
    assert find_quote("İstanbul'da", "istanbul") is None
    assert find_quote("abc", "--") is None


def test_a_huge_page_stays_small(tmp_path):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(9000, 9000))
    canvas.drawString(100, 100, "Small words")
    canvas.save()
    png, found = locate_quote(tmp_path / "a.pdf", 1, "Small words")
    assert found
    width, height = Image.open(io.BytesIO(png)).size
    assert width * height <= 16.1e6


@needs_data
def test_every_passage_of_a_real_page_is_found_where_its_words_are():
    document = load_document(REPORT)
    pages = clean_pages(document)
    for number in (21, 60, 85):
        page = pages[number - 1]
        for sentence in page.text.split("\n\n")[:6]:
            start, end = find_quote(page.text, sentence)
            raw = raw_range(page.offsets, start, end)
            text = document.pages[number - 1].text[slice(*raw)]
            assert text.split()[:2] == page.text[start:end].split()[:2]
            assert quote_rectangles(REPORT, number, [raw])
            assert locate_quote(REPORT, number, sentence, scale=0.5)[1]
