"""Citations: made from passages, and checked in a text that a language model wrote.

Every number must name a passage that was given, and every quotation must stand in its source,
word for word but for white space, case and typographic signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag_app.answering.locate import locate
from rag_app.answering.sentences import split_sentences
from rag_app.answering.words import is_function_word, stem, words
from rag_app.types import Citation, Hit

# [1]  [1, 2]  [1-3]  [Passage 1]  [^1]  【1】  【1†source】; a year in brackets is not a citation.
_MARK = re.compile(
    r"[\[【]\s*(?:passages?|sources?|citations?|documents?|nos?\.?|#|\^)?\s*"
    r"(\d{1,3}(?:\s*(?:,|;|and|&|[-–])\s*\[?\d{1,3})*)\s*(?:†[^\]】]*)?[\]】](?:\([^)\s]*\))?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d{1,3})\s*[-–]\s*(\d{1,3})")
_QUOTATION = re.compile(r'"([^"\n]+)"|“([^”\n]+)”|„([^“”\n]+)[“”]|«([^»\n]+)»')
# A sentence of the answer ends after its marks: "It is red.[1][2] Then" has two sentences.
_CLAIM = re.compile(r"(?s).+?(?:[.!?…][\"”’»)]*(?:\s*\[\d+\])*(?=\s|$)|\n|$)")
# A picture or link of a document must not make a reader's browser call another host.
_LINK = re.compile(
    r"!?\[(?!\d{1,3}\])([^\]\n]*)\]\((?:[a-z][a-z0-9+.-]*:|//)[^)\n]*\)", re.IGNORECASE
)

QUOTED_WORDS = 3
"""A shorter run in quotation marks is a term, not a quotation."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A text whose citations were checked.

    Attributes:
        text: Marks are ``[n]``, numbered in the order of first use.
        citations: One for each number.
        notices: What was removed or could not be verified.
    """

    text: str
    citations: tuple[Citation, ...]
    notices: tuple[str, ...]


def make_citation(number: int, hit: Hit, quote: str, start: int | None) -> Citation:
    """A citation of ``quote``, which starts at ``start`` in the passage; None: not found there."""
    chunk = hit.chunk
    first = None if start is None else chunk.start + start
    return Citation(
        number=number,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        source=hit.document.source,
        sources=hit.document.sources,
        page=chunk.page,
        quote=quote,
        score=hit.score,
        verified=start is not None,
        start=first,
        end=None if first is None else first + len(quote),
        passage=chunk.text,
        headings=chunk.headings,
        label=chunk.label,
    )


def check_citations(text: str, hits: Sequence[Hit]) -> Checked:
    """Checks an answer against the passages that its numbers mean.

    Args:
        text: As the language model wrote it; ``[n]`` means ``hits[n - 1]``.
        hits: The passages of the prompt, in their order there.
    """
    order: dict[int, int] = {}
    text, wrong = _renumber(_LINK.sub(r"\1", text), len(hits), order)
    notices = _removed(wrong)
    claims: dict[int, list[str]] = {}
    quotations: dict[int, list[str]] = {}
    for claim in _CLAIM.findall(text):
        numbers = [int(number) for number in re.findall(r"\[(\d+)\]", claim)]
        quoted = list(_quotations(claim))
        for number in numbers:
            claims.setdefault(number, []).append(claim)
        for quote in quoted:
            if numbers:
                holder = _holder(quote, numbers, order, hits)
                quotations.setdefault(holder, []).append(quote)
            if not any(locate(quote, hits[order[number] - 1].chunk.text) for number in numbers):
                where = " ".join(f"[{number}]" for number in numbers) or "any cited passage"
                notices.append(f"Not verified: “{quote}” does not stand in {where}.")
    citations = tuple(
        _cite(number, hits[original - 1], claims[number], quotations.get(number, []))
        for number, original in order.items()
    )
    return Checked(text, citations, tuple(notices))


def _renumber(text: str, count: int, order: dict[int, int]) -> tuple[str, list[int]]:
    """Rewrites all marks; ``order`` receives new number → number in the prompt."""
    new: dict[int, int] = {}
    wrong: list[int] = []

    def rewrite(match: re.Match[str]) -> str:
        marks = []
        for number in _numbers(match.group(1)):
            if 1 <= number <= count:
                marks.append(f"[{new.setdefault(number, len(new) + 1)}]")
            else:
                wrong.append(number)
        return "".join(dict.fromkeys(marks)) or "\0"

    marked = _MARK.sub(rewrite, text)
    order.update({number: original for original, number in new.items()})
    return re.sub(r"[ \t]*\0", "", marked).strip(), wrong


def _numbers(group: str) -> Iterator[int]:
    for part in re.split(r"[,;&]|and", _RANGE.sub(_spelled_out, group)):
        yield int(re.sub(r"\D", "", part))


def _spelled_out(match: re.Match[str]) -> str:
    first, last = int(match.group(1)), int(match.group(2))
    return ",".join(map(str, range(first, min(last, first + 50) + 1))) or match.group(1)


def _removed(wrong: Sequence[int]) -> list[str]:
    if not wrong:
        return []
    marks = ", ".join(f"[{number}]" for number in dict.fromkeys(wrong))
    return [f"Removed {marks} from the answer: there is no such passage."]


def _quotations(claim: str) -> Iterator[str]:
    for groups in _QUOTATION.findall(claim):
        quote = re.sub(r"\s*\[\d+\]", "", "".join(groups)).strip()
        if len(words(quote)) >= QUOTED_WORDS:
            yield quote


def _holder(quote: str, numbers: Sequence[int], order: dict[int, int], hits: Sequence[Hit]) -> int:
    """Of the passages cited for a quotation, the one that has it; else the first."""
    return next(
        (number for number in numbers if locate(quote, hits[order[number] - 1].chunk.text)),
        numbers[0],
    )


def _cite(number: int, hit: Hit, claims: Sequence[str], quotations: Sequence[str]) -> Citation:
    """The citation of one number; a quotation that is not in the passage comes first."""
    passage = hit.chunk.text
    places = [(quote, locate(quote, passage)) for quote in quotations]
    for quote, place in sorted(places, key=lambda pair: pair[1] is not None):
        if place is None:
            return make_citation(number, hit, quote, None)
        return make_citation(number, hit, passage[slice(*place)], place[0])
    start, end = supporting_sentence(" ".join(claims), passage)
    return make_citation(number, hit, passage[start:end], start)


def supporting_sentence(claim: str, passage: str) -> tuple[int, int]:
    """The slice of ``passage`` that shares most words with ``claim``; all of it if none does."""
    wanted = {stem(word) for word in words(claim) if not is_function_word(word)}
    best, most = (0, len(passage)), 0.0
    for sentence in split_sentences(passage):
        terms = {stem(word) for word in words(sentence.text)}
        # The square root keeps a long sentence from winning by its length alone.
        shared = len(wanted & terms) / (len(terms) + 5) ** 0.5
        if shared > most:
            best, most = (sentence.start, sentence.end), shared
    return best
