"""Kinds of documents, by the media types that they are recorded as."""

from __future__ import annotations

PDF = "application/pdf"
TEXT = "text/plain"
MARKDOWN = "text/markdown"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOC = "application/msword"
PPT = "application/vnd.ms-powerpoint"
XLS = "application/vnd.ms-excel"
ODT = "application/vnd.oasis.opendocument.text"
ODP = "application/vnd.oasis.opendocument.presentation"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
EPUB = "application/epub+zip"
RTF = "application/rtf"
HTML = "text/html"
EMAIL = "message/rfc822"
MSG = "application/vnd.ms-outlook"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
BMP = "image/bmp"
WEBP = "image/webp"
ZIP = "application/zip"
TAR = "application/x-tar"
CSV = "text/csv"
RST = "text/x-rst"
ASCIIDOC = "text/asciidoc"
XML = "application/xml"
JSON = "application/json"
NOTEBOOK = "application/x-ipynb+json"
SOURCE_CODE = "text/x-source"

IMAGES = frozenset({PNG, JPEG, TIFF, BMP, WEBP})
"""Their text is recognised."""

PRINTED = IMAGES | {PDF}
"""Their lines are those of paper: they end where the paper does, in the middle of sentences."""

PAGINATED = frozenset({PDF, PPTX, ODP, TIFF})
"""Their pages (a presentation's slides) are pages that a reader would turn to."""

CELLS = frozenset({XLSX, ODS, CSV})
"""Their headings are ranges of cells."""

PLACED_BY_HEADING = CELLS | {EPUB, EMAIL, MSG}
"""Their headings are the place to cite: a sheet and its cells, rows, a chapter, an attachment."""

BY_LINE = PRINTED | {SOURCE_CODE, JSON}
"""Their line ends mean something: a passage may end at any of them."""
