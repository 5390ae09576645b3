"""Associations of words that a model has learned: WEAT (Caliskan, Bryson and Narayanan 2017).

Two sets of target words (X, Y) and two of attributes (A, B): s(w) is the mean cosine of w to A less
that to B. The effect size is the difference between the means of s over X and over Y, in standard
deviations of s over both. The package ``wefe`` has it as well, but wants numpy below 2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_app.embeddings.base import IdentifiedEmbeddings, Vectors
from rag_app.evaluation.word_space import Progress, word_vectors

MEANING = (
    "An effect size says how much more this model links the first words to the first attributes "
    "than the second words, from -2 to 2 with 0 for no difference: an association of these English "
    "words in the texts that it learned from. It does not say that your searches treat anybody "
    "unfairly, and a small figure does not show that a model is fair: other words, languages and "
    "uses can differ."
)

_KNOWN_SHARE = 0.8
"""A set that lost more of its words is another set."""

_EXACT = 20_000
_DRAWN = 10_000


@dataclass(frozen=True, slots=True)
class WordTest:
    """Two sets of targets and two of attributes, each with its name.

    Attributes:
        name: What is compared.
        sets: X, Y, A and B.
    """

    name: str
    sets: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class BiasScore:
    """The outcome of one test.

    Attributes:
        name: Of the test.
        words: In the four sets.
        known: Those that the model has a vector for; only these are counted.
        effect: Effect size d; None where the test cannot be made.
        p: Share of the divisions of all targets into two sets of these sizes whose difference is
            at least as large (one-sided).
        reason: Why there is no effect size.
    """

    name: str
    words: int
    known: int
    effect: float | None = None
    p: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BiasReport:
    """What was measured of a model."""

    model: str
    tests: tuple[BiasScore, ...]

    def to_json(self) -> dict[str, object]:
        """As `rag eval bias --json` prints it."""
        return {"model": self.model, "tests": [asdict(t) for t in self.tests], "meaning": MEANING}


def bias_tests() -> list[WordTest]:
    """The tests 1, 2, 6, 7 and 8 of the paper, with its words."""
    text = files(__package__).joinpath("weat.json").read_text(encoding="utf-8")
    return [
        WordTest(one["name"], {name: tuple(words.split()) for name, words in one["sets"].items()})
        for one in json.loads(text)
    ]


def measure_bias(
    embeddings: IdentifiedEmbeddings,
    tests: Sequence[WordTest] | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> BiasReport:
    """Measures the associations of a model.

    Args:
        embeddings: The model.
        tests: Those of the paper unless given.
        seed: Of the permutations, where they are too many to make all.
        progress: Told how many words are embedded.

    Raises:
        EmbeddingError: The model does not answer.
    """
    chosen = bias_tests() if tests is None else tests
    words = [word for test in chosen for one in test.sets.values() for word in one]
    vectors = word_vectors(embeddings, list(dict.fromkeys(words)), progress)
    return BiasReport(
        embeddings.identity.spec, tuple(score_bias(test, vectors, seed) for test in chosen)
    )


def score_bias(test: WordTest, vectors: Mapping[str, Vectors], seed: int = 0) -> BiasScore:
    """The effect size of one test and its permutation p-value.

    Args:
        test: The words.
        vectors: At length 1, of the words that the model knows.
        seed: Of the permutations.
    """
    kept = {name: [w for w in words if w in vectors] for name, words in test.sets.items()}
    words, known = (sum(map(len, sets.values())) for sets in (test.sets, kept))
    poor = [n for n, ws in kept.items() if len(ws) < max(2, _KNOWN_SHARE * len(test.sets[n]))]
    if poor:
        reason = f"the model knows too few words of: {', '.join(poor)}"
        return BiasScore(test.name, words, known, reason=reason)
    x, y, a, b = (np.stack([vectors[w] for w in ws]).astype(np.float64) for ws in kept.values())
    targets = np.concatenate([x, y])
    s = (targets @ a.T).mean(axis=1) - (targets @ b.T).mean(axis=1)
    spread = s.std(ddof=1)
    if spread < 1e-9:
        return BiasScore(test.name, words, known, reason="all words have the same associations")
    effect = float((s[: len(x)].mean() - s[len(x) :].mean()) / spread)
    return BiasScore(test.name, words, known, effect, _p_value(s, len(x), seed))


def _p_value(s: NDArray[Any], first: int, seed: int) -> float:
    """All divisions of the targets where they are few, else 10,000 drawn ones (and the given)."""
    if comb(len(s), first) <= _EXACT:
        chosen = np.array(list(combinations(range(len(s)), first)))
        sums, extra = s[chosen].sum(axis=1), 0
    else:
        drawn = np.random.default_rng(seed).permuted(np.tile(s, (_DRAWN, 1)), axis=1)
        sums, extra = drawn[:, :first].sum(axis=1), 1
    # The sum over X decides: that over all targets is the same for every division.
    as_large = int((sums >= s[:first].sum() - 1e-12).sum())
    return (as_large + extra) / (len(sums) + extra)
