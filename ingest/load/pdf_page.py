"""One page of a PDF: its own text, or what is recognised on its image where that is no text."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ingest.load import ocr, pdfium
from ingest.load.garbage import is_garbage
from ingest.load.layout import StyledPage
from ingest.load.options import LoadOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pypdfium2 import PdfDocument, PdfPage

_DOTS = 200 / 72  # in a point: 200 an inch
_MOST_PIXELS = 6e6
_LOOK_PIXELS = 2e5
_CONTRAST = 24
_STAMP = 150  # characters of text that a scanner or a web site may have put on a scan
_COVERED = 0.8
_LETTER = re.compile(r"[^\W_]")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NO_WIDTH = 0.01
_LOST = 0.3


class PageReader:
    """Reads the pages of a document.

    Args:
        document: An open one.
        options: Whether and how text is recognised.

    Attributes:
        unread: Pages that are images, and were not recognised because that is not installed.
        incomplete: Pages with text that is there and cannot be had.
    """

    def __init__(self, document: PdfDocument, options: LoadOptions) -> None:
        self._document, self._options = document, options
        self.unread = self.incomplete = 0

    def read(self, index: int) -> StyledPage:
        """The page at ``index`` (from 0); a broken one is a page without text."""
        try:
            text, lines, notes = pdfium.read_page(self._document, index)
            seen = self._recognised(index, text) if self._is_wanted(index, text) else ""
        except pdfium.PdfBrokenError:
            return StyledPage(index + 1, "", [])
        if seen:
            return StyledPage(index + 1, seen, [], notes, recognised=True)
        with suppress(pdfium.PdfBrokenError):
            self.incomplete += self._loses_text(index, text)
        return StyledPage(index + 1, text, lines, notes)

    def _is_wanted(self, index: int, text: str) -> bool:
        if self._options.ocr != "auto":
            return self._options.ocr == "always"
        if not _LETTER.search(text) or is_garbage(text):
            return True
        return len(text) <= _STAMP and self._is_covered(index)

    def _is_covered(self, index: int) -> bool:
        """Whether one image takes the whole page, as on a scan."""
        from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

        with pdfium.LOCK, pdfium.text_page(self._document, index) as (page, _):
            width, height = page.get_size()
            for image in page.get_objects([FPDF_PAGEOBJ_IMAGE], max_depth=3):
                left, bottom, right, top = image.get_bounds()
                if (right - left) * (top - bottom) >= _COVERED * width * height:
                    return True
        return False

    def _loses_text(self, index: int, text: str) -> bool:
        """Whether lines are missing: PDFium drops those that are vertical in a font it lacks.

        It takes them to be without width. Nor does it draw them, so that none can be recognised.
        """
        from pypdfium2.raw import FPDF_PAGEOBJ_TEXT

        if len(text) > _STAMP and not _EAST_ASIAN.search(text):
            return False
        lost = every = 0
        with pdfium.LOCK, pdfium.text_page(self._document, index) as (page, _):
            for words in page.get_objects([FPDF_PAGEOBJ_TEXT], max_depth=3):
                left, _, right, _ = words.get_bounds()
                lost += right - left < _NO_WIDTH
                every += 1
        return lost > 1 and lost > _LOST * every

    def _recognised(self, index: int, text: str) -> str:
        """What is seen on the page, if that is more than its text says."""
        image = self._draw(index)
        if image is None:
            return ""
        reader = ocr.recogniser(self._options)
        if reader is None:
            self.unread += not _LETTER.search(text) or is_garbage(text)
            return ""
        from ingest.load.ocr_lines import page_text

        seen = page_text(reader.read(image))
        if self._options.on_page is not None:
            self._options.on_page()
        letters = len(_LETTER.findall(seen))
        is_stamp = self._options.ocr == "auto" and not is_garbage(text)
        return seen if letters > (len(_LETTER.findall(text)) if is_stamp else 0) else ""

    def _draw(self, index: int) -> NDArray[np.uint8] | None:
        """The page in grey; None if it is blank."""
        with pdfium.LOCK, pdfium.text_page(self._document, index) as (page, _):
            small = _image(page, _LOOK_PIXELS)
            if int(small.max()) - int(small.min()) < _CONTRAST:
                return None
            return _image(page, _MOST_PIXELS)


def _image(page: PdfPage, most_pixels: float) -> NDArray[np.uint8]:
    import numpy as np

    width, height = page.get_size()
    scale = min(_DOTS, math.sqrt(most_pixels / max(width * height, 1.0)))
    drawn = page.render(scale=scale, grayscale=True).to_numpy()
    # Its memory is PDFium's, and goes with the page.
    return np.array(drawn, np.uint8).reshape(drawn.shape[:2])
