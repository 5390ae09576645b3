"""Token ids of texts, fast: a word that was met before is looked up.

For a static model, tokenizing is most of the work. BERT's tokenizers split a text at spaces and at
punctuation before anything else, so each piece can be tokenized alone and remembered, with the
same result. Other tokenizers do all of their work every time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_PUNCTUATION = r"!-/:-@\[-`{-~"
_PIECE = re.compile(rf"[{_PUNCTUATION}]|[^ \t\n\r{_PUNCTUATION}]+")
"""What BERT's splitting never joins; it may split a piece further, at other punctuation."""
_REMEMBERED = 100_000
_TOGETHER = 256
_BERT = {"normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer", "model": "WordPiece"}


class Tokens:
    """Turns texts into token ids, without special tokens. Safe for several threads.

    Args:
        tokenizer: A ``tokenizers.Tokenizer``; from now on it neither cuts nor pads.
    """

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - its library is imported late
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        parts = json.loads(tokenizer.to_str())
        self._by_piece = all(
            (parts.get(part) or {}).get("type") == kind for part, kind in _BERT.items()
        )
        self._known: dict[str, list[int]] = {}

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, all of them."""
        if not self._by_piece:
            return self._encoded(texts)
        return [
            ids
            for start in range(0, len(texts), _TOGETHER)
            for ids in self._looked_up(texts[start : start + _TOGETHER])
        ]

    def unknown_in(self, text: str, unknown: int) -> list[str]:
        """The parts of ``text`` that became the token ``unknown``."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        pairs = zip(encoding.ids, encoding.offsets, strict=True)
        return [text[start:end] for token, (start, end) in pairs if token == unknown]

    def _looked_up(self, texts: Sequence[str]) -> list[list[int]]:
        known = self._known  # another thread may put a new one in its place
        pieces = [_PIECE.findall(text) for text in texts]
        missing = list({piece for some in pieces for piece in some if piece not in known})
        known.update(zip(missing, self._encoded(missing), strict=True))
        found = [[token for piece in some for token in known[piece]] for some in pieces]
        if len(known) > _REMEMBERED:
            self._known = {}
        return found

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encoded]
