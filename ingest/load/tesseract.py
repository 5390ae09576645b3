"""Text on images by Tesseract, where it is installed, in the languages that the user names.

Called in this process through the C interface of its library: a worker may start no program.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from ingest.load.ocr import TextBox

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIBRARIES = (
    *("libtesseract.so.5", "libtesseract.so.4", "libtesseract.5.dylib", "libtesseract.dylib"),
    *("/opt/homebrew/lib/libtesseract.dylib", "libtesseract-5.dll", "tesseract55.dll"),
)
_AUTOMATIC_AND_TURNED = 1
"""Page segmentation that looks for columns, and turns a page that lies on its side."""
_WORD = "5"
_SURE = 30.0
"""Words of less certainty, of a hundred, are drawings and dirt as a rule."""


@cache
def recogniser(languages: str, threads: int) -> Tesseract | None:
    """The one of this process; None where Tesseract or a language of it is not installed."""
    # Read once, by the runtime of its threads.
    os.environ.setdefault("OMP_THREAD_LIMIT", str(threads))
    for name in _LIBRARIES:
        with suppress(OSError):
            return Tesseract.opened(_declared(ctypes.CDLL(name)), languages)
    return None


class Tesseract:
    """Reads images of pages."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        self._library, self._handle = library, handle

    @classmethod
    def opened(cls, library: ctypes.CDLL, languages: str) -> Tesseract | None:
        """One for languages (``deu+rus``), if the data of each is installed."""
        handle = library.TessBaseAPICreate()
        library.TessBaseAPISetVariable(handle, b"debug_file", os.devnull.encode())
        failed = library.TessBaseAPIInit3(handle, None, languages.encode())
        # Of several languages it leaves out those that are not there, and says nothing.
        if failed or not set(languages.split("+")) <= _loaded(library, handle):
            library.TessBaseAPIDelete(handle)
            return None
        library.TessBaseAPISetPageSegMode(handle, _AUTOMATIC_AND_TURNED)
        return cls(library, handle)

    def read(self, image: NDArray[np.uint8]) -> list[TextBox]:
        """The text of a grey image (height, width), a box for each line."""
        import numpy as np

        data = np.ascontiguousarray(image)
        height, width = data.shape
        self._library.TessBaseAPISetImage(
            self._handle, data.ctypes.data_as(ctypes.c_char_p), width, height, 1, width
        )
        found = self._library.TessBaseAPIGetTsvText(self._handle, 0)
        try:
            text = (ctypes.cast(found, ctypes.c_char_p).value or b"") if found else b""
        finally:
            self._library.TessDeleteText(found)
            self._library.TessBaseAPIClear(self._handle)
        return _lines(text.decode("utf-8", "replace"))


def _lines(table: str) -> list[TextBox]:
    """The lines of Tesseract's table of words: level, four numbers of a line, box, certainty."""
    lines: dict[tuple[str, ...], TextBox] = {}
    for row in table.splitlines():
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != _WORD or not cells[11].strip():
            continue
        left, top, width, height, certainty = map(float, cells[6:11])
        if certainty < _SURE:
            continue
        word = TextBox(left, top, left + width, top + height, cells[11].strip())
        line = tuple(cells[1:5])
        lines[line] = _joined(lines[line], word) if line in lines else word
    return list(lines.values())


def _joined(line: TextBox, word: TextBox) -> TextBox:
    return TextBox(
        min(line.left, word.left),
        min(line.top, word.top),
        max(line.right, word.right),
        max(line.bottom, word.bottom),
        f"{line.text} {word.text}",
    )


def _loaded(library: ctypes.CDLL, handle: int) -> set[str]:
    names = library.TessBaseAPIGetLoadedLanguagesAsVector(handle)
    found = set()
    for number in range(1000):
        if not names or names[number] is None:
            break
        found.add(names[number].decode("utf-8", "replace"))
    return found


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """The library with the types of its functions (``tesseract/capi.h``)."""
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("TessBaseAPICreate", pointer, ()),
        ("TessBaseAPIDelete", None, (pointer,)),
        ("TessBaseAPIClear", None, (pointer,)),
        ("TessBaseAPISetVariable", number, (pointer, text, text)),
        ("TessBaseAPIInit3", number, (pointer, text, text)),
        ("TessBaseAPISetPageSegMode", None, (pointer, number)),
        ("TessBaseAPISetImage", None, (pointer, text, *[number] * 4)),
        ("TessBaseAPIGetTsvText", pointer, (pointer, number)),
        ("TessDeleteText", None, (pointer,)),
        ("TessBaseAPIGetLoadedLanguagesAsVector", ctypes.POINTER(text), (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
