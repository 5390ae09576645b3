"""Numbers and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from rag_app.types import media
from rag_app.types.nouns import counted

KINDS = {
    media.PDF: "PDF",
    media.MARKDOWN: "Markdown",
    media.TEXT: "Text",
    media.DOC: "Word",
    media.DOCX: "Word",
    media.PPT: "PowerPoint",
    media.PPTX: "PowerPoint",
    media.XLS: "Excel",
    media.XLSX: "Excel",
    media.CSV: "CSV",
    media.HTML: "HTML",
    media.EPUB: "EPUB",
    media.EMAIL: "E-mail",
    media.MSG: "E-mail",
    media.ODT: "OpenDocument",
    media.ODS: "OpenDocument",
    media.ODP: "OpenDocument",
    media.RTF: "RTF",
    media.NOTEBOOK: "Jupyter",
    media.JSON: "JSON",
    media.XML: "XML",
    media.RST: "reStructuredText",
    media.ASCIIDOC: "AsciiDoc",
    media.SOURCE_CODE: "Source code",
    media.PNG: "PNG",
    media.JPEG: "JPEG",
    media.TIFF: "TIFF",
    media.BMP: "BMP",
    media.WEBP: "WebP",
    media.ZIP: "ZIP",
    media.TAR: "TAR",
}


def zone() -> tzinfo:
    """The reader's time zone, which the browser tells."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def kind(media_type: str) -> str:
    """What people call a kind of document."""
    return KINDS.get(media_type, media_type)


def count(number: int, noun: str) -> str:
    """``1 page``, ``2 pages``, ``1,200 pages``."""
    return counted(number, noun)


def are(number: int, noun: str) -> str:
    """``1 file is``, ``2 files are``."""
    return f"{count(number, noun)} {'is' if number == 1 else 'are'}"


def size(number: int) -> str:
    """Bytes in the unit that gives up to three digits."""
    amount = float(number)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.{int(amount < 10 and unit != 'bytes')}f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def seconds(amount: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min``."""
    if amount < 10:
        return f"{amount:.1f} s"
    return f"{amount:.0f} s" if amount < 120 else f"{amount / 60:.0f} min"


def when(moment: datetime) -> str:
    """A moment of the past: ``just now``, ``12 min ago``, or its day."""
    passed = (datetime.now(UTC) - moment).total_seconds()
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed / 60:.0f} min ago"
    if passed < 86_400:
        return f"{passed / 3600:.0f} h ago"
    return f"{moment.astimezone(zone()):%-d %B %Y}"
