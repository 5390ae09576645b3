"""Messages (EML): head, text and attachments, each attachment read by the loader of its format.

The message is the first page; every attachment that can be read adds its own pages below a heading
with its name. One that cannot be read is named with the reason, so that nobody takes it for read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from pathlib import Path

from ingest.load.attachment import Attachments
from ingest.load.markup import write_markup
from ingest.load.options import LoadOptions, RawFile
from ingest.load.text import decode
from ingest.load.webpage import decode_markup
from ingest.load.writer import DocumentWriter, one_line
from ingest.load.xmltree import parse_html
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument
from rag_app.types.media import EMAIL

_HEAD = ("From", "To", "Cc", "Date")
_MESSAGE = "message/rfc822"


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads a message.

    Raises:
        DocumentSkippedError: It has neither a head nor text.
        DocumentUnreadableError: It is no message.
    """
    message = message_from_bytes(file.data, policy=compat32)
    if not any(message.get(name) for name in (*_HEAD, "Subject", "Message-ID", "Received")):
        raise DocumentUnreadableError(
            f"{file.name} is not an e-mail message: no sender, date or subject is in it. Export "
            "it again from the mail program as EML."
        )
    writer = DocumentWriter()
    attachments = Attachments(writer, options)
    _Reader(writer, attachments).message(message, 1)
    if writer.is_blank and writer.page == 1:
        raise DocumentSkippedError(f"{file.name} is a message without any text.")
    return replace(writer.document(EMAIL, header(message, "Subject")), warning=attachments.warning)


def header(message: Message, name: str) -> str:
    """A line of a message's head, decoded as far as it can be."""
    raw = str(message.get(name, ""))
    try:
        return one_line(str(make_header(decode_header(raw))))
    except (LookupError, ValueError):  # an encoding that does not exist, or is broken
        return one_line(raw.encode("utf-8", "replace").decode("utf-8", "replace"))


class _Reader:
    def __init__(self, writer: DocumentWriter, attachments: Attachments) -> None:
        self._writer, self._attachments = writer, attachments

    def message(self, message: Message, depth: int) -> None:
        """Writes a message with its attachments."""
        self._writer.heading(depth, header(message, "Subject"))
        for name in _HEAD:
            if value := header(message, name):
                self._writer.line(f"{name}: {value}")
        parts = list(_leaves(message))
        attached = [one for one in parts if _is_attachment(one)]
        if names := ", ".join(_name(one) for one in attached):
            self._writer.line(f"Attachments: {names}")
        self._body([one for one in parts if not _is_attachment(one)])
        for one in attached:
            self._attachment(one, depth + 1)

    def _body(self, parts: list[Message]) -> None:
        # A message that says it has parts and has none is text.
        kinds = ("text/plain", "multipart/mixed", "multipart/alternative")
        plain = [one for one in parts if one.get_content_type() in kinds]
        pages = [one for one in parts if one.get_content_type() == "text/html"]
        texts = [text for one in plain if (text := _text(one, decode).strip())]
        for text in texts:
            self._writer.paragraph(text)
        for one in pages if not texts else ():
            root = parse_html(_text(one, decode_markup))
            if root is not None:
                write_markup(self._writer, root)

    def _attachment(self, part: Message, depth: int) -> None:
        name = _name(part)
        if not self._attachments.may_follow(name, depth):
            return
        if (inner := _message_within(part)) is not None:
            self._writer.end_page()
            self.message(inner, depth)
            return
        self._attachments.write(name, _bytes(part), depth)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts of a message that hold something, without those of messages within."""
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        payload = part.get_payload()
        if part.get_content_type() != _MESSAGE and isinstance(payload, list):
            waiting[:0] = [one for one in payload if isinstance(one, Message)]
        else:
            yield part


def _is_attachment(part: Message) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_content_type() == _MESSAGE:
        return True
    return bool(part.get_filename()) and part.get_content_maintype() != "image"


def _message_within(part: Message) -> Message | None:
    inner = part.get_payload()
    if part.get_content_type() != _MESSAGE or not isinstance(inner, list):
        return None
    return next((one for one in inner if isinstance(one, Message)), None)


def _name(part: Message) -> str:
    if (inner := _message_within(part)) is not None:
        return part.get_filename() or header(inner, "Subject") or "message"
    try:
        name = str(make_header(decode_header(part.get_filename() or "")))
    except (LookupError, ValueError):
        name = part.get_filename() or ""
    # The name of a file, not a path: nothing is ever written or read under it.
    return one_line(name.replace("\\", "/").rpartition("/")[2].replace("\0", "")) or "unnamed"


def _bytes(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: Message, otherwise: Callable[[RawFile], str]) -> str:
    """The characters of a part by the encoding that it declares, or by what fits."""
    data = _bytes(part)
    charset = part.get_content_charset()
    try:
        if charset:
            return data.decode(charset).replace("\r\n", "\n")
    except (LookupError, ValueError):
        pass
    try:
        return otherwise(RawFile(Path("part"), data))
    except DocumentSkippedError:  # white space, or no text
        return ""
