"""Passages in groups of one subject each: k-means, with names from the words of each group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag_app.answering.words import is_function_word, stem
from rag_app.embeddings.base import Vectors
from rag_app.embeddings.words import words
from rag_app.evaluation.project import unit

MOST = 12
"""More groups than colours that can be told apart help nobody."""

_SMALLEST = 8
"""Passages that a group should hold on average."""

_COMPONENTS = 50
_COMPARED = 1000
"""The silhouette compares every pair; of more passages a sample is compared."""

_NAME_WORDS = 3


@dataclass(frozen=True, slots=True)
class Clusters:
    """Groups of passages.

    Attributes:
        labels: The group of each passage, from 0; group 0 is the largest.
        names: The most characteristic words of each group, best first, none in two groups.
    """

    labels: tuple[int, ...]
    names: tuple[tuple[str, ...], ...]

    def title(self, label: int) -> str:
        """What a group is called."""
        return ", ".join(self.names[label]) or f"group {label + 1}"


def cluster(vectors: Vectors, texts: Sequence[str], seed: int = 0) -> Clusters:
    """Groups passages by their vectors and names the groups by their words.

    The number of groups is the one of the best mean silhouette (Rousseeuw 1987), from 2 to 12.

    Args:
        vectors: float32 of shape (n, dimension).
        texts: Of the same passages, in the same order.
        seed: Of k-means.
    """
    labels = _labels(unit(vectors), seed)
    # A Counter keeps the order of first meeting, which settles ties.
    by_size = Counter(labels).most_common()
    rank = {label: place for place, (label, _) in enumerate(by_size)}
    ordered = tuple(rank[label] for label in labels)
    return Clusters(ordered, name_groups(ordered, texts))


def name_groups(labels: Sequence[int], texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The words that set each group apart from all passages together.

    A word weighs p · ln(p / q): p and q are its shares of the group's passages and of all. That is
    its part of the relative entropy between the two (Kullback and Leibler 1951). Forms of one word
    count together, and the most frequent one stands for them.
    """
    count = max(labels, default=-1) + 1
    groups: list[Counter[str]] = [Counter() for _ in range(count)]
    sizes = Counter(labels)
    forms: dict[str, Counter[str]] = {}
    for label, text in zip(labels, texts, strict=True):
        found = {stem(word): word for word in telling_words(text) if _fit_for_a_name(word)}
        groups[label].update(found.keys())
        for key, word in found.items():
            forms.setdefault(key, Counter())[word] += 1
    shares = {word: n / len(labels) for word, n in sum(groups, Counter[str]()).items()}
    taken: set[str] = set()
    names = []
    for label, group in enumerate(groups):
        parts = {word: n / sizes[label] for word, n in group.items()}
        weights = {word: part * math.log(part / shares[word]) for word, part in parts.items()}
        ranked = sorted(weights, key=lambda w: (-weights[w], -parts[w], w))
        best = [word for word in ranked if word not in taken][:_NAME_WORDS]
        taken.update(best)
        names.append(tuple(min(forms[w], key=lambda f: (-forms[w][f], f)) for w in best))
    return tuple(names)


def telling_words(text: str) -> Iterable[str]:
    """The words of a text that may say what it is about, as they are written."""
    for word in words(text):
        if word.isalpha() and (len(word) > 2 or not word.isascii()) and not is_function_word(word):
            yield word


def _fit_for_a_name(word: str) -> bool:
    """Most short words in small letters are not about anything: per, via, two."""
    return len(word) > 3 or not word.isascii() or not word.islower()


def _labels(vectors: Vectors, seed: int) -> list[int]:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(vectors, axis=0))
    most = min(MOST, len(vectors) // _SMALLEST, distinct - 1)
    if most < 2:
        return [0] * len(vectors)
    reduced: Any = vectors
    if min(vectors.shape) > _COMPONENTS:  # distances in many dimensions hardly differ
        reduced = PCA(_COMPONENTS, random_state=seed).fit_transform(vectors)
    best: tuple[float, list[int]] = (-math.inf, [])
    with threadpool_limits(1):  # one thread adds up in one order: the same groups everywhere
        for k in range(2, most + 1):
            labels = KMeans(k, n_init=4, random_state=seed).fit_predict(reduced)
            some = min(_COMPARED, len(vectors))
            score = float(silhouette_score(reduced, labels, sample_size=some, random_state=seed))
            if score > best[0]:
                best = (score, [int(label) for label in labels])
    return best[1]
