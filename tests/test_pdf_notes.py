"""What belongs to a PDF and is not in its pages' text: form values, notes, attached files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from ingest_samples import DATA, encrypt, needs_data, simple_pdf
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Link, Text
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.clean import clean_pages
from ingest.load import LoadOptions, RawFile, load_document, load_file
from ingest.locate import locate_quote
from ingest.sections import find_sections
from rag_app.errors import DocumentError

WORDS = "The words of the page."


def form_pdf(path: Path) -> Path:
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.drawString(60, 780, WORDS)
    form = canvas.acroForm
    form.textfield(name="f1", tooltip="Family name", value="Okonkwo", x=60, y=700)
    form.textfield(name="text2", value="Lagos", x=60, y=660)
    form.textfield(name="f3", tooltip="Street", x=60, y=620)
    form.textfield(name="f4", tooltip="PIN", value="4711", fieldFlags="password", x=60, y=580)
    form.checkbox(name="c1", tooltip="Wants the newsletter", checked=True, x=60, y=540)
    form.checkbox(name="c2", tooltip="Wants the catalogue", checked=False, x=60, y=500)
    form.choice(name="d1", tooltip="Size", value="large", options=["small", "large"], x=60, y=460)
    canvas.save()
    return path


def noted_pdf(path: Path) -> Path:
    writer = PdfWriter(clone_from=PdfReader(simple_pdf(path, WORDS)))
    box = (60, 600, 300, 640)
    for note in (
        FreeText(text="Ask legal about this.", rect=box),
        Text(text="Approved by Amara.", rect=box),
        Text(text="words of the page", rect=box),
        Link(url="http://127.0.0.1:9/never-asked", rect=box),
    ):
        writer.add_annotation(0, note)
    writer.write(path)
    return path


def with_files(path: Path, files: dict[str, bytes]) -> Path:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(path.read_bytes())))
    for name, data in files.items():
        writer.add_attachment(name, data)
    writer.write(path)
    return path


def paragraphs(path: Path, page: int = 1) -> list[str]:
    return clean_pages(load_document(path))[page - 1].text.split("\n\n")


def test_what_is_filled_in_is_read_with_the_name_of_its_field(tmp_path: Path) -> None:
    assert paragraphs(form_pdf(tmp_path / "a.pdf")) == [
        WORDS,
        "Family name: Okonkwo",
        "Lagos",
        "Wants the newsletter: Yes",
        "Size: large",
    ]


def test_notes_of_readers_are_read_and_links_are_named(tmp_path: Path) -> None:
    assert paragraphs(noted_pdf(tmp_path / "a.pdf")) == [
        WORDS,
        "Ask legal about this.",
        "Approved by Amara.",
        "http://127.0.0.1:9/never-asked",
    ]


def linked_pdf(path: Path, *links: tuple[str, str]) -> Path:
    """A line for each link, whose box is around it."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for number, (words, address) in enumerate(links):
        bottom = 780 - 14 * number
        canvas.drawString(60, bottom, words)
        canvas.linkURL(address, (60, bottom - 2, 60 + canvas.stringWidth(words), bottom + 10))
    canvas.save()
    return path


def test_addresses_that_a_page_does_not_show_stand_below_its_text(tmp_path: Path) -> None:
    found = paragraphs(
        linked_pdf(
            tmp_path / "a.pdf",
            ("The price list of the", "https://shop.example/prices"),
            ("Heron pumps.", "https://shop.example/prices"),
            ("Write to us", "mailto:sales@shop.example"),
            ("www.shown.example/a", "https://shown.example/a/"),
            ("A program", "javascript:app.alert(1)"),
            ("A file", "file:///etc/passwd"),
            ("Too long", f"https://shop.example/{'x' * 200}"),
            (f"{'word ' * 30}", "https://shop.example/words"),
        )
    )
    assert found[1:] == [
        "The price list of the Heron pumps: https://shop.example/prices",
        "Write to us: mailto:sales@shop.example",
        f"{'word ' * 20}…: https://shop.example/words",
    ]


def test_no_page_has_more_than_fifty_addresses(tmp_path: Path) -> None:
    links = [(f"L{number}", f"https://a.example/{number}") for number in range(54)]
    assert len(paragraphs(linked_pdf(tmp_path / "a.pdf", *links))) == 51


def test_a_page_with_nothing_but_a_note_has_text(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    writer = PdfWriter()
    writer.add_blank_page(300, 300)
    writer.add_annotation(0, FreeText(text="Left blank on purpose.", rect=(10, 10, 90, 90)))
    writer.write(path)
    assert paragraphs(path) == ["Left blank on purpose."]


def test_a_quotation_beside_notes_is_marked_and_a_note_is_found(tmp_path: Path) -> None:
    path = noted_pdf(tmp_path / "a.pdf")
    assert locate_quote(path, 1, WORDS, scale=0.5)[1]
    assert locate_quote(path, 1, "Approved by Amara.", scale=0.5)[1]


def test_attached_files_are_pages_of_their_own(tmp_path: Path) -> None:
    table = b"name,price\npump,12\nvalve,7\n"
    files = {"notes.txt": b"First line\nsecond line\n", "prices.csv": table}
    path = with_files(simple_pdf(tmp_path / "a.pdf", WORDS, "Page two."), files)
    document = load_document(path)
    pages = clean_pages(document)
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert pages[2].text == "Attached files: notes.txt, prices.csv"
    assert pages[3].text == "Attachment notes.txt\n\nFirst line\nsecond line"
    assert "| pump | 12 |" in pages[4].text
    sections = find_sections(document, pages)
    assert [section.headings[0] for section in sections if section.headings] == [
        "Attachment notes.txt",
        "Attachment prices.csv",
    ]


def test_names_that_differ_in_a_number_are_no_running_header(tmp_path: Path) -> None:
    files = {f"note{number}.txt": b"Some words." for number in range(6)}
    pages = clean_pages(load_document(with_files(simple_pdf(tmp_path / "a.pdf", WORDS), files)))
    assert [page.text.split("\n")[0] for page in pages[2:]] == [f"Attachment {n}" for n in files]


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    files = {"run.exe": b"MZ\x00\x01", "../../etc/pass.txt": b"inside", "c.docx": b"no document"}
    path = with_files(simple_pdf(tmp_path / "a.pdf", WORDS), files)
    document = load_document(path)
    pages = clean_pages(document)
    assert document.warning.startswith("1 attached file was not read (c.docx)")
    assert "[Attachment run.exe was not read:" in pages[1].text
    assert "[Attachment c.docx was not read:" in pages[1].text
    assert pages[2].text == "Attachment pass.txt\n\ninside"
    assert len(pages) == 3


def test_files_attached_to_attached_files_end(tmp_path: Path) -> None:
    words = ["The innermost page.", "Apples grow.", "Bears sleep.", "Clouds pass.", "Dunes move."]
    data = simple_pdf(tmp_path / "0.pdf", words[0]).read_bytes()
    for depth in range(1, 5):
        path = with_files(simple_pdf(tmp_path / f"{depth}.pdf", words[depth]), {"in.pdf": data})
        data = path.read_bytes()
    text = "\n".join(page.text for page in clean_pages(load_document(path)))
    assert [one in text for one in words] == [False, False, True, True, True]
    assert "is attached to an attached file" in text


def test_attached_files_count_towards_the_limit(tmp_path: Path) -> None:
    files = {"a.txt": b"word " * 9_000, "b.txt": b"word " * 9_000}
    path = with_files(simple_pdf(tmp_path / "a.pdf", WORDS), files)
    raw = RawFile(path, path.read_bytes())
    pages = clean_pages(load_file(raw, LoadOptions(max_bytes=50_000)))
    assert len(pages) == 3
    assert "[Attachment b.txt was not read: it is damaged, empty or too large." in pages[1].text


def test_a_passage_of_an_attached_file_has_no_page_to_draw(tmp_path: Path) -> None:
    path = with_files(simple_pdf(tmp_path / "a.pdf", WORDS), {"a.txt": b"Attached words."})
    with pytest.raises(DocumentError, match=r"attached to a\.pdf"):
        locate_quote(path, 3, "Attached words.")


def test_files_in_an_encrypted_document(tmp_path: Path) -> None:
    plain = with_files(simple_pdf(tmp_path / "a.pdf", WORDS), {"a.txt": b"Attached words."})
    path = encrypt(plain, "open", tmp_path / "b.pdf")
    pages = clean_pages(load_document(path, LoadOptions(password="open")))
    assert pages[-1].text == "Attachment a.txt\n\nAttached words."


@needs_data
def test_a_file_that_pdfium_does_not_find() -> None:
    pages = clean_pages(load_document(DATA / "pdfs" / "pdfjs__attachment.pdf"))
    assert pages[-1].text == "Attachment foo.txt\n\nbar baz"


@needs_data
def test_vertical_lines_that_cannot_be_had_are_said_to_be_missing() -> None:
    """Their font is not in the file, and PDFium takes them to be without width."""
    document = load_document(DATA / "pdfs" / "pdfminer-six__jo.pdf", LoadOptions(ocr="off"))
    assert "1 page(s) have vertical lines" in document.warning
    flat = load_document(DATA / "pdfs" / "pdfjs__noembed-eucjp.pdf", LoadOptions(ocr="off"))
    assert flat.warning == ""
