"""The sentences of the chosen passages, in an order that the reader has a say in."""

from __future__ import annotations

from dataclasses import replace

from rag_app.answering.evidence import Candidate, Evidence
from rag_app.answering.reader import Reader, Reading
from rag_app.types import ROW, Hit

SPAN_WEIGHT = 0.25
"""Of the reader's word on a sentence, beside the sentence's score; benchmarks/span_weight.py
compares."""
UNREAD = -10.0
"""What is taken for the reader's word on a sentence that was too much to read."""
LANGUAGES = ("en", "")
"""Of documents that are read; the empty one is a language that could not be told."""


def reread(evidence: Evidence, reader: Reader | None) -> Evidence:
    """The same evidence with its sentences, once read, best first.

    The reader has learnt on prose, and what it says of rows of tables is worth nothing: they get
    the best word of all, and so keep their order. Nothing changes without a reader, or where the
    best passage is not in English.
    """
    if reader is None or not evidence.candidates or not _reads(evidence.hits[0]):
        return evidence
    passages = [(_above(hit), hit.chunk.text) for hit in evidence.hits]
    said = reader.read(evidence.question.text, passages)
    readings = {hit.chunk.id: one for hit, one in zip(evidence.hits, said, strict=True)}
    words = [_span(readings[one.hit.chunk.id], one) for one in evidence.candidates]
    read = [
        replace(one, score=one.score + SPAN_WEIGHT * (max(words) if _is_row(one) else word))
        for one, word in zip(evidence.candidates, words, strict=True)
    ]
    return replace(evidence, candidates=tuple(sorted(read, key=lambda one: -one.score)))


def _reads(hit: Hit) -> bool:
    return hit.document.language in LANGUAGES


def _is_row(candidate: Candidate) -> bool:
    return candidate.sentence.text.startswith(ROW)


def _above(hit: Hit) -> str:
    """What the reader is told of a passage's place."""
    return hit.chunk.section or hit.document.title or ""


def _span(reading: Reading | None, candidate: Candidate) -> float:
    sentence = candidate.sentence
    said = reading.span(sentence.start, sentence.end) if reading else None
    return UNREAD if said is None else said
