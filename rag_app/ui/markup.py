"""Text from documents and models as safe Markdown and HTML.

What a document or a language model says is data. As Markdown it could load a picture from a
server (and so tell it what was read), turn ``$5 and $10`` into a formula, or ``:red[x]`` into
colour; none of that may happen.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import groupby

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]+`)", re.DOTALL)
_MARK = re.compile(r"\\?\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\\?\]")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:=^])")
_DIRECTIVE = re.compile(r":(?=[\w+-]+[\[:/])")
_HEADING = re.compile(r"^(#{1,6})(?=\s)", re.MULTILINE)
_ROW = re.compile(r"\|.*\|[ ]*")
_RULE = re.compile(r"(?:\|-{3,})+\|[ ]*")
_BETWEEN = " · "  # the cells of a row, where it cannot be set as one
_HEADING_MARK = re.compile(r"^#{1,6}[ \t]+", re.MULTILINE)
_SHORT = 180


def quoted(text: str) -> str:
    """Markdown that shows ``text`` exactly as it is; for words of a document."""
    return _SPECIAL.sub(r"\\\1", text)


def verbatim_answer(text: str, prefix: str) -> str:
    """Markdown of an answer that consists of quotations and citation marks; tables stay tables."""
    return "\n".join(_with_tables(text, prefix))


def model_answer(text: str, prefix: str) -> str:
    """Markdown of a language model's answer: its emphasis, lists, tables and code, no more."""
    parts = _CODE.split(text)
    return "".join(part if index % 2 else _tame(part, prefix) for index, part in enumerate(parts))


def shortened(text: str, length: int = _SHORT) -> str:
    """``text`` on one line, cut at a word."""
    line = " ".join(" ".join(map(_in_words, text.split("\n"))).split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def without_heading_marks(text: str) -> str:
    """Markdown with its headings as plain lines, for an excerpt on one line."""
    return _HEADING_MARK.sub("", text)


def marked_passage(passage: str, quote: str) -> str:
    """HTML of a passage, its rows set as tables, with the quoted words marked where they are found.

    Of a row, all is marked or nothing.
    """
    start = passage.find(quote) if quote else -1
    end = start + len(quote) if start >= 0 else -1
    blocks = groupby(_lines(passage), key=lambda line: _is_row(passage[slice(*line)]))
    return "".join(
        _table([(passage[first:last], first < end and start < last) for first, last in lines])
        if are_rows
        else _prose(passage, [*lines], start, end)
        for are_rows, lines in blocks
    )


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Each line with its line feed: where it begins and ends."""
    return (match.span() for match in re.finditer(r"[^\n]*\n|[^\n]+", text))


def _is_row(line: str) -> bool:
    return _ROW.fullmatch(line.rstrip("\n")) is not None


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip()[1:-1].split("|")]


def _in_words(line: str) -> str:
    """A row of a table without its bars; any other line as it is."""
    if _RULE.fullmatch(line):
        return ""
    if not _is_row(line):
        return line
    return _BETWEEN.join(filter(None, _cells(line))) + line[len(line.rstrip()) :]


def _with_tables(text: str, prefix: str) -> Iterator[str]:
    """Lines of Markdown: what has a rule below its first row is a table, all else plain words.

    No cell of a table has a citation mark of ours: ``[3]`` in one is the document's own.
    """
    for are_rows, group in groupby(text.split("\n"), key=_is_row):
        lines = [*group]
        if are_rows and len(lines) > 1 and _RULE.fullmatch(lines[1]):
            yield from (
                line if _RULE.fullmatch(line) else f"|{'|'.join(map(quoted, _cells(line)))}|"
                for line in lines
            )
        else:
            yield from (_with_badges(line, prefix) for line in lines)


def _with_badges(line: str, prefix: str) -> str:
    """Markdown of quoted words and citation marks; a row alone is without its bars."""
    parts = re.split(r"(\[\d{1,3}\])", line)
    return "".join(
        _badges(part[1:-1], prefix) if index % 2 else quoted(_in_words(part))
        for index, part in enumerate(parts)
    )


def _prose(passage: str, lines: list[tuple[int, int]], start: int, end: int) -> str:
    """HTML of lines that follow each other, marked from ``start`` up to ``end``."""
    first, last = lines[0][0], lines[-1][1]
    start, end = max(start, first), min(end, last)
    if start >= end:
        return html.escape(passage[first:last])
    before, marked, after = passage[first:start], passage[start:end], passage[end:last]
    return f"{html.escape(before)}<mark>{html.escape(marked)}</mark>{html.escape(after)}"


def _table(rows: list[tuple[str, bool]]) -> str:
    """HTML of rows, each with whether it is marked."""
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td><mark>{html.escape(cell)}</mark></td>"
            if is_marked and cell
            else f"<td>{html.escape(cell)}</td>"
            for cell in _cells(row)
        )
        + "</tr>"
        for row, is_marked in rows
        if not _RULE.fullmatch(row.rstrip("\n"))
    )
    return f'<table class="rows">{lines}</table>'


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
