"""Messages of Outlook: head, text, attachments, messages within messages."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from format_samples import OLE, headings_of, load, text_of
from ingest_samples import DATA, needs_data
from oxmsg.storage import Storage, Stream

from ingest.load import LoadOptions, load_document, outlook
from ingest.load.attachment import Attachments
from ingest.load.packed_rtf import unpacked
from ingest.load.writer import DocumentWriter
from rag_app.errors import DocumentError, DocumentUnreadableError
from rag_app.types.media import MSG

MESSAGES = DATA / "formats" / "docling" / "email" / "sources"
_STRING, _STRING8, _BINARY, _INT, _TIME = 0x1F, 0x1E, 0x102, 3, 0x40


def storage(path, header, properties, *storages):
    """A part of a message, from its properties by number."""
    streams, table = [], b"\0" * header
    for number, value in properties.items():
        kind, inline = _STRING, b"\0" * 8
        if isinstance(value, int):
            kind, inline = _INT, struct.pack("<Q", value)
        elif isinstance(value, datetime):
            passed = value - datetime(1601, 1, 1, tzinfo=UTC)
            kind, inline = _TIME, struct.pack("<Q", int(passed.total_seconds() * 10**7))
        else:
            if isinstance(value, tuple):
                kind, data = value
            else:
                data = value.encode("utf-16-le")
            streams.append(Stream(f"{path}/__substg1.0_{number:04X}{kind:04X}", data))
        table += struct.pack("<HHI", kind, number, 6) + inline
    streams.append(Stream(f"{path}/__properties_version1.0", table))
    return Storage(path, tuple(streams), storages)


def read(message):
    writer = DocumentWriter()
    attachments = Attachments(writer, LoadOptions())
    title = outlook._Reader(writer, attachments).message(message, 1, 32)
    return replace(writer.document(MSG, title), warning=attachments.warning)


def attachment(number, properties, *storages):
    return storage(f"__attach_version1.0_#{number:08X}", 8, properties, *storages)


def recipient(number, name, address, kind):
    properties = {0x3001: name, 0x39FE: address, 0x0C15: kind}
    return storage(f"__recip_version1.0_#{number:08X}", 8, properties)


@needs_data
def test_a_message_with_its_head_its_text_and_its_attachments():
    loaded = load_document(MESSAGES / "msg_with_attachment.msg")
    assert (loaded.media_type, loaded.title) == (MSG, "Email with Attachment")
    assert loaded.pages[0].text == (
        "Email with Attachment\n\nFrom: Alice Example <alice@example.com>\n"
        "To: Bob Example <bob@example.com>\nDate: Wed, 20 May 2026 10:30:00 +0000\n"
        "Attachments: test.txt, report.pdf\n\nThis email contains an attachment."
    )
    assert "some dummy content" in loaded.pages[1].text
    assert "[Attachment report.pdf was not read: report.pdf is broken" in loaded.pages[1].text
    assert (2, 2, "Attachment test.txt") in headings_of(loaded)


@needs_data
def test_names_in_the_head_are_decoded():
    loaded = load_document(DATA / "formats" / "markitdown" / "test_outlook_msg.msg")
    assert "From: M. C. Kurtuluş <muratcan.kurtulus@gmail.com>" in loaded.pages[0].text
    assert loaded.pages[0].text.endswith("This is the body of the test email message")


def test_messages_within_markup_recipients_and_pictures_of_signatures():
    within = storage(
        "x/__substg1.0_3701000D",
        24,
        {
            0x0037: "The lake",
            0x1013: (_BINARY, "<p>Grüße vom See</p>".encode("cp1252")),
            0x3FDE: 1252,
        },
    )
    message = storage(
        "",
        32,
        {
            0x0037: "Fish",
            0x0039: datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
            0x0C1A: "Ann",
            0x0C1F: "ann@example.org",
            0x1000: "Look.\r\n\r\nBelow.",
        },
        recipient(0, "Bob", "bob@example.org", 1),
        recipient(1, "cy@example.org", "cy@example.org", 2),
        attachment(0, {0x3001: "The lake", 0x3705: 5}, within),
        attachment(1, {0x3707: "..\\pike.txt", 0x3701: (_BINARY, b"The pike."), 0x3705: 1}),
        attachment(
            2, {0x3707: "a.png", 0x3712: "cid", 0x370E: "image/png", 0x3701: (_BINARY, b"1")}
        ),
        attachment(3, {0x3707: "linked.docx", 0x3705: 4}),
    )
    loaded = read(message)
    assert loaded.warning.startswith("1 attached file was not read (linked.docx)")
    assert text_of(loaded) == (
        "Fish\n\nFrom: Ann <ann@example.org>\nTo: Bob <bob@example.org>\nCc: cy@example.org\n"
        "Date: Mon, 04 May 2026 03:02:01 +0000\nAttachments: The lake, pike.txt, linked.docx\n\n"
        "Look.\n\nBelow.\n\f\nThe lake\n\nGrüße vom See\n\f\n"
        "Attachment pike.txt\n\nThe pike.\n\n[Attachment linked.docx is not in the message.]"
    )
    assert headings_of(loaded)[:2] == [(1, 1, "Fish"), (2, 2, "The lake")]


def test_text_in_an_encoding_that_does_not_fit_is_read_all_the_same():
    odd = {
        0x0037: (_STRING8, b"Gr\xfc\xdfe"),
        0x3FFD: 65001,
        0x1000: (_STRING8, b"\xe4"),
        0x3FDE: 20127,
    }
    assert text_of(read(storage("", 32, odd))) == "Grüße\n\nä"
    assert "damaged RTF" in text_of(read(storage("", 32, {0x1009: (_BINARY, b"LZFu")})))


@pytest.mark.parametrize("data", [OLE + b"and no more", b"no message"])
def test_what_is_no_message_says_so(data):
    with pytest.raises(DocumentUnreadableError, match="not a message of Outlook"):
        load("a.msg", data)


@needs_data
def test_a_damaged_message_is_refused_or_read_and_never_crashes():
    whole = (MESSAGES / "msg_with_attachment.msg").read_bytes()
    refused = 0
    for start in range(0, len(whole), 331):
        damaged = bytearray(whole)
        damaged[start : start + 60] = b"\xff\x00\x07" * 20
        for data in (bytes(damaged[: len(whole)]), whole[:start] or b"\0"):
            try:
                load(Path("a.msg").name, data)
            except DocumentError:
                refused += 1
    assert refused > 20


# --- text that is kept as RTF alone: both examples are those of [MS-OXRTFCP]

HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a80"
    "0fa0"
)
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


@pytest.mark.parametrize(
    ("packed", "rtf"),
    [
        (HELLO, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"),
        (REPEATED, b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
        (struct.pack("<II4sI", 19, 7, b"MELA", 0) + b"{\\rtf1}", b"{\\rtf1}"),
    ],
)
def test_packed_rtf(packed, rtf):
    assert unpacked(packed) == rtf


@pytest.mark.parametrize("data", [b"", HELLO[:15], HELLO[:-4], b"x" * 40, HELLO[:16]])
def test_packed_rtf_that_is_damaged(data):
    with pytest.raises(ValueError, match=r"cut off|no head|neither"):
        unpacked(data)


def test_a_text_that_is_kept_as_rtf_alone_is_read():
    loaded = read(storage("", 32, {0x0037: "Fish", 0x1009: (_BINARY, HELLO)}))
    assert text_of(loaded) == "Fish\n\nhello world"
    assert loaded.warning == ""
    loaded = read(storage("", 32, {0x0037: "Fish", 0x1009: (_BINARY, HELLO[:-4])}))
    assert loaded.warning.startswith("The text of the message is kept as damaged RTF")
    assert loaded.warning in text_of(loaded)


def test_markup_within_rtf_is_no_text():
    start = rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}"
    rtf = start + rb"\htmlrtf{\htmlrtf0 The pike.\htmlrtf\par}\htmlrtf0}"
    packed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    loaded = read(storage("", 32, {0x0037: "Fish", 0x1009: (_BINARY, packed)}))
    assert text_of(loaded) == "Fish\n\nThe pike."
