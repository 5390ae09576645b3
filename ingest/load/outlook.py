"""Messages of Outlook (MSG): head, text and attachments, as those of other mail programs.

A message is a small file system of properties, which ``python-oxmsg`` reads ([MS-OXMSG]).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from email.parser import HeaderParser
from email.policy import compat32
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.load.attachment import Attachments
from ingest.load.mail import header
from ingest.load.markup import write_markup
from ingest.load.options import LoadOptions, RawFile
from ingest.load.packed_rtf import unpacked
from ingest.load.webpage import decode_markup
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import parse_html
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import MSG

if TYPE_CHECKING:
    from oxmsg.storage import Storage

_HEADER, _HEADER_WITHIN, _HEADER_OF_PART = 32, 24, 8
_SUBJECT, _SENT, _HEADERS = 0x0037, 0x0039, 0x007D
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_DISPLAY_NAME, _ADDRESS, _SMTP, _RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
_DISPLAY_TO, _DISPLAY_CC = 0x0E04, 0x0E03
_BODY, _HTML, _HTML_AS_TEXT, _RTF = 0x1000, 0x1013, 0x1013, 0x1009
_DATA, _SHORT_NAME, _LONG_NAME, _MIME_TYPE, _CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_TO, _CC = 1, 2
_MESSAGE_WITHIN = "__substg1.0_3701000D"
# What the libraries raise for files that are not sound; LookupError: an encoding that is none.
_DAMAGES = (
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    OverflowError,
    struct.error,
)


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads a message.

    Raises:
        DocumentSkippedError: It has neither a head nor text.
        DocumentUnreadableError: It is no message of Outlook.
    """
    from olefile import OleFileIO
    from oxmsg.domain.model import UnrecognizedCodePageError, UnsupportedEncodingError
    from oxmsg.storage import Storage

    writer = DocumentWriter()
    attachments = Attachments(writer, options)
    try:
        with OleFileIO(BytesIO(file.data)) as ole:
            storage = Storage.from_ole(ole)
        subject = _Reader(writer, attachments).message(storage, 1, _HEADER)
    except (*_DAMAGES, UnrecognizedCodePageError, UnsupportedEncodingError) as error:
        raise DocumentUnreadableError(
            f"{file.name} is not a message of Outlook, or is damaged. Open it in Outlook and save "
            "it again."
        ) from error
    if writer.is_blank and writer.page == 1:
        raise DocumentSkippedError(f"{file.name} is a message without any text.")
    return replace(writer.document(MSG, subject), warning=attachments.warning)


class _Reader:
    def __init__(self, writer: DocumentWriter, attachments: Attachments) -> None:
        self._writer, self._attachments = writer, attachments

    def message(self, storage: Storage, depth: int, header: int) -> str:
        """Writes a message with its attachments; returns its subject."""
        part = _Part(storage, header)
        subject = part.text(_SUBJECT)
        self._writer.heading(depth, subject)
        for name, value in _head(part):
            if value:
                self._writer.line(f"{name}: {value}")
        found = (_Part(one, _HEADER_OF_PART) for one in storage.iter_attachment_storages())
        attached = [one for one in found if not _is_shown_in_text(one)]
        if names := ", ".join(map(_name, attached)):
            self._writer.line(f"Attachments: {names}")
        self._body(part)
        for one in attached:
            self._attachment(one, depth + 1)
        return subject

    def _body(self, part: _Part) -> None:
        if text := part.text(_BODY).replace("\r\n", "\n").strip():
            self._writer.paragraph(text)
            return
        data = part.bytes(_HTML)
        markup = _decoded(data, part.properties.body_encoding) if data else ""
        root = parse_html(markup or part.text(_HTML_AS_TEXT))
        if root is not None:
            write_markup(self._writer, root)
        elif packed := part.bytes(_RTF):
            self._rich_text(packed)

    def _rich_text(self, packed: bytes) -> None:
        """Writes a body that is kept as RTF alone."""
        from ingest.load import rich_text

        try:
            file = RawFile(Path("text.rtf"), unpacked(packed))
            (page,) = rich_text.load(file, LoadOptions()).pages
        except DocumentSkippedError:
            return
        except (DocumentUnreadableError, ValueError):
            self._attachments.warn(
                "The text of the message is kept as damaged RTF and was not read. Open it in "
                "Outlook and save it again."
            )
        else:
            self._writer.paragraph(page.text)

    def _attachment(self, part: _Part, depth: int) -> None:
        name = _name(part)
        if not self._attachments.may_follow(name, depth):
            return
        if within := part.message_within():
            self._writer.end_page()
            self.message(within, depth, _HEADER_WITHIN)
        elif data := part.bytes(_DATA):
            self._attachments.write(name, data, depth)
        else:
            self._attachments.lack(name, "is not in the message.")


class _Part:
    """A message, a recipient or an attachment: its properties."""

    def __init__(self, storage: Storage, header: int) -> None:
        from oxmsg.properties import Properties

        self.storage = storage
        self.properties = Properties(storage, header)

    def text(self, property_: int) -> str:
        """A property that is text; empty if it is not there."""
        try:
            return self.properties.str_prop_value(property_) or ""
        except (LookupError, ValueError):  # an encoding that does not fit, or is none
            name = f"__substg1.0_{property_:04X}001E"
            found = (one.bytes_ for one in self.storage.streams if one.name == name)
            return next(found, b"").decode("cp1252", "replace")

    def bytes(self, property_: int) -> bytes:
        """A property that is bytes; empty if it is not there."""
        try:
            return self.properties.binary_prop_value(property_) or b""
        except LookupError:
            return b""

    def message_within(self) -> Storage | None:
        """The message that is attached."""
        found = (one for one in self.storage.storages if one.name == _MESSAGE_WITHIN)
        return next(found, None)


def _head(part: _Part) -> Iterator[tuple[str, str]]:
    headers = HeaderParser(policy=compat32).parsestr(part.text(_HEADERS))
    address = part.text(_SENDER_SMTP) or part.text(_SENDER_ADDRESS)
    yield "From", header(headers, "From") or _person(part.text(_SENDER), address)
    people: dict[int, list[str]] = {}
    for one in part.storage.iter_recipient_storages():
        person = _Part(one, _HEADER_OF_PART)
        address = person.text(_SMTP) or person.text(_ADDRESS)
        if shown := _person(person.text(_DISPLAY_NAME), address):
            kind = person.properties.int_prop_value(_RECIPIENT_TYPE) or _TO
            people.setdefault(kind, []).append(shown)
    yield "To", ", ".join(people.get(_TO, ())) or part.text(_DISPLAY_TO)
    yield "Cc", ", ".join(people.get(_CC, ())) or part.text(_DISPLAY_CC)
    sent = part.properties.date_prop_value(_SENT)
    yield "Date", format_datetime(sent) if sent else header(headers, "Date")


def _person(name: str, address: str) -> str:
    name = one_line(name)
    return f"{name} <{address}>" if address and name and name != address else name or address


def _name(part: _Part) -> str:
    name = part.text(_LONG_NAME) or part.text(_SHORT_NAME) or part.text(_DISPLAY_NAME)
    # The name of a file, not a path: nothing is ever written or read under it.
    return one_line(name.replace("\\", "/").rpartition("/")[2].replace("\0", "")) or "unnamed"


def _is_shown_in_text(part: _Part) -> bool:
    """A picture that the text refers to: a signature's logo, as a rule."""
    return bool(part.text(_CONTENT_ID)) and part.text(_MIME_TYPE).startswith("image/")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):
        return decode_markup(RawFile(Path("body"), data))
