"""What the reader says of passages, and their sentences in an order that it has a say in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rag_app.answering.cues import is_claim
from rag_app.answering.evidence import Candidate, Evidence
from rag_app.answering.reader import Reader, Reading
from rag_app.answering.words import words
from rag_app.types import Hit
from rag_app.types.languages import is_english

SPAN_WEIGHT = 0.25
"""Of the reader's word on a sentence, beside the sentence's score; benchmarks/span_weight.py
compares."""
LANGUAGES = ("en", "")
"""Of documents that are read; the empty one is a language that could not be told."""

Readings = Mapping[str, Reading]
"""Id of a passage → what the reader says of it."""


def readings_of(question: str, hits: Iterable[Hit], reader: Reader | None) -> Readings:
    """Reads passages for a question, each once.

    Args:
        question: As it was searched for.
        hits: Best first.
        reader: The one in force, if there is one.

    Returns:
        The readings; none without a reader, for a claim (the reader has learnt from questions), or
        where the question or the best passage is not in English. Passages that were too much to
        read, or have nothing to read, are left out.
    """
    passages = list(hits)
    if reader is None or not passages or is_claim(question):
        return {}
    return read_each(question, passages, reader) if _in_english(question, passages[0]) else {}


def read_each(question: str, hits: Iterable[Hit], reader: Reader) -> Readings:
    """Reads passages, whatever the question is."""
    passages = list({hit.chunk.id: hit for hit in hits}.values())
    said = reader.read(question, [(above(hit), hit.chunk.text) for hit in passages])
    read = zip(passages, said, strict=True)
    return {hit.chunk.id: reading for hit, reading in read if reading is not None}


def _in_english(question: str, best: Hit) -> bool:
    """Whether a reader of English may be asked.

    The model that tells the language of documents knows that of questions as well, but takes most
    of a second to load, for each ``rag ask``; function words take none.
    """
    asked = [word.casefold() for word in words(question)]
    return best.document.language in LANGUAGES and is_english(asked)


def above(hit: Hit) -> str:
    """What the reader is told of a passage's place: its heading, and what names its columns."""
    place = hit.chunk.section or hit.document.title or ""
    return " ".join(filter(None, (place, hit.chunk.columns)))


def reread(evidence: Evidence, readings: Readings) -> Evidence:
    """The same evidence with its sentences, once read, best first; as it is if nothing was read."""
    spans = [_span(readings, one) for one in evidence.candidates]
    said = [span for span in spans if span is not None]
    if not said:
        return evidence
    # What was too much to read is taken for the least likely of what was read.
    read = [
        replace(one, score=one.score + SPAN_WEIGHT * (min(said) if span is None else span))
        for one, span in zip(evidence.candidates, spans, strict=True)
    ]
    return replace(evidence, candidates=tuple(sorted(read, key=lambda one: -one.score)))


def _span(readings: Readings, candidate: Candidate) -> float | None:
    reading, sentence = readings.get(candidate.hit.chunk.id), candidate.sentence
    return reading.span(sentence.start, sentence.end) if reading else None
