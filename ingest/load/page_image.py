"""A PDF page as an image, with passages of its text marked as with a highlighter."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from ctypes import c_int
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.load import pdfium
from ingest.load.pdf_pieces import character_index
from rag_app.errors import DocumentUnreadableError

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage, PdfTextPage

Rectangle = tuple[float, float, float, float]
"""Left, bottom, right and top in points of the page."""

_MARKER = (255, 236, 92)
_MAX_PIXELS = 16e6


def render_page(
    path: Path,
    page: int,
    password: str | None = None,
    highlights: Sequence[tuple[int, int]] = (),
    scale: float = 2.0,
    data: bytes | None = None,
) -> bytes:
    """Draws a page as PNG, with the given ranges of its raw text marked in yellow.

    Args:
        path: The PDF file.
        page: 1-based page number.
        password: For an encrypted file.
        highlights: Start and end offsets in the page's text as its loader gives it.
        scale: Pixels for each point (1/72 inch); lowered for a page of poster size.
        data: Its bytes, if the path does not lead to a file on disk.

    Raises:
        DocumentUnreadableError: The file is encrypted or broken, or has no such page.
    """
    try:
        with pdfium.open_pdf(data or path, path.name, password) as document, pdfium.LOCK:
            if not 1 <= page <= len(document):
                raise DocumentUnreadableError(
                    f"{path.name} has no page {page}. It may have changed: ingest it again."
                )
            with pdfium.text_page(document, page - 1) as (handle, text_page):
                width, height = handle.get_size()
                scale = min(scale, math.sqrt(_MAX_PIXELS / max(width * height, 1.0)))
                image = handle.render(scale=scale).to_pil().convert("RGB")
                boxes = _rectangles(text_page, highlights)
                _mark(image, [_to_pixels(handle, box, image.size) for box in boxes])
    except pdfium.PdfBrokenError as error:
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
        pdfium.open_pdf(path, path.name, password) as document,
        pdfium.LOCK,
        pdfium.text_page(document, page - 1) as (_, text_page),
    ):
        return _rectangles(text_page, highlights)


def _rectangles(page: PdfTextPage, ranges: Sequence[tuple[int, int]]) -> list[Rectangle]:
    text, content = pdfium.raw_text(page), pdfium.page_text(page)
    index_of = character_index(page, text)
    boxes: list[Rectangle] = []
    for start, end in (one for marked in ranges for one in content.raw_ranges(*marked)):
        first = index_of(start)
        last = index_of(max(start, end - 1))
        if first >= 0 and last >= first:
            count = page.count_rects(first, last - first + 1)
            boxes += [page.get_rect(number) for number in range(count)]
    return boxes


def _to_pixels(page: PdfPage, box: Rectangle, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The same rectangle on the image; PDFium knows the page's rotation and crop box."""
    from pypdfium2 import raw

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
