"""The answer without a language model: the best sentences, word for word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag_app.answering.citations import make_citation
from rag_app.answering.evidence import Candidate, Evidence
from rag_app.types import Citation

Span = tuple[Candidate, int, int]
"""A quotation: a candidate of its passage, and first and last character there."""


def quote_best(evidence: Evidence, count: int) -> tuple[str, tuple[Citation, ...]]:
    """Quotes the best sentences, at most ``count``.

    Sentences that follow each other in one passage become one quotation. The order is that of
    the scores, so that the best answer is read first.

    Returns:
        The text with marks like ``[1]``, and the citations. Both are empty without evidence.
    """
    spans = _joined(list(_distinct(evidence.candidates, count)))
    pieces = []
    citations = []
    for number, (candidate, start, end) in enumerate(spans, start=1):
        hit = candidate.hit
        pieces.append(f"{_shown(candidate, start, end)} [{number}]".replace("\n ", "\n"))
        citations.append(make_citation(number, hit, hit.chunk.text[start:end], start))
    separator = "\n\n" if any("\n" in piece for piece in pieces) else " "
    return separator.join(pieces), tuple(citations)


def _distinct(candidates: Sequence[Candidate], count: int) -> Iterator[Candidate]:
    seen: set[str] = set()
    for candidate in candidates:
        if len(seen) == count:
            return
        key = candidate.sentence.text.casefold()
        if key not in seen:
            seen.add(key)
            yield candidate


def _joined(chosen: Sequence[Candidate]) -> list[Span]:
    """Puts neighbours of one passage together, at the place of the better one."""
    spans: list[Span] = []
    for candidate in chosen:
        start, end = candidate.sentence.start, candidate.sentence.end
        for index, (other, first, last) in enumerate(spans):
            if _neighbours(candidate, other, first, last):
                spans[index] = (other, min(first, start), max(last, end))
                break
        else:
            spans.append((candidate, start, end))
    return spans


def _neighbours(candidate: Candidate, other: Candidate, start: int, end: int) -> bool:
    """Whether a sentence follows or precedes a quotation, in the same prose or table."""
    chunk, sentence = candidate.hit.chunk, candidate.sentence
    if other.hit.chunk.id != chunk.id or other.sentence.lead != sentence.lead:
        return False
    between = slice(end, sentence.start) if sentence.start >= end else slice(sentence.end, start)
    return not chunk.text[between].strip()


def _shown(candidate: Candidate, start: int, end: int) -> str:
    """A quotation as it is read: on one line; rows of a table below the table's head."""
    text = candidate.hit.chunk.text
    lead = candidate.sentence.lead
    if lead is None:
        return " ".join(text[start:end].split())
    head = " ".join(text[slice(*lead)].split())
    rows = "\n".join(" ".join(line.split()) for line in text[start:end].splitlines())
    if not head.startswith("|"):
        # Two spaces keep the line break where the text is shown as Markdown.
        return "  \n".join([head, *rows.splitlines()])
    return f"{head}\n{'|---' * (head.count('|') - 1)}|\n{rows}\n\n"
