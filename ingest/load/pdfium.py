"""PDFium: opening, text with the style of each line, and page images with highlights.

PDFium is not thread-safe: every call into it, closing included, is made under ``LOCK``. The lock
is taken page by page, so that a page image does not wait for a whole report to be read.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_int
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from rag_app.errors import DocumentUnreadableError

if TYPE_CHECKING:
    from PIL.Image import Image

LOCK = RLock()

Rectangle = tuple[float, float, float, float]
"""Left, bottom, right and top in points of the page."""

_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_MARKER = (255, 236, 92)
_MAX_PIXELS = 16e6


class PdfBrokenError(Exception):
    """PDFium cannot make anything of the file; another parser may."""


class Line(NamedTuple):
    """A line of a page's raw text: where it stands in the text, and how it is set on the page.

    ``start`` and ``end`` are offsets in the raw text; ``top`` and ``bottom`` (points, upwards) are
    of its first character, as are ``size`` and ``weight``.
    """

    start: int
    end: int
    top: float
    bottom: float
    size: float
    weight: int


@contextmanager
def open_pdf(source: Path | bytes, name: str, password: str | None = None) -> Iterator[Any]:
    """Opens a document (a ``pypdfium2.PdfDocument``) and closes it.

    Raises:
        DocumentUnreadableError: It is encrypted, and the password is missing or wrong.
        PdfBrokenError: It is not a PDF, or broken beyond what PDFium mends.
    """
    import pypdfium2

    try:
        with LOCK:
            document = pypdfium2.PdfDocument(source, password=password or None)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _WRONG_PASSWORD:
            raise _encrypted(name, password) from error
        raise PdfBrokenError(str(error)) from error
    try:
        yield document
    finally:
        with LOCK:
            document.close()


def read_page(document: Any, index: int) -> tuple[str, list[Line]]:
    """The raw text of the page at ``index`` (from 0) and its lines.

    Raises:
        PdfBrokenError: The page cannot be read.
    """
    with LOCK, _text_page(document, index) as (_, text_page):
        text = _text(text_page)
        return text, _lines(text_page, text)


def outline(document: Any) -> list[tuple[int, int, str]]:
    """The bookmarks that lead to a page: level (from 1), page number (from 1), title."""
    import pypdfium2

    found = []
    with LOCK:
        try:
            for mark in document.get_toc():
                target = mark.get_dest()
                index = target.get_index() if target else None
                title = " ".join(mark.get_title().split())
                if index is not None and title:
                    found.append((mark.level + 1, index + 1, title))
        except pypdfium2.PdfiumError:
            return found  # a broken outline is worth what was read of it
    return found


def properties(document: Any) -> tuple[dict[str, str], list[str]]:
    """The information dictionary (without empty entries), and the label of each page."""
    with LOCK:
        metadata = {key: value.strip() for key, value in document.get_metadata_dict().items()}
        labels = [document.get_page_label(index) for index in range(len(document))]
    return {key: value for key, value in metadata.items() if value}, labels


def render_page(
    path: Path,
    page: int,
    password: str | None = None,
    highlights: Sequence[tuple[int, int]] = (),
    scale: float = 2.0,
) -> bytes:
    """Draws a page as PNG, with the given ranges of its raw text marked in yellow.

    Args:
        path: The PDF file.
        page: 1-based page number.
        password: For an encrypted file.
        highlights: Start and end offsets in the page's raw text.
        scale: Pixels for each point (1/72 inch); lowered for a page of poster size.

    Raises:
        DocumentUnreadableError: The file is encrypted or broken, or has no such page.
    """
    try:
        with open_pdf(path, path.name, password) as document, LOCK:
            if not 1 <= page <= len(document):
                raise DocumentUnreadableError(
                    f"{path.name} has no page {page}. It may have changed: ingest it again."
                )
            with _text_page(document, page - 1) as (handle, text_page):
                width, height = handle.get_size()
                scale = min(scale, math.sqrt(_MAX_PIXELS / max(width * height, 1.0)))
                image = handle.render(scale=scale).to_pil().convert("RGB")
                boxes = _rectangles(text_page, highlights)
                _mark(image, [_to_pixels(handle, box, image.size) for box in boxes])
    except PdfBrokenError as error:
        raise DocumentUnreadableError(
            f"Page {page} of {path.name} cannot be drawn ({error}). Open the file in a PDF reader."
        ) from error
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def quote_rectangles(
    path: Path, page: int, highlights: Sequence[tuple[int, int]], password: str | None = None
) -> list[Rectangle]:
    """Where ranges of the raw text stand on the page, one rectangle for each line they touch."""
    with (
        open_pdf(path, path.name, password) as document,
        LOCK,
        _text_page(document, page - 1) as (_, text_page),
    ):
        return _rectangles(text_page, highlights)


def _encrypted(name: str, password: str | None) -> DocumentUnreadableError:
    if password:
        return DocumentUnreadableError(
            f"{name} is encrypted and the password given does not open it. "
            "Give the right one with --password."
        )
    return DocumentUnreadableError(f"{name} is encrypted. Give its password with --password.")


@contextmanager
def _text_page(document: Any, index: int) -> Iterator[tuple[Any, Any]]:
    import pypdfium2

    page = None
    try:
        page = document[index]
        text_page = page.get_textpage()
        try:
            yield page, text_page
        finally:
            text_page.close()
    except pypdfium2.PdfiumError as error:
        raise PdfBrokenError(str(error)) from error
    finally:
        if page is not None:
            page.close()


def _text(text_page: Any) -> str:
    # 'replace' keeps one character for one, where 'ignore' would shift all offsets behind it.
    text: str = text_page.get_text_range(errors="replace")
    return text


def _lines(text_page: Any, text: str) -> list[Line]:
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    lines, start = [], 0
    for content in text.split("\r\n"):
        end = start + len(content)
        index = _char_index(text_page, text, start)
        if content.strip() and raw.FPDFText_GetLooseCharBox(text_page, index, box):
            size = raw.FPDFText_GetFontSize(text_page, index)
            weight = raw.FPDFText_GetFontWeight(text_page, index)
            lines.append(Line(start, end, box.top, box.bottom, size, weight))
        start = end + 2
    return lines


def _char_index(text_page: Any, text: str, offset: int) -> int:
    """PDFium's own index of the character at ``offset``; it counts in UTF-16 units."""
    import pypdfium2.raw as raw

    wide = 0 if text.isascii() else sum(1 for char in text[:offset] if char > "\uffff")
    return int(raw.FPDFText_GetCharIndexFromTextIndex(text_page, offset + wide))


def _rectangles(text_page: Any, ranges: Sequence[tuple[int, int]]) -> list[Rectangle]:
    text = _text(text_page)
    boxes: list[Rectangle] = []
    for start, end in ranges:
        first = _char_index(text_page, text, start)
        last = _char_index(text_page, text, max(start, end - 1))
        if first >= 0 and last >= first:
            count = text_page.count_rects(first, last - first + 1)
            boxes += [text_page.get_rect(number) for number in range(count)]
    return boxes


def _to_pixels(page: Any, box: Rectangle, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The same rectangle on the image; PDFium knows the page's rotation and crop box."""
    import pypdfium2.raw as raw

    x, y = c_int(), c_int()
    corners = []
    for across, up in ((box[0] - 1, box[1] - 1), (box[2] + 1, box[3] + 1)):
        raw.FPDF_PageToDevice(page, 0, 0, *size, 0, across, up, x, y)
        corners.append((min(max(x.value, 0), size[0]), min(max(y.value, 0), size[1])))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _mark(image: Image, boxes: Sequence[tuple[int, int, int, int]]) -> None:
    from PIL import Image as Images
    from PIL import ImageChops

    for box in boxes:
        width, height = box[2] - box[0], box[3] - box[1]
        if width > 0 and height > 0:
            # Multiplied like ink, a highlighter leaves the letters as dark as they were.
            pen = Images.new("RGB", (width, height), _MARKER)
            image.paste(ImageChops.multiply(image.crop(box), pen), box)
