"""Plain text: bytes in whatever encoding to characters.

A byte order mark decides; then UTF-8, which random bytes hardly ever satisfy; then the statistics
of charset-normalizer. A file with NUL bytes, or with many control characters, is not text.
"""

from __future__ import annotations

import codecs
import re

from ingest.load.options import LoadOptions, RawFile
from rag_app.errors import DocumentSkippedError
from rag_app.types import TEXT, LoadedDocument, Page

# UTF-32 before UTF-16: the little-endian mark of one begins with that of the other.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 65_536


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:  # noqa: ARG001 - a loader's form
    """Reads a text file as one page.

    Raises:
        DocumentSkippedError: It is binary, or holds nothing but white space.
    """
    return LoadedDocument(TEXT, (Page(1, decode(file)),))


def decode(file: RawFile) -> str:
    r"""The characters of a text file, line ends as ``\\n``.

    Raises:
        DocumentSkippedError: It is binary, or holds nothing but white space.
    """
    text = _decoded(file)
    if text is None or _is_binary(text):
        raise DocumentSkippedError(
            f"{file.name} is not text: it has bytes that no text encoding explains. "
            "Save it as UTF-8, or give it the file name ending of its real type."
        )
    if not text.strip():
        raise DocumentSkippedError(f"{file.name} holds only white space: nothing to ingest.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(file: RawFile) -> str | None:
    for mark, encoding in _MARKS:
        if file.data.startswith(mark):
            return file.data.decode(encoding, errors="replace")
    if wide := _wide(file.data):
        return file.data.decode(wide, errors="replace")
    try:
        return file.data.decode("utf-8")
    except UnicodeDecodeError:
        return None if b"\x00" in file.data else _guessed(file)


def _guessed(file: RawFile) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(file.data[:_SAMPLE]).best()
    return None if best is None else file.data.decode(best.encoding, errors="replace")


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of European text is zero, the others are not."""
    even, odd = data[:_SAMPLE:2], data[1:_SAMPLE:2]
    for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros.count(0) > len(zeros) // 2 and others.count(0) == 0:
            return encoding
    return None


def _is_binary(text: str) -> bool:
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) > len(sample) // 100 or "\x00" in sample
