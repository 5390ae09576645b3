"""Names that people call kinds of documents and languages by."""

from __future__ import annotations

from rag_app.types import media

KINDS: dict[str, frozenset[str]] = {
    "pdf": frozenset({media.PDF}),
    "word": frozenset({media.DOC, media.DOCX, media.ODT, media.RTF}),
    "slides": frozenset({media.PPT, media.PPTX, media.ODP}),
    "spreadsheet": frozenset({media.XLS, media.XLSX, media.ODS, media.CSV}),
    "web": frozenset({media.HTML}),
    "book": frozenset({media.EPUB}),
    "mail": frozenset({media.EMAIL, media.MSG}),
    "markdown": frozenset({media.MARKDOWN}),
    "text": frozenset({media.TEXT, media.RST, media.ASCIIDOC}),
    "data": frozenset({media.JSON, media.XML}),
    "notebook": frozenset({media.NOTEBOOK}),
    "code": frozenset({media.SOURCE_CODE}),
    "image": media.IMAGES,
}
"""Kind → the media types that it stands for."""

LANGUAGES: dict[str, str] = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "ja": "japanese",
    "nl": "dutch",
    "pt": "portuguese",
    "ru": "russian",
    "sv": "swedish",
    "zh": "chinese",
}
"""The languages that a document can be told to be in: ISO 639-1 code → name in English."""


def kind_of(media_type: str) -> str | None:
    """The kind that a media type belongs to."""
    return next((name for name, types in KINDS.items() if media_type in types), None)
