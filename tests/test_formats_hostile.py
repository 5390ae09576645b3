"""Files that are broken, locked or made to harm: one sentence each, and no memory spent."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from format_samples import OLE, book, load, open_document, relations, text_of, word, zipped

from ingest.load import package
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError

PACKAGES = (".docx", ".pptx", ".xlsx", ".epub", ".odt")
TEXT = "<w:p><w:r><w:t>Hello</w:t></w:r></w:p>"


def refused(name: str, data: bytes | str) -> str:
    """The sentence that a user reads."""
    with pytest.raises(DocumentError) as caught:
        load(name, data)
    message = str(caught.value)
    assert name in message
    assert message.endswith(".")
    assert "Traceback" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize("suffix", PACKAGES)
@pytest.mark.parametrize(
    "data",
    [b"hello", b"PK\x03\x04 cut off", zipped({"a.txt": "b"}), zipped({"mimetype": "x"})],
    ids=["text", "cut", "other", "empty"],
)
def test_what_is_no_package_of_its_kind(suffix: str, data: bytes) -> None:
    assert "is not a" in refused(f"a{suffix}", data)


@pytest.mark.parametrize("suffix", PACKAGES[:3])
def test_old_and_locked_office_files(suffix: str) -> None:
    assert "older Office format" in refused(f"a{suffix}", OLE + b"\0" * 600)
    locked = OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert "password" in refused(f"a{suffix}", locked)


def test_other_locked_files() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert "password" in refused("a.odt", open_document("text", "", manifest))
    rights = (
        "<encryption><EncryptedData><CipherData><CipherReference URI='OPS/a.xhtml'/></CipherData>"
        "</EncryptedData></encryption>"
    )
    assert "DRM" in refused("a.epub", book({"a.xhtml": "x"}, {"META-INF/encryption.xml": rights}))


@pytest.mark.parametrize("suffix", PACKAGES)
def test_a_bomb_costs_no_memory(suffix: str) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(40):
            part.write(b" " * 1_000_000)
    tracemalloc.start()
    try:
        message = refused(f"a{suffix}", buffer.getvalue())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "unpacks to" in message
    assert peak < 5_000_000


def test_too_many_members_and_a_size_that_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_MEMBERS", 50)
    many = zipped({f"word/{number}.xml": "" for number in range(51)})
    assert "unpacks to 51 parts" in refused("a.docx", many)
    data = bytearray(word(TEXT * 500))
    place = data.rfind(b"word/document.xml") - 46
    assert data[place : place + 4] == b"PK\x01\x02"
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")  # its unpacked size
    assert "cannot be read" in refused("a.docx", bytes(data)) or "sound XML" in refused(
        "a.docx", bytes(data)
    )


ENTITIES = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&#65;&#66;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_never_expanded(encoding: str) -> None:
    xml = f"{ENTITIES}<x>&a;&b;</x>".encode(encoding)
    assert "entities" in refused("a.xml", xml)
    parts = {
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/document.xml": xml,
    }
    assert "sound XML" in refused("a.docx", zipped(parts))


def test_a_workbook_with_a_document_type_is_refused() -> None:
    parts = {
        "_rels/.rels": relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"{ENTITIES}<workbook/>",
    }
    assert "document type" in refused("a.xlsx", zipped(parts))


def test_a_document_type_elsewhere_is_not_fetched() -> None:
    assert (
        text_of(load("a.xml", '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x>Hi</x>')) == "x: Hi"
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xml", "<a>" * 100_000),
        ("a.json", "[" * 200_000),
        ("a.json", '{"a": '),
        ("a.jsonl", '{"a": \nno json\n'),
        ("a.ipynb", "[1, 2]"),
        ("a.ipynb", '{"nbformat": 4}'),
        ("a.rtf", "no rich text"),
        ("a.eml", "neither head nor body"),
        ("a.docx", word("<w:tbl><w:tr><w:tc>" * 600 + "</w:tc></w:tr></w:tbl>" * 600)),
    ],
)
def test_broken_and_bottomless(name: str, data: bytes | str) -> None:
    refused(name, data)


@pytest.mark.parametrize(
    "tags", ["<div>", "<b>", "<ul><li>x", "<table><tr><td>x", "<blockquote>y"], ids=str
)
def test_pages_of_any_depth_end_in_text_or_in_a_sentence(tags: str) -> None:
    with suppress(DocumentSkippedError):  # beyond some depth lxml gives up
        assert load("a.html", tags * 3000 + "deep").pages


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", word("")),
        ("a.csv", ",,\n,,\n"),
        ("a.html", "<script>alert('x')</script>"),
        ("a.epub", book({"a.xhtml": "<img/>"})),
        ("a.odt", open_document("text", "<text:p/>")),
        ("a.json", "{}"),
        ("a.xml", "<a><b/></a>"),
        ("a.rtf", r"{\rtf1 }"),
        ("a.ipynb", '{"cells": []}'),
    ],
)
def test_files_without_text_are_skipped(name: str, data: bytes | str) -> None:
    with pytest.raises(DocumentSkippedError):
        load(name, data)


def test_an_empty_workbook_and_one_with_a_cell_at_the_far_end() -> None:
    import openpyxl

    def saved() -> bytes:
        buffer = io.BytesIO()
        book_.save(buffer)
        return buffer.getvalue()

    book_ = openpyxl.Workbook()
    assert "no value" in refused("a.xlsx", saved())
    book_.active["XFD1048576"] = "far"
    assert text_of(load("a.xlsx", saved())) == "Sheet\n\nXFD1048576\n\nfar"


@pytest.mark.parametrize(
    ("data", "words"),
    [(zipped({"a": "b"}), "zip archive"), (OLE + b"\0" * 600, "Office file")],
)
def test_what_is_no_text_says_what_it_is(data: bytes, words: str) -> None:
    assert words in refused("a.txt", data)


def test_nothing_is_written_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = zipped({"../../escaped.txt": "x", "word/document.xml": "<x/>"})
    with pytest.raises(DocumentUnreadableError):
        load("a.docx", data)
    assert not list(tmp_path.rglob("*"))
