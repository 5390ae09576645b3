"""Files attached to messages, each read by the loader of its format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from ingest.load.archive import DAMAGES, open_archive
from ingest.load.members import read_entry
from ingest.load.options import LoadOptions, RawFile
from ingest.load.writer import DocumentWriter
from rag_app.errors import DocumentError, DocumentSkippedError, DocumentUnreadableError
from rag_app.types.archives import is_archive

MOST_ATTACHMENTS = 200
DEEPEST = 4
"""Messages within messages are followed so far."""
_NAMED = 5


class Attachments:
    """The attached files of a message and of those within it.

    One that cannot be read is named in the text with the reason, and in the warning that comes with
    the document, so that nobody takes it for read.

    Args:
        writer: Where their pages go.
        options: How they are read.
    """

    def __init__(self, writer: DocumentWriter, options: LoadOptions) -> None:
        self._writer, self._options = writer, options
        self._left, self._bytes_left = MOST_ATTACHMENTS, options.max_bytes
        self._unread: list[str] = []
        self._warnings: list[str] = []

    def may_follow(self, name: str, depth: int) -> bool:
        """Whether one more is to be read; noted if not."""
        if self._left <= 0 or depth > DEEPEST:
            self._unread.append(name)
            return False
        self._left -= 1
        return True

    def lack(self, name: str, why: str) -> None:
        """Notes one that cannot be read."""
        self._writer.paragraph(f"[Attachment {name} {why}]")
        self._unread.append(name)

    def warn(self, what: str) -> None:
        """Notes something else that is missing."""
        self._writer.paragraph(f"[{what}]")
        self._warnings.append(what)

    def write(self, name: str, data: bytes, depth: int) -> None:
        """Adds the pages of one, or of all files in it, below headings with their names."""
        try:
            if is_archive(name) and not self._is_document(name, data):
                self._write_archive(name, data, depth)
            else:
                self._write_file(name, data, depth)
        except DocumentSkippedError as error:  # there is nothing to read in it
            self._writer.paragraph(f"[Attachment {name} was not read: {error}]")
        except DocumentError as error:
            self.lack(name, f"was not read: {error}")

    @property
    def warning(self) -> str:
        """What is missing; empty if nothing is."""
        return " ".join([*missing_files(self._unread), *dict.fromkeys(self._warnings)])

    def _is_document(self, name: str, data: bytes) -> bool:
        """Whether what is called an archive is an Office file or an e-book."""
        from ingest.load import told_by_content, told_format

        file = RawFile(Path(name), data)
        named = told_format(file).media_type
        return told_by_content(file, named) != named

    def _write_file(self, name: str, data: bytes, depth: int) -> None:
        from ingest.load import load_file

        document = load_file(RawFile(Path(name), data), self._options)
        if document.warning:
            self._warnings.append(f"{name}: {document.warning}")
        for page in document.pages:
            self._writer.end_page()
            self._writer.heading(depth, f"Attachment {name}")
            self._writer.place(page, (one for one in document.headings if one.page == page.number))

    def _write_archive(self, name: str, data: bytes, depth: int) -> None:
        """All files together may have the size that one may have."""
        archive = open_archive(BytesIO(data), name)
        try:
            for entry in archive:
                inner = f"{name}/{entry.name}"
                if not self.may_follow(inner, depth):
                    continue
                try:
                    options = replace(self._options, max_bytes=self._bytes_left)
                    found = read_entry(archive, entry, options)
                    self._bytes_left -= len(found)
                    self._write_file(inner, found, depth)
                except DocumentSkippedError as error:
                    self._writer.paragraph(f"[Attachment {inner} was not read: {error}]")
                except DocumentError as error:
                    self.lack(inner, f"was not read: {error}")
        except DAMAGES as error:
            raise DocumentUnreadableError(
                f"{name} is damaged or cut off, and there may be more in it."
            ) from error
        finally:
            archive.close()


def missing_files(names: Sequence[str]) -> list[str]:
    """A sentence that names attached files that were not read, if there are any."""
    if not names:
        return []
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    what = "1 attached file was" if len(names) == 1 else f"{len(names)} attached files were"
    return [f"{what} not read ({shown}{more}); the text says why, and what to do."]
