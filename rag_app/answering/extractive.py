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
        pieces.append(f"{_shown(candidate, start, end)} [{number}]")
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
        sentence, chunk = candidate.sentence, candidate.hit.chunk
        for index, (other, start, end) in enumerate(spans):
            first, last = sorted([(start, end), (sentence.start, sentence.end)])
            near = not chunk.text[first[1] : last[0]].strip() and not sentence.lead
            if other.hit.chunk.id == chunk.id and near and not other.sentence.lead:
                spans[index] = (other, first[0], last[1])
                break
        else:
            spans.append((candidate, sentence.start, sentence.end))
    return spans


def _shown(candidate: Candidate, start: int, end: int) -> str:
    """A quotation as it is read: on one line; a row of a table below the table's head."""
    text = candidate.hit.chunk.text
    quote = " ".join(text[start:end].split())
    lead = candidate.sentence.lead
    if lead is None:
        return quote
    head = " ".join(text[slice(*lead)].split())
    if not head.startswith("|"):
        return f"{head}\n{quote}"
    return f"{head}\n{'|---' * (head.count('|') - 1)}|\n{quote}\n"
