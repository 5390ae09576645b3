"""Text on images of pages, recognised offline: the package rapidocr brings its models along.

PP-OCRv6 finds the lines of a page, and reads each. Two things are done around it. The page is
searched in bands, which halves the memory. And pages that lie on a side or on their head are
turned: many lines together tell that, where one alone is often mistaken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ingest.load.options import LoadOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]
    Quads = NDArray[np.float32]

PACKAGE = "rapidocr"
INSTALL = "pip install 'rag-app[ocr]'"
READS = "languages in Latin letters, Chinese and Japanese"

_SEARCHED_PIXELS = 2.3e6  # A4 at 150 dots an inch: more finds no more lines
_BAND_PIXELS = 1.2e6
_MARGIN = 60  # a line of that height is whole in one of two bands
_TALL = 1.5
_ASKED = 16  # lines that vote whether the page stands on its head
_DOUBT = 0.25  # of them; then a few are read both ways
_READ = 4
_SURE = 0.5
_NO_MEMORY = ("bad_alloc", "allocate memory", "Insufficient memory")


class TextBox(NamedTuple):
    """A line of text, or a part of one, in pixels of the upright page."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


class ReadsPages(Protocol):
    """What recognises text."""

    def read(self, image: Image) -> list[TextBox]:
        """The text of a grey image (height, width), in no order."""


def recogniser(options: LoadOptions) -> ReadsPages | None:
    """The one of this process that reads what the options ask for; None if it is not installed.

    Its models take half a second to load.
    """
    if options.ocr_languages:
        from ingest.load import tesseract

        return tesseract.recogniser(options.ocr_languages, options.ocr_threads)
    return _bundled(options.ocr_threads) if find_spec(PACKAGE) is not None else None


def install(options: LoadOptions) -> str:
    """What is to be done where it is not installed."""
    if not (languages := options.ocr_languages):
        return f"install it with {INSTALL}"
    data = " ".join(f"tesseract-ocr-{one.replace('_', '-')}" for one in languages.split("+"))
    return (
        f"ocr_languages = '{languages}' wants Tesseract with the data of each language (Debian: "
        f"apt install {data}), without it the bundled OCR reads {READS}; change that"
    )


def reads(options: LoadOptions) -> str:
    """What can be recognised."""
    if options.ocr_languages:
        return f"the languages {options.ocr_languages} (ocr_languages)"
    return READS


@cache
def _bundled(threads: int) -> Recogniser:
    return Recogniser(threads)


class Recogniser:
    """Reads images of pages.

    Args:
        threads: How many compute.
    """

    def __init__(self, threads: int) -> None:
        import cv2
        from rapidocr import RapidOCR

        cv2.setNumThreads(threads)
        # With their paths given, no model is ever looked for elsewhere.
        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.width_height_ratio": -1,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "Det.model_path": _model("det"),
                "Det.limit_type": "max",
                "Cls.model_path": _model("cls"),
                "Rec.model_path": _model("rec"),
                "Rec.rec_batch_num": 1,  # more are filled up to the longest
            }
        )

    def read(self, image: Image) -> list[TextBox]:
        """The text of a grey image (height, width), in no order.

        Raises:
            MemoryError: There is not enough.
        """
        import numpy as np

        with _memory_errors():
            page = np.repeat(image[:, :, None], 3, axis=2)
            quads = self._search(page)
            if len(quads) and _is_sideways(quads):
                page = np.ascontiguousarray(np.rot90(page))
                quads = self._search(page)
            if not len(quads):
                return []
            page, quads = self._upright(page, quads)
            return self._recognise(page, quads)

    def _search(self, page: Image) -> Quads:
        """The four corners of each line: (lines, 4, 2), clockwise from the top left."""
        import cv2
        import numpy as np

        scale = min(1.0, math.sqrt(_SEARCHED_PIXELS / (page.shape[0] * page.shape[1])))
        height, width = (max(1, round(scale * side)) for side in page.shape[:2])
        small: Image = np.asarray(
            cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        step = math.ceil(height / math.ceil(height * width / _BAND_PIXELS))
        found: list[Quads] = []
        for top in range(0, height, step):
            start = max(0, top - _MARGIN)
            for quad in self._search_band(small[start : top + step + _MARGIN]):
                quad[:, 1] += start
                if top <= quad[:, 1].mean() < top + step:
                    found.append(quad / scale)
        return np.array(found, np.float32).reshape(-1, 4, 2)

    def _search_band(self, band: Image) -> Sequence[Quads]:
        from rapidocr.main import RapidOCRError

        try:
            _, found = self._engine.detect_and_crop(band, {})
        except RapidOCRError:  # nothing is there
            return ()
        boxes: Sequence[Quads] = found.boxes
        return boxes

    def _upright(self, page: Image, quads: Quads) -> tuple[Image, Quads]:
        import numpy as np

        longest = sorted(quads, key=lambda quad: -float(np.ptp(quad[:, 0])))[:_ASKED]
        lines: list[Image] = self._engine.crop_text_regions(page, longest)
        # The classifier sees lines four times as wide as high, and any longer ones squeezed.
        _, told = self._engine.cls_and_rotate([line[:, : 4 * line.shape[0]] for line in lines])
        votes = sum(label == "180" for label, _ in told.cls_res)
        if votes <= _DOUBT * len(lines) or not self._is_on_its_head(lines[:_READ]):
            return page, quads
        size = np.array([page.shape[1], page.shape[0]], np.float32)
        turned: Quads = np.roll(size - quads, 2, axis=1)
        return np.ascontiguousarray(page[::-1, ::-1]), turned

    def _is_on_its_head(self, lines: Sequence[Image]) -> bool:
        """Whether lines are read with more certainty the other way up."""
        import numpy as np

        turned = [np.ascontiguousarray(line[::-1, ::-1]) for line in lines]
        read = self._engine.recognize_txt([*lines, *turned]).scores
        return bool(sum(read[len(lines) :]) > sum(read[: len(lines)]))

    def _recognise(self, page: Image, quads: Quads) -> list[TextBox]:
        from rapidocr.main import RapidOCRError

        try:
            read = self._engine.recognize_txt(self._engine.crop_text_regions(page, quads))
        except RapidOCRError:
            return []
        upright = _without_skew(quads)
        return [
            TextBox(float(left), float(top), float(right), float(bottom), text.strip())
            for (left, top), (right, bottom), text, score in zip(
                upright.min(axis=1), upright.max(axis=1), read.txts, read.scores, strict=True
            )
            if score >= _SURE and text.strip()
        ]


def _model(task: str) -> str:
    """The path of one of the models in the package."""
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    return str(next(folder.glob(f"*_{task}_*.onnx")))


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Has the libraries' own errors for a lack of memory be what they are."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if any(sign in str(error) for sign in _NO_MEMORY):
            raise MemoryError from error
        raise


def _is_sideways(quads: Quads) -> bool:
    import numpy as np

    across = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    down = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    area = across * down
    return bool(2 * area[down > _TALL * across].sum() > area.sum())


def _without_skew(quads: Quads) -> Quads:
    """The corners turned by the angle that most of the text has, counted by its width."""
    import numpy as np

    run = quads[:, 1] - quads[:, 0]
    order = np.argsort(angles := np.arctan2(run[:, 1], run[:, 0]))
    weight = np.cumsum(np.abs(run[order, 0]))
    angle = float(angles[order][np.searchsorted(weight, weight[-1] / 2)])
    cosine, sine = math.cos(angle), math.sin(angle)
    turned: Quads = quads @ np.array([[cosine, -sine], [sine, cosine]], np.float32)
    return turned
