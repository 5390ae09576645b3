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
    "af": "afrikaans",
    "ar": "arabic",
    "az": "azerbaijani",
    "be": "belarusian",
    "bg": "bulgarian",
    "bn": "bengali",
    "ca": "catalan",
    "cs": "czech",
    "cy": "welsh",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "gl": "galician",
    "gu": "gujarati",
    "he": "hebrew",
    "hi": "hindi",
    "hr": "croatian",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "is": "icelandic",
    "it": "italian",
    "ja": "japanese",
    "ka": "georgian",
    "kk": "kazakh",
    "kn": "kannada",
    "ko": "korean",
    "la": "latin",
    "lt": "lithuanian",
    "lv": "latvian",
    "mk": "macedonian",
    "ml": "malayalam",
    "mn": "mongolian",
    "mr": "marathi",
    "ms": "malay",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pa": "punjabi",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sk": "slovak",
    "sl": "slovenian",
    "sq": "albanian",
    "sr": "serbian",
    "sv": "swedish",
    "sw": "swahili",
    "ta": "tamil",
    "te": "telugu",
    "th": "thai",
    "tl": "tagalog",
    "tr": "turkish",
    "uk": "ukrainian",
    "ur": "urdu",
    "uz": "uzbek",
    "vi": "vietnamese",
    "zh": "chinese",
}
"""The languages that a document can be told to be in: ISO 639-1 code → name in English.

Of those that are hardly told apart only one is here: no Bosnian beside Croatian, no Nynorsk beside
Norwegian.
"""


def kind_of(media_type: str) -> str | None:
    """The kind that a media type belongs to."""
    return next((name for name, types in KINDS.items() if media_type in types), None)
