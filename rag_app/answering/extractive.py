"""The answer without a language model: the best sentences, word for word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag_app.answering.citations import make_citation
from rag_app.answering.evidence import Candidate, Evidence
from rag_app.types import Citation

Span = tuple[Candidate, int, int]
"""A quotation: a candidate of its passage, and first and last character there."""


CLEAR = 4.0
"""A sentence whose score is further behind the best one's is not quoted beside it: of SQuAD's
questions one in 140 would lose its answer, and half of the answers are a sentence shorter."""


def quote_best(evidence: Evidence, count: int) -> tuple[str, tuple[Citation, ...]]:
    """Quotes the best sentences, at most ``count``, and fewer where the best is far ahead.

    Sentences that follow each other in one passage become one quotation, and rows of one table
    stand below its head once. The order is that of the scores, so that the best answer is read
    first.

    Returns:
        The text with marks like ``[1]``, and the citations. Both are empty without evidence.
    """
    pieces: list[str] = []
    citations: list[Citation] = []
    for group in _by_table(_joined(list(_distinct(evidence.candidates, count)))):
        first = len(citations) + 1
        for number, (candidate, start, end) in enumerate(group, start=first):
            quote = candidate.hit.chunk.text[start:end]
            citations.append(make_citation(number, candidate.hit, quote, start))
        marks = " ".join(f"[{number}]" for number in range(first, len(citations) + 1))
        pieces.append(f"{_shown(group)} {marks}".replace("\n ", "\n"))
    separator = "\n\n" if any("\n" in piece for piece in pieces) else " "
    return separator.join(pieces), tuple(citations)


def _distinct(candidates: Sequence[Candidate], count: int) -> Iterator[Candidate]:
    seen: set[str] = set()
    for candidate in candidates:
        if len(seen) == count or candidate.score < candidates[0].score - CLEAR:
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


def _by_table(spans: Sequence[Span]) -> list[list[Span]]:
    """Each quotation alone, rows of one table together at the place of the best one."""
    groups: list[list[Span]] = []
    for span in spans:
        of_table = (group for group in groups if _is_of_table(span[0], group[0][0]))
        if group := next(of_table, None):
            group.append(span)
        else:
            groups.append([span])
    return groups


def _is_of_table(candidate: Candidate, other: Candidate) -> bool:
    lead = candidate.sentence.lead
    same = candidate.hit.chunk.id == other.hit.chunk.id
    return bool(lead) and same and other.sentence.lead == lead


def _shown(group: Sequence[Span]) -> str:
    """Quotations as they are read: on one line; rows of a table below the table's head."""
    candidate = group[0][0]
    text, lead = candidate.hit.chunk.text, candidate.sentence.lead
    quotes = [text[start:end] for _, start, end in group]
    if not lead:
        return " ".join(" ".join(quotes).split())
    head = " ".join(lead.split())
    rows = [" ".join(line.split()) for quote in quotes for line in quote.splitlines()]
    if not head.startswith("|"):
        # Two spaces keep the line break where the text is shown as Markdown.
        return "  \n".join([head, *rows])
    return "\n".join([head, f"{'|---' * (head.count('|') - 1)}|", *rows, "", ""])
