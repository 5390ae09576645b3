"""Files whose names do not tell what they are: read where their first bytes plainly do."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from embeddings_samples import settings_in
from format_samples import (
    OLE,
    book,
    headings_of,
    load,
    ole,
    open_document,
    text_of,
    word,
    zipped,
)
from ingest_samples import DATA, simple_pdf

from ingest import ingest_paths
from ingest.load import (
    LoadOptions,
    RawFile,
    format_of,
    is_plain,
    load_document,
    load_file,
    named_format,
    told_by_content,
    type_at,
    type_of,
)
from ingest.load.sniff import LOOKED_AT, unnamed
from ingest.rehearse import rehearse
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import media

TEXT = "The Heron pump lifts 55 litres a minute."
MESSAGE = (
    f"From: Ada <ada@a.example>\r\nDate: 1 May 2026\r\nSubject: Pump\r\n\r\n{TEXT}\r\n".encode()
)
STORED = (
    b"Return-Path: <a@a.example>\nReceived: from b\n\tby c\nFrom: a@a.example\n\n" + TEXT.encode()
)
PAGE = f"\n<!DOCTYPE html><html><body><p>{TEXT}</p></body></html>".encode()
XML = f'<?xml version="1.0"?><pumps><pump>{TEXT}</pump></pumps>'.encode()
DRAWING = b'<?xml version="1.0"?>\n<!-- a pump -->\n<svg xmlns="x"><text>Pump</text></svg>'
DOCX = word(f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>")
PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 9
WORKBOOK = zipped({"[Content_Types].xml": "<Types/>", "visio/document.xml": "<a/>"})
JAR = zipped({"META-INF/MANIFEST.MF": "Version: 1", "a.class": bytes(9)})


def pdf(folder: Path) -> bytes:
    return simple_pdf(folder / "made.pdf", TEXT).read_bytes()


@pytest.mark.parametrize("name", ["nameless", "report.final", "1200.M1P2.host:2,S"])
def test_what_plainly_is_a_document_is_read_as_one(tmp_path: Path, name: str) -> None:
    samples = {
        media.PDF: pdf(tmp_path),
        media.RTF: b"{\\rtf1 " + TEXT.encode() + b"}",
        media.DOCX: word(f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>"),
        media.ODT: open_document("text", f"<text:p>{TEXT}</text:p>"),
        media.EPUB: book({"a.xhtml": f"<p>{TEXT}</p>"}),
        media.HTML: PAGE,
        media.XML: XML,
        media.EMAIL: MESSAGE,
    }
    for media_type, data in samples.items():
        path = tmp_path / name
        path.write_bytes(data)
        document = load_document(path)
        assert document.media_type == media_type
        assert TEXT in text_of(document)
        assert load(name, data) == document  # attached to another file, it is on no disk
    assert load(name, STORED).media_type == media.EMAIL


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", media.PNG),
        (b"\xff\xd8\xff\xe0", media.JPEG),
        (b"RIFF\0\0\0\0WEBPVP8 ", media.WEBP),
        (b"BM\x9a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", media.BMP),
        (b"BM is a company.", None),
        (PROGRAM, None),
        (DRAWING, None),
        (JAR, None),
        (OLE + bytes(600), None),
        (b"#!/bin/sh\n<html>", None),
        (TEXT.encode(), None),
        (b"Note: this\nPrice: 5\n", None),
        (b"", None),
    ],
)
def test_what_first_bytes_tell(start: bytes, media_type: str | None) -> None:
    assert unnamed(start, text=False) == media_type


@pytest.mark.parametrize(
    ("streams", "media_type"),
    [
        (("WordDocument",), media.DOC),
        (("\x05SummaryInformation", "Workbook", "MBD001", "WordDocument"), media.XLS),
        (("Book",), media.XLS),
        (("Current User", "PowerPoint Document"), media.PPT),
        (("__nameid_version1.0", "__properties_version1.0"), media.MSG),
        (("EncryptedPackage",), None),
        ((), None),
    ],
)
@pytest.mark.parametrize(("shift", "sector"), [(9, 0), (9, 70), (12, 3), (7, 0), (9, 2**31)])
def test_what_the_directory_of_an_old_office_file_tells(
    tmp_path: Path, streams: tuple[str, ...], media_type: str | None, shift: int, sector: int
) -> None:
    data = ole(*streams, shift=shift, sector=sector if sector < 1000 else 0)
    if sector >= 1000:
        data = data[:48] + sector.to_bytes(4, "little") + data[52:]
    wanted = media_type if shift in (9, 12) and sector < 1000 else None
    path = tmp_path / "nameless"
    path.write_bytes(data)
    (tmp_path / "a.zip").write_bytes(zipped({"nameless": data}))
    assert type_at(path) == type_at(tmp_path / "a.zip" / "nameless") == wanted
    assert type_of(RawFile(path, data)) == wanted
    assert type_of(RawFile(path, data[:600])) in (wanted, None)


def test_a_message_without_its_ending_is_read(tmp_path: Path) -> None:
    sample = DATA / "formats" / "docling" / "email" / "sources" / "msg_simple.msg"
    if not sample.is_file():
        pytest.skip("needs the shared data")
    (tmp_path / "message").write_bytes(sample.read_bytes())
    assert load_document(tmp_path / "message") == load_document(sample)


@pytest.mark.parametrize(
    ("name", "start", "media_type"),
    [
        ("a.pdf", b"\x89PNG\r\n\x1a\n", media.PNG),
        ("a.txt", b"\xff\xd8\xff\xe0", media.JPEG),
        ("a.jpg", b"\x89PNG\r\n\x1a\n", media.JPEG),  # its loader tells them apart
        ("a.png", b"%PDF-1.4", media.PDF),
        ("a.md", b"BM is a company.", media.MARKDOWN),
    ],
)
def test_images_and_pdfs_under_other_names(
    tmp_path: Path, name: str, start: bytes, media_type: str
) -> None:
    named = format_of(Path(name)).media_type
    assert told_by_content(RawFile(Path(name), start), named) == media_type
    (tmp_path / name).write_bytes(start)
    assert is_plain(tmp_path / name, 100) == (media_type == media.MARKDOWN)


def test_text_is_taken_where_there_is_no_ending_alone(tmp_path: Path) -> None:
    for name in ("README", "LICENSE", "Makefile"):
        (tmp_path / name).write_text(f"Grüße. {TEXT}")
        assert text_of(load_document(tmp_path / name)) == f"Grüße. {TEXT}"
        assert format_of(tmp_path / name).plain
        with pytest.raises(DocumentSkippedError, match="without a type"):
            named_format(tmp_path / name)
    (tmp_path / "notes.xyz").write_text(TEXT)
    with pytest.raises(DocumentSkippedError, match=r"notes\.xyz was left out.*'\.xyz'.*\.pdf"):
        load_document(tmp_path / "notes.xyz")


@pytest.mark.parametrize(
    "data", [PROGRAM, TEXT.encode("utf-16-le"), b"caf\xe9 " * 9, b"a\x00b", b" \n", DRAWING, JAR]
)
def test_what_is_no_text_stays_out(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "program").write_bytes(data)
    for read in (load_document, format_of):
        with pytest.raises(DocumentSkippedError, match="program was left out"):
            read(tmp_path / "program")


def test_a_letter_that_the_sample_cuts_is_no_fault() -> None:
    for cut in range(4):
        data = b"x" * (LOOKED_AT - cut) + "€".encode() * 9
        assert unnamed(data[:LOOKED_AT], text=True) == media.TEXT
    assert unnamed("€".encode()[:2], text=True) is None


def test_an_office_package_of_another_kind_stays_out(tmp_path: Path) -> None:
    (tmp_path / "plan.vsdx").write_bytes(WORKBOOK)
    with pytest.raises(DocumentSkippedError, match=r"plan\.vsdx was left out"):
        load_document(tmp_path / "plan.vsdx")


def test_of_files_of_unknown_types_only_the_first_bytes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "disk.image"
    with path.open("wb") as file:
        file.truncate(20_000_000_000)  # it would take minutes
    assert ingest_paths([path], settings_in(tmp_path / "rag")).outcomes[0].state == "skipped"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentSkippedError):
        format_of(tmp_path / "pipe")


def test_a_folder_and_archives_with_such_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    files = {
        "README": TEXT.encode(),
        "scan.final": pdf(tmp_path),
        "notes.xyz": TEXT.encode(),
        "program": PROGRAM,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data + name.encode())
    (folder / "a.zip").write_bytes(zipped({name: data + b" " for name, data in files.items()}))
    with tarfile.open(folder / "b.tar.gz", "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    states = {
        one.path.removeprefix(f"{folder}/"): one.state
        for one in rehearse([folder], settings_in(tmp_path / "rag")).outcomes
    }
    assert states == {
        f"{above}{name}": "added" if name in ("README", "scan.final") else "skipped"
        for above in ("", "a.zip/", "b.tar.gz/")
        for name in files
    }
    member = load_document(folder / "a.zip" / "README", LoadOptions())
    assert text_of(member).strip() == TEXT


# --- under the names of old Office files


@pytest.mark.parametrize(
    ("name", "data", "media_type", "shown"),
    [
        ("a.xls", "Pump\tLitres\nHeron\t55\n", media.CSV, "| Heron | 55 |"),
        ("a.xls", "Pump\tLitres\nHéron\t55\n".encode("utf-16"), media.CSV, "| Héron | 55 |"),
        ("a.xls", "Pump;Litres\nHéron;55\n".encode("cp1252"), media.CSV, "ron | 55 |"),
        ("a.XLS", "\ufeffPump,Litres\nHeron,55\n", media.CSV, "| Heron | 55 |"),
        ("a.xls", TEXT, media.TEXT, TEXT),
        ("a.doc", f"1\t{TEXT}", media.TEXT, TEXT),
        (
            "a.xls",
            "<table><tr><th>Pump<th>Litres<tr><td>Heron<td>55</table>",
            media.HTML,
            "| Heron | 55 |",
        ),
    ],
)
def test_tables_and_text_under_an_old_name(
    tmp_path: Path,
    name: str,
    data: str | bytes,
    media_type: str,
    shown: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    asked: list[str] = []

    def convert(*what: object) -> bytes:
        asked.append(str(what[0]))
        return DOCX

    document = load_document(path, LoadOptions(convert=convert))
    assert document.media_type == media_type
    assert shown in text_of(document)
    assert asked == []
    path.write_bytes(OLE + bytes(600))
    load_document(path, LoadOptions(convert=convert))
    assert asked == [name]


@pytest.mark.parametrize(
    ("name", "streams", "converted_as"),
    [
        ("report.docx", ("WordDocument",), ".doc"),
        ("report.pdf", ("Workbook",), ".xls"),
        ("report.xls", ("WordDocument",), ".doc"),
        ("report.doc", ("Workbook", "WordDocument"), ".doc"),  # a sheet in a letter
        ("report.dot", ("WordDocument",), ".dot"),
        ("report.msg", ("PowerPoint Document",), ".ppt"),
    ],
)
def test_an_old_office_file_under_another_name_is_converted_as_what_it_is(
    name: str, streams: tuple[str, ...], converted_as: str
) -> None:
    asked: list[str] = []

    def convert(_name: str, suffix: str, _data: bytes) -> bytes:
        asked.append(suffix)
        return DOCX

    file = RawFile(Path(name), ole(*streams))
    assert TEXT in text_of(load_file(file, LoadOptions(convert=convert)))
    assert asked == [converted_as]


@pytest.mark.parametrize("name", ["a.doc", "a.ppt", "a.xls"])
@pytest.mark.parametrize("data", [bytes(range(256)) * 9, b"\0" * 700, PROGRAM])
def test_what_is_no_office_file_is_not_made_into_one(name: str, data: bytes) -> None:
    with pytest.raises(DocumentUnreadableError, match="is no Office file"):
        load_file(RawFile(Path(name), data), LoadOptions(convert=lambda *_: DOCX))


def test_rows_of_a_table_under_an_old_name_are_the_place_to_cite() -> None:
    assert headings_of(load("a.xls", "Pump\tLitres\nHeron\t55\n"))
