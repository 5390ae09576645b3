"""Text from documents and models as safe Markdown and HTML.

What a document or a language model says is data. As Markdown it could load a picture from a
server (and so tell it what was read), turn ``$5 and $10`` into a formula, or ``:red[x]`` into
colour; none of that may happen.
"""

from __future__ import annotations

import html
import re

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
_MARK = re.compile(r"\\?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\\?\]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:=^])")
_DIRECTIVE = re.compile(r":(?=[\w+-]+[\[:/])")
_HEADING = re.compile(r"^(#{1,6})(?=\s)", re.MULTILINE)
_SHORT = 180


def quoted(text: str) -> str:
    """Markdown that shows ``text`` exactly as it is; for words of a document."""
    return _SPECIAL.sub(r"\\\1", text)


def verbatim_answer(text: str, prefix: str) -> str:
    """Markdown of an answer that consists of quotations and citation marks."""
    parts = re.split(r"(\[\d{1,3}\])", text)
    return "".join(
        _badges(part[1:-1], prefix) if index % 2 else quoted(part)
        for index, part in enumerate(parts)
    )


def model_answer(text: str, prefix: str) -> str:
    """Markdown of a language model's answer: its emphasis, lists, tables and code, no more."""
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _tame(part, prefix) for index, part in enumerate(parts))


def shortened(text: str, length: int = _SHORT) -> str:
    """``text`` on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def marked_passage(passage: str, quote: str) -> str:
    """HTML of a passage with the quoted words marked, where they are found."""
    start = passage.find(quote) if quote else -1
    if start < 0:
        return html.escape(passage)
    end = start + len(quote)
    return (
        f"{html.escape(passage[:start])}<mark>{html.escape(passage[start:end])}</mark>"
        f"{html.escape(passage[end:])}"
    )


def _tame(text: str, prefix: str) -> str:
    text = text.replace("$", r"\$").replace("![", r"!\[").replace("](", r"]\(")
    text = _DIRECTIVE.sub(r"\\:", text)
    text = text.replace("<", "&lt;")
    text = _HEADING.sub("#####", text)
    return _MARK.sub(lambda match: _badges(match.group(1), prefix), text)


def _badges(numbers: str, prefix: str) -> str:
    """Citation marks as links that the page turns into a click on the source's card."""
    return "".join(
        f"[:primary-badge[{number.strip()}]](#{prefix}-{number.strip()})"
        for number in numbers.split(",")
    )
