"""Images: photographs of pages, screenshots and scans; their text is recognised."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.load import ocr
from ingest.load.options import LoadOptions, RawFile
from rag_app.errors import DocumentSkippedError, DocumentUnreadableError
from rag_app.types import LoadedDocument, Page, media

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

_TYPES = {
    "PNG": media.PNG,
    "JPEG": media.JPEG,
    "TIFF": media.TIFF,
    "BMP": media.BMP,
    "WEBP": media.WEBP,
}
_MOST_BYTES = 300e6  # of a picture in memory: A3 at 600 dots an inch in colours has 210 MB
_MOST_PIXELS = 8e6
_WIDE = ("I", "F")  # modes with more than 8 bits


def load(file: RawFile, options: LoadOptions) -> LoadedDocument:
    """Reads the text of an image; each image in a TIFF file is a page.

    Raises:
        DocumentSkippedError: Nothing is recognised, or it cannot be.
        DocumentUnreadableError: It is broken, or too large.
    """
    if options.ocr == "off":
        raise DocumentSkippedError(
            f"{file.name} is an image, and recognising text is switched off. Allow it with "
            "--set ocr=auto."
        )
    reader = ocr.recogniser(options)
    if reader is None:
        raise DocumentSkippedError(
            f"{file.name} is an image. Reading it takes OCR: {ocr.install(options)}, and ingest "
            "the file again."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags, and of sizes, which are checked here
            document = _read(file, reader, options)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentUnreadableError(
            f"{file.name} is a broken image, or of a kind that is not read. Open it in an image "
            "viewer and save it as PNG."
        ) from error
    if not any(page.text for page in document.pages):
        raise DocumentSkippedError(
            f"{file.name}: no text was recognised on the image by OCR, which reads print in "
            f"{ocr.reads(options)}. There is nothing to ingest."
        )
    return document


def draw(file: RawFile, page: int) -> bytes:
    """A page as PNG.

    Raises:
        DocumentUnreadableError: It is broken, or there is no such page.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(file.data), formats=[*_TYPES]) as image:
                buffer = io.BytesIO()
                Image.fromarray(_picture(file, image, page - 1)).save(buffer, format="PNG")
                return buffer.getvalue()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise DocumentUnreadableError(
            f"Page {page} of {file.name} cannot be shown. Open the file in an image viewer."
        ) from error


def _read(file: RawFile, reader: ocr.ReadsPages, options: LoadOptions) -> LoadedDocument:
    from PIL import Image

    from ingest.load.ocr_lines import page_text

    pages: list[Page] = []
    try:
        with Image.open(io.BytesIO(file.data), formats=[*_TYPES]) as image:
            # Pillow calls a JPEG of a telephone, with a second picture behind it, MPO.
            media_type = _TYPES.get(str(image.format), media.JPEG)
            for number, picture in enumerate(_pictures(file, image), 1):
                text = page_text(reader.read(picture))
                pages.append(Page(number, text, recognised=bool(text)))
                if options.on_page is not None:
                    options.on_page()
    except Image.DecompressionBombError as error:
        raise _too_large(file) from error
    return LoadedDocument(media_type, tuple(pages))


def _pictures(file: RawFile, image: Image) -> Iterator[NDArray[np.uint8]]:
    """Each page in grey. Other formats than TIFF have one: the rest are frames of a film."""
    frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    for frame in range(frames):
        yield _picture(file, image, frame)


def _picture(file: RawFile, image: Image, frame: int) -> NDArray[np.uint8]:
    image.seek(frame)
    if image.width * image.height * max(1, len(image.getbands())) > _MOST_BYTES:
        raise _too_large(file)
    return _grey(image)


def _grey(image: Image) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image as Images
    from PIL import ImageOps

    scale = math.sqrt(_MOST_PIXELS / (image.width * image.height))
    if scale < 1 and image.format in {"JPEG", "MPO"}:
        image.draft("L", (round(image.width * scale), round(image.height * scale)))
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(_WIDE):
        values = np.asarray(upright, np.float64)
        low, span = float(values.min()), max(1e-9, float(np.ptp(values)))
        upright = Images.fromarray(((values - low) * (255 / span)).astype(np.uint8))
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        white = Images.new("RGBA", upright.size, "white")
        upright = Images.alpha_composite(white, upright)
    grey = upright.convert("L")
    if scale < 1:
        grey.thumbnail((image.width * scale, image.height * scale), reducing_gap=2.0)
    return np.array(grey, np.uint8)


def _too_large(file: RawFile) -> DocumentUnreadableError:
    return DocumentUnreadableError(
        f"{file.name} has more pixels than any page. Make it smaller and ingest it again."
    )
