"""Reading files: every format, and every way in which a file can be bad."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from ingest_samples import (
    BODY,
    DATA,
    REPORT,
    SUBTITLE,
    TITLE,
    encrypt,
    needs_data,
    picture_pdf,
    prose,
    simple_pdf,
    write_pdf,
)

from ingest.load import FORMATS, LoadOptions, digest_file, format_of, load_document
from ingest.load.pdf_pieces import character_index
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import MARKDOWN, PDF, TEXT


def test_every_row_of_the_table_has_a_loader():
    for row in FORMATS:
        assert callable(row.loader())
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize(
    ("name", "media_type"), [("A.PDF", PDF), ("b.md", MARKDOWN), ("c.tar.txt", TEXT)]
)
def test_the_ending_tells_the_format(name, media_type):
    assert format_of(Path(name)).media_type == media_type


@pytest.mark.parametrize("name", ["a.xyz", "nowhere"])
def test_unknown_endings_are_skipped_with_the_known_ones(name):
    with pytest.raises(DocumentSkippedError, match=r"\.pdf.*\.md.*\.txt"):
        format_of(Path(name))


# --- text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Grüße aus Köln".encode(), "Grüße aus Köln"),
        ("Grüße".encode("utf-8-sig"), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Plain words".encode("utf-16-le"), "Plain words"),
        ("Plain words".encode("utf-16-be"), "Plain words"),
        ("Grüße".encode("utf-32"), "Grüße"),
        (b"one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
    ],
)
def test_encodings(tmp_path, data, text):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert load_document(path).pages[0].text == text


def test_an_old_encoding_is_guessed(tmp_path):
    text = "El niño comió una manzana en la montaña. ¿Qué pasó después? " * 20
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("cp1252"))
    assert load_document(path).pages[0].text == text


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 20, b"\x7fELF\x02\x01\x01\x00" + b"\x00\x03" * 500, b"text\x00text" * 9],
)
def test_binary_is_not_text(tmp_path, data):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(DocumentSkippedError, match=r"a\.txt is not text.*UTF-8"):
        load_document(path)


def test_white_space_alone_is_skipped(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(" \n\t\n")
    with pytest.raises(DocumentSkippedError, match="only white space"):
        load_document(path)


# --- Markdown

MARKDOWN_TEXT = """\
---
author: A
title: "The Pump"
---
# First *part*

Text.

Second part
-----------

- item
---

```
# not a heading
```

### Third [part](http://x.example) ###
"""


def test_markdown_headings_and_their_offsets(tmp_path):
    path = tmp_path / "a.md"
    path.write_text(MARKDOWN_TEXT)
    document = load_document(path)
    assert document.title == "The Pump"
    text = document.pages[0].text
    assert "author" not in text
    found = [(h.level, h.title, text[h.offset :].split("\n")[0]) for h in document.headings]
    assert found == [
        (1, "First part", "# First *part*"),
        (2, "Second part", "Second part"),
        (3, "Third part", "### Third [part](http://x.example) ###"),
    ]


def test_the_first_heading_is_the_title_where_there_is_no_front_matter(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("# A title\n\nText.\n")
    assert load_document(path).title == "A title"


@pytest.mark.parametrize(
    ("front", "title", "said"),
    [
        (
            "title: 'Of pumps: a guide'\ndate: 2026-01-31  # of the draft\ntags: [heron, \"pump\"]",
            "Of pumps: a guide",
            {"date": "2026-01-31", "tags": "heron, pump"},
        ),
        (
            "Title: Pumps\ntags:\n- heron\n  - pump\n\nsummary: >\n  Two\n  lines",
            "Pumps",
            {"tags": "heron, pump", "summary": "Two lines"},
        ),
        ("# only a remark\ndraft: true\nempty:", "Head", {"draft": "true", "empty": ""}),
        ("title:\nauthors:\n  - name: A. Ng", "Head", {"authors": "name: A. Ng"}),
    ],
)
def test_front_matter_is_said_of_a_text_and_is_no_part_of_it(tmp_path, front, title, said):
    path = tmp_path / "a.md"
    path.write_text(f"---\n{front}\n---\n# Head\n\nText.\n")
    document = load_document(path)
    assert (document.title, document.metadata) == (title, said)
    assert document.pages[0].text == "# Head\n\nText.\n"


@pytest.mark.parametrize(
    "text",
    [
        "---\nA rule above, and this is prose.\n---\nMore prose.\n",
        "---\ntitle: Alone\n---\n",
        "---\ntitle: never ended\n\nText.\n",
    ],
)
def test_what_is_no_front_matter_is_text(tmp_path, text):
    path = tmp_path / "a.md"
    path.write_text(text)
    document = load_document(path)
    assert document.pages[0].text == text
    assert document.metadata == {}


# --- PDF


def test_pdf_outline_labels_and_metadata(tmp_path):
    path = write_pdf(
        tmp_path / "a.pdf",
        [prose("Words of the first page."), prose("Words of the second page.")],
        title="Annual figures",
        marks=[(1, 0, "Start"), (2, 0, "Results"), (2, 1, "Sales")],
    )
    document = load_document(path)
    assert (document.media_type, document.title, len(document.pages)) == (PDF, "Annual figures", 2)
    assert [(h.page, h.level, h.title) for h in document.headings] == [
        (1, 1, "Start"),
        (2, 1, "Results"),
        (2, 2, "Sales"),
    ]
    assert document.metadata["Title"] == "Annual figures"
    assert document.pages[1].text.strip() == "Words of the second page."


def test_headings_are_recognised_by_their_type(tmp_path):
    long = "The quick brown fox jumps over the lazy dog and goes on to the river bank."
    pages = [
        [
            ("Operating manual", TITLE),
            None,
            *prose(long, long, "It ends here."),
            None,
            ("Care and cleaning", SUBTITLE),
            None,
            *prose(long, long),
        ]
        for _ in range(2)
    ]
    pages[1][0] = ("Technical data", TITLE)
    pages[1][6] = ("Electrical values", SUBTITLE)
    found = load_document(write_pdf(tmp_path / "a.pdf", pages)).headings
    assert [(h.page, h.level, h.title) for h in found] == [
        (1, 1, "Operating manual"),
        (1, 2, "Care and cleaning"),
        (2, 1, "Technical data"),
        (2, 2, "Electrical values"),
    ]


def test_uniform_type_has_no_headings(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [[(f"Line {n} of a list", BODY) for n in range(30)]])
    assert load_document(path).headings == ()


def test_a_paragraph_gap_is_written_in_the_place_of_the_line_end(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [[*prose("one", "two", "three"), None, *prose("four")]])
    assert load_document(path).pages[0].text == "one\r\ntwo\r\nthree\n\nfour"


def test_an_encrypted_pdf_needs_its_password(tmp_path):
    path = encrypt(simple_pdf(tmp_path / "a.pdf", "Secret words."), "open", tmp_path / "b.pdf")
    with pytest.raises(DocumentUnreadableError, match=r"b\.pdf is encrypted.*--password"):
        load_document(path)
    with pytest.raises(DocumentUnreadableError, match=r"does not open it.*--password"):
        load_document(path, LoadOptions(password="wrong"))
    loaded = load_document(path, LoadOptions(password="open"))
    assert loaded.pages[0].text == "Secret words."


def test_a_password_that_is_not_needed_does_no_harm(tmp_path):
    path = simple_pdf(tmp_path / "a.pdf", "Open words.")
    assert load_document(path, LoadOptions(password="x")).pages[0].text == "Open words."


def test_a_scan_is_skipped(tmp_path):
    with pytest.raises(DocumentSkippedError, match="OCR"):
        load_document(picture_pdf(tmp_path / "a.pdf"))


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_a_truncated_pdf_is_read_or_refused_in_one_sentence(tmp_path, share, capfd):
    whole = simple_pdf(tmp_path / "a.pdf", *[f"Page {n} with some words." for n in range(9)])
    data = whole.read_bytes()
    path = tmp_path / "cut.pdf"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DocumentUnreadableError, match=r"cut\.pdf is broken or cut off"):
        load_document(path)
    assert capfd.readouterr() == ("", "")


def test_text_with_the_name_of_a_pdf_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_text("I am not a PDF. " * 100)
    with pytest.raises(DocumentUnreadableError, match="broken or cut off"):
        load_document(path)


def test_pypdf_is_the_second_try(tmp_path, monkeypatch):
    from ingest.load import pdfium

    def broken(*_):
        raise pdfium.PdfBrokenError("no")

    path = simple_pdf(tmp_path / "a.pdf", "Words for both parsers.")
    monkeypatch.setattr(pdfium, "open_pdf", broken)
    assert "Words for both parsers." in load_document(path).pages[0].text


def _without_its_first_bytes(path):
    """PDFium refuses a file whose header is damaged, where pypdf does not mind."""
    path.write_bytes(path.read_bytes().replace(b"%PDF-", b"%XXX-", 1))
    return path


def test_pypdf_tries_an_encrypted_file_that_is_damaged(tmp_path):
    plain = simple_pdf(tmp_path / "plain.pdf", "The vault opens at nine.")
    path = _without_its_first_bytes(encrypt(plain, "open sesame", tmp_path / "a.pdf"))
    with pytest.raises(DocumentUnreadableError, match=r"a\.pdf is encrypted\. Give its password"):
        load_document(path)
    with pytest.raises(DocumentUnreadableError, match="password given does not open it"):
        load_document(path, LoadOptions(password="open barley"))
    document = load_document(path, LoadOptions(password="open sesame"))
    assert "The vault opens at nine." in document.pages[0].text


def test_a_password_does_not_hinder_pypdf_at_a_file_without_one(tmp_path):
    path = _without_its_first_bytes(simple_pdf(tmp_path / "a.pdf", "No secrets here."))
    document = load_document(path, LoadOptions(password="open sesame"))
    assert "No secrets here." in document.pages[0].text


@needs_data
@pytest.mark.parametrize("name", ["aes-128", "aes-256-r6"])
def test_a_damaged_file_encrypted_with_aes_names_what_it_takes(tmp_path, name):
    path = tmp_path / "a.pdf"
    path.write_bytes((DATA / "pdfs" / f"pdfminer-six__encryption__{name}.pdf").read_bytes())
    _without_its_first_bytes(path)
    # In a process of its own, for which the package is not installed: pypdf looks at its import.
    code = (
        "import sys; sys.modules['cryptography'] = sys.modules['Crypto'] = None\n"
        "from pathlib import Path; from ingest.load import LoadOptions, load_file, read_file\n"
        "options = LoadOptions(password='foo')\n"
        "load_file(read_file(Path(sys.argv[1]), options), options)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert "DocumentUnreadableError" in done.stderr
    assert "pip install cryptography" in done.stderr


# --- paths


def test_a_missing_file(tmp_path):
    with pytest.raises(DocumentUnreadableError, match=r"no file .*a\.txt\. Check the path"):
        load_document(tmp_path / "a.txt")


def test_an_empty_file(tmp_path):
    path = tmp_path / "a.pdf"
    path.touch()
    for read in (load_document, lambda p: digest_file(p, LoadOptions())):
        with pytest.raises(DocumentSkippedError, match="0 bytes"):
            read(path)


def test_a_folder(tmp_path):
    path = tmp_path / "a.txt"
    path.mkdir()
    with pytest.raises(DocumentUnreadableError, match="is a folder"):
        load_document(path)


def test_a_pipe_does_not_hang(tmp_path):
    path = tmp_path / "a.txt"
    os.mkfifo(path)
    with pytest.raises(DocumentUnreadableError, match="pipe"):
        load_document(path)


def test_a_file_over_the_limit(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x" * 2_000_000)
    with pytest.raises(DocumentUnreadableError, match=r"2\.0 MB.*limit of 1 MB.*max_file_mb"):
        load_document(path, LoadOptions(max_bytes=1_000_000))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(DocumentUnreadableError, match="Permission"):
        load_document(path)


def test_a_permission_error_has_its_sentence(tmp_path):
    from ingest.load import explain

    error = PermissionError(13, "Permission denied")
    assert "chmod" in explain(tmp_path, error)
    assert "disk" in explain(tmp_path, OSError(5, "Input/output error"))


# --- other people's files

_TRY = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
from ingest.load import LoadOptions, load_document
from rag_app.errors import DocumentError
for name in sys.argv[1:]:
    try:
        document = load_document(Path(name))
        print("read", len(document.pages))
    except DocumentError as error:
        print("refused", error)
"""

AWKWARD = (
    "ocrmypdf__blank.pdf",
    "ocrmypdf__invalid.pdf",
    "ocrmypdf__no_contents.pdf",
    "ocrmypdf__toc.pdf",
    "pdfjs__GHOSTSCRIPT-698804-1-fuzzed.pdf",
    "pdfjs__REDHAT-1531897-0.pdf",
    "pdfjs__bug1020226.pdf",
)


@needs_data
def test_awkward_pdfs_are_read_or_refused():
    paths = [str(DATA / "pdfs" / name) for name in AWKWARD]
    result = subprocess.run(
        [sys.executable, "-c", _TRY, *paths],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    lines = result.stdout.splitlines()
    assert len(lines) == len(AWKWARD)
    assert result.stderr == ""
    assert "read 3" not in lines[0]


@needs_data
def test_a_real_report():
    document = load_document(REPORT)
    assert len(document.pages) == 160
    titles = {heading.title for heading in document.headings}
    assert "Cautionary Note Concerning Factors That May Affect Future Results" in titles


_LEAVE = """
import sys, threading, time
from pathlib import Path
from ingest.load import load_document
started = threading.Event()
def read():
    while True:
        load_document(Path(sys.argv[1]))
        started.set()
threading.Thread(target=read, daemon=True).start()
started.wait()
time.sleep(0.05)
"""


def test_a_process_may_end_while_a_thread_reads(tmp_path):
    """Ctrl-C does that; PDFium unloaded under a reading thread would crash."""
    path = simple_pdf(tmp_path / "a.pdf", *["Some words. " * 40] * 120)
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", _LEAVE, str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=Path(__file__).parents[1],
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_pdfium_counts_a_character_beyond_16_bits_twice(monkeypatch):
    """The identity in the place of PDFium's own step from text to characters shows what it gets."""
    monkeypatch.setattr(
        pypdfium2.raw, "FPDFText_GetCharIndexFromTextIndex", lambda page, index: index
    )
    index = character_index(None, "a😀b")
    assert [index(offset) for offset in range(4)] == [0, 1, 3, 4]
