"""Text layers that are garbage: the page shows words, and the file holds other characters."""

from __future__ import annotations

import re

# Replacement characters, private use, control characters (U+0002 and U+FFFE are hyphens of PDFium).
_NO_TEXT = re.compile(r"[\ufffd\ue000-\uf8ff\x00\x01\x03-\x08\x0e-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s")
_RULES = re.compile(r"[\s._\-–—=*|]")
_WORD_CHARACTER = re.compile(r"[^\W_]")
_LATIN = re.compile(r"[A-Za-z]")
_VOWEL = re.compile(r"[AEIOUYaeiouy]")
_FEW = 20  # characters that say nothing about a page
_ENOUGH = 200  # letters whose statistics do
_BAD = 0.3
_WORDS = 0.4
_VOWELS = 0.15  # 0.38 in English, 0.25 in tables of abbreviations


def is_garbage(text: str) -> bool:
    """Whether the text of a page cannot be what a reader sees on it.

    Three signs: characters that stand for nothing, hardly any letters and digits, and Latin
    letters with hardly a vowel, which is what a font with shuffled codes gives.
    """
    characters = len(text) - len(_SPACE.findall(text))
    if characters < _FEW:
        return False
    if len(_NO_TEXT.findall(text)) > _BAD * characters:
        return True
    without_rules = len(text) - len(_RULES.findall(text))
    words = len(_WORD_CHARACTER.findall(text))
    if without_rules >= _ENOUGH and words < _WORDS * without_rules:
        return True
    latin = len(_LATIN.findall(text))
    return latin >= max(_ENOUGH, words / 2) and len(_VOWEL.findall(text)) < _VOWELS * latin
