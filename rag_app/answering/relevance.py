"""How likely it is that the retrieved passages hold an answer.

A logistic regression over what the passages cover of the question, and what the reader says of
them. The cosine alone tells strangers' questions from a collection's own, but not a question about
the right company whose answer is nowhere: for that, the question's rare words, names and numbers
must be found, and question and passage be read together.
"""

from __future__ import annotations

from math import exp
from types import MappingProxyType

from rag_app.answering.evidence import SENTENCE_FEATURES, Evidence
from rag_app.answering.reread import Readings
from rag_app.answering.weights import load_weights

FITTED_HITS = 5
"""Passages that the regression was fitted with. Fewer make a question look worse than it is."""

SCORE_GAP = 4.0
FUSED_GAP = 0.25
"""Larger gaps say nothing more: in a collection of a few passages they come from its size."""

UNKNOWN_CODE = 0.1
"""Most that a question about a code (H12) can reach when no passage has that code: what is said
of H8 is no answer, however alike the words are."""


def answer_probability(
    evidence: Evidence, spec: str, readings: Readings = MappingProxyType({})
) -> float:
    """The estimated probability that ``evidence`` holds an answer, in [0, 1].

    Args:
        evidence: From ``find``.
        spec: The embedding model; cosines of different models do not mean the same.
        readings: What the reader says of the passages; none where nothing was read.
    """
    if not evidence.candidates:
        return 0.0
    features = relevance_features(evidence, readings)
    model = load_weights().relevance_for(spec, read="span_read" in features)
    logit = model.intercept + sum(w * features[name] for name, w in model.weights.items())
    probability = 1 / (1 + exp(-max(-50.0, min(50.0, logit))))
    return min(probability, UNKNOWN_CODE) if evidence.question.unknown_codes else probability


def relevance_features(
    evidence: Evidence, readings: Readings = MappingProxyType({})
) -> dict[str, float]:
    """Everything that a regression may look at; needs at least one candidate.

    What is read is among it only where some of the evidence's passages were read.
    """
    question, hits, candidates = evidence.question, evidence.hits, evidence.candidates
    best = candidates[0]
    of_best = dict(zip(SENTENCE_FEATURES, best.features, strict=True))
    fused = [hit.relevance for hit in hits[:FITTED_HITS]]
    third = candidates[min(2, len(candidates) - 1)]
    words = {
        "sentence_cosine": max(c.features[0] for c in candidates),
        "score_gap": min(SCORE_GAP, best.score - third.score),
        "fused_gap": min(FUSED_GAP, max(fused) - min(fused)),
        "overlap": of_best["overlap"],
        "overlap_near": question.coverage(best.terms),
        "overlap_passage": of_best["overlap_passage"],
        "bigrams": of_best["bigrams"],
    }
    read = [readings[hit.chunk.id] for hit in hits[:FITTED_HITS] if hit.chunk.id in readings]
    if not read:
        return words
    return words | {"span_read": max(float(one.starts.max() + one.ends.max()) for one in read)}
