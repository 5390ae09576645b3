"""The sentences of the retrieved passages, each with what speaks for it as an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING

from rag_app.answering import cues
from rag_app.answering.codes import Respell, named_codes, parted, respelling, stands_in
from rag_app.answering.sentences import Sentence, split_sentences
from rag_app.answering.weights import load_weights
from rag_app.answering.words import bigrams, content_words, stems
from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.retrieval.search import SearchResult
from rag_app.types import Hit

if TYPE_CHECKING:
    from rag_app.store import Collection

MAX_SENTENCES = 160
"""Candidates that are embedded; those of the best passages come first. About 0.3 s here."""

SENTENCE_FEATURES = (
    "cosine",  # of the question and the sentence
    "overlap",  # share of the question's content words in it, weighted by idf
    "overlap_before",  # the same for words that only the sentence before it or its heading has
    "overlap_passage",  # the same for the whole passage with its headings
    "bigrams",  # share of the question's word pairs in it
    "passage",  # the passage's convex score, whatever ranked it
    "kind",  # holds what is asked for: a date, a number, a name
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the scoring sees it.

    Attributes:
        text: As it was searched for.
        idf: Stem of each content word → inverse document frequency in the collection.
        total: Sum of those.
        unknown_codes: Codes like H12 that stand nowhere in the collection.
        kind: What is asked for; see ``cues.asked_for``.
    """

    text: str
    idf: Mapping[str, float]
    total: float
    unknown_codes: tuple[str, ...]
    kind: str

    def coverage(self, terms: frozenset[str]) -> float:
        """Share of the content words that ``terms`` has, weighted by idf, in [0, 1]."""
        return sum(idf for word, idf in self.idf.items() if word in terms) / self.total


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer.

    Attributes:
        hit: The passage that it stands in.
        sentence: Its place there.
        features: In the order of ``SENTENCE_FEATURES``.
        score: Their weighted sum.
        terms: Its stems, and those of the sentence before it and of its heading.
        passage_terms: Stems of the passage, its headings and the document's name.
    """

    hit: Hit
    sentence: Sentence
    features: tuple[float, ...]
    score: float
    terms: frozenset[str]
    passage_terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for a question: the passages, and their sentences, best first."""

    question: Question
    hits: tuple[Hit, ...]
    candidates: tuple[Candidate, ...]

    def among(self, k: int) -> Evidence:
        """What the k best passages give."""
        kept = self.hits[:k]
        ids = {hit.chunk.id for hit in kept}
        return replace(
            self,
            hits=kept,
            candidates=tuple(c for c in self.candidates if c.hit.chunk.id in ids),
        )


def gather(
    found: SearchResult, collection: Collection, embeddings: IdentifiedEmbeddings
) -> Evidence:
    """Scores every sentence of the hits.

    Raises:
        EmbeddingError: The model does not answer.
    """
    question = _read(found.question, collection, found.hits)
    respell = respelling(found.question)
    placed = [
        (hit, sentence, before)
        for hit in found.hits
        for sentence, before in _in_context(hit, respell)
    ][:MAX_SENTENCES]
    texts = [respell(spoken(sentence)) for _, sentence, _ in placed]
    vectors = embeddings.encode_documents(
        [_under_heading(hit, text) for (hit, _, _), text in zip(placed, texts, strict=True)]
    )
    cosines = (vectors @ found.vector).tolist()
    passages = {hit.chunk.id: frozenset(stems(respell(_whole(hit)))) for hit in found.hits}
    weights = load_weights().sentence
    candidates = []
    for (hit, sentence, before), text, cosine in zip(placed, texts, cosines, strict=True):
        words, terms = _features(question, text, before, passages[hit.chunk.id])
        features = (cosine, *words[:-1], hit.relevance, words[-1])
        score = sum(w * x for w, x in zip(weights, features, strict=True))
        candidates.append(
            Candidate(hit, sentence, features, score, terms | before, passages[hit.chunk.id])
        )
    candidates.sort(key=lambda candidate: -candidate.score)
    return Evidence(question, found.hits, tuple(candidates))


def _in_context(hit: Hit, respell: Respell) -> Iterator[tuple[Sentence, frozenset[str]]]:
    """Each sentence with the stems of what it follows: the one before it and its heading.

    A heading that the passage repeats is no sentence: it asks and does not answer.
    """
    above = frozenset(stems(respell(f"{hit.chunk.section} {hit.chunk.columns}")))
    before: frozenset[str] = frozenset()
    for sentence in split_sentences(hit.chunk.text, hit.chunk.headings):
        yield sentence, before | above
        before = frozenset(stems(respell(sentence.text)))


def spoken(sentence: Sentence) -> str:
    """A sentence as its words are weighed: the cells of a row with the names of their columns."""
    if not sentence.lead:
        return sentence.text
    names, cells = _cells(sentence.lead), _cells(sentence.text)
    if len(names) == len(cells) > 1:
        pairs = zip(names, cells, strict=True)
        return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell)
    return f"{' '.join(filter(None, names))}: {' '.join(filter(None, cells))}"


def _cells(row: str) -> list[str]:
    """The cells of a row; a row without bars is one."""
    return [" ".join(cell.split()) for cell in row.strip().strip("|").split("|")]


def _under_heading(hit: Hit, text: str) -> str:
    """A sentence as it is embedded: alone it often does not say what it is about."""
    return f"{hit.chunk.section}: {text}" if hit.chunk.section else text


def _whole(hit: Hit) -> str:
    """A passage and what stands above it: headings, title, file name."""
    above: Sequence[str | None] = (*hit.chunk.headings, hit.document.title, hit.document.name)
    return " ".join([hit.chunk.text, *(text for text in above if text)])


def _read(text: str, collection: Collection, hits: Sequence[Hit]) -> Question:
    asked, ways = content_words(text), parted(text)
    spelled = {word: [written, *ways.get(written, ())] for word, written in asked.items()}
    counts = collection.document_frequencies(one for some in spelled.values() for one in some)
    passages = collection.info.chunks
    # How a code is parted is looked at only where nothing has it joined: parts may stand anywhere.
    seen = {word: next(filter(None, map(counts.get, some)), 0) for word, some in spelled.items()}
    idf = {word: log(1 + (passages - n + 0.5) / (n + 0.5)) for word, n in seen.items()}
    return Question(
        text=text,
        idf=idf,
        total=sum(idf.values()) or 1.0,
        unknown_codes=_unknown_codes(text, collection, hits),
        kind=cues.asked_for(text),
    )


def _unknown_codes(text: str, collection: Collection, hits: Sequence[Hit]) -> tuple[str, ...]:
    """Codes of the question that no passage has as H12, and no hit as H-12 or H 12."""
    asked = named_codes(text)
    counts = collection.document_frequencies(code for code in asked if code.isalnum())
    found = "\n".join(map(_whole, hits))
    return tuple(code for code in asked if not counts.get(code) and not stands_in(code, found))


def _features(
    question: Question, text: str, before: frozenset[str], passage: frozenset[str]
) -> tuple[tuple[float, ...], frozenset[str]]:
    sequence = stems(text)
    terms = frozenset(sequence)
    pairs = bigrams(stems(question.text))
    return (
        question.coverage(terms),
        question.coverage(before - terms),
        question.coverage(passage),
        len(pairs & bigrams(sequence)) / max(1, len(pairs)),
        float(cues.holds(question.kind, text, question.text)),
    ), terms
