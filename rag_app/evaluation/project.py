"""Vectors in two or three dimensions: PCA, t-SNE and UMAP, and how far each may be believed.

PCA keeps the directions of most variance (Pearson 1901) and shows large distances well. t-SNE
(van der Maaten and Hinton 2008) and UMAP (McInnes, Healy and Melville 2018) keep neighbours
together; distances between their islands, and the sizes of these, mean little.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np

from rag_app.embeddings.base import Vectors
from rag_app.errors import MissingExtraError, UsageError

Method = Literal["pca", "tsne", "umap"]
METHODS: tuple[Method, ...] = get_args(Method)
NAMES: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
LEAST = 10
"""t-SNE and UMAP lay out neighbourhoods; fewer vectors have none."""

NEIGHBOURS = 10
"""Trustworthiness looks at so many nearest neighbours of each point."""

_MEASURED = 2000
"""Trustworthiness compares every pair; of more points a sample is measured."""

_PLACED_BY = 5
_SHARPNESS = 20.0
"""A new point's neighbours weigh exp(20 · cosine): 0.1 nearer counts seven times as much."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A drawing of some vectors.

    Attributes:
        method: How it was made.
        points: float32 of shape (n, dimensions).
        explained: Share of the variance that each axis keeps; PCA only.
        trustworthiness: From 0 to 1: are a point's neighbours in the drawing neighbours among the
            vectors (Venna and Kaski 2001)? Chance gives about 0.5. None below 12 points.
        vectors: What was projected, at length 1 (zero vectors stay zero).
        axes: PCA's mean and axes, of shape (1 + dimensions, dimension); None otherwise.
    """

    method: Method
    points: Vectors
    explained: tuple[float, ...]
    trustworthiness: float | None
    vectors: Vectors
    axes: Vectors | None = None

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return int(self.points.shape[1])

    def place(self, vectors: Vectors) -> Vectors:
        """Where new vectors of shape (n, dimension) belong in the drawing.

        PCA has a formula for that. The other methods would move every point for a new one, so it
        stands at the weighted mean of the five passages nearest to it.
        """
        given = unit(vectors)
        if self.axes is not None:
            return np.asarray((given - self.axes[0]) @ self.axes[1:].T, np.float32)
        cosines = given @ self.vectors.T
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :_PLACED_BY]
        chosen = np.take_along_axis(cosines, nearest, axis=1)
        weights = np.exp(_SHARPNESS * (chosen - chosen.max(axis=1, keepdims=True)))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((weights[:, :, None] * self.points[nearest]).sum(axis=1), np.float32)


def check_method(name: str) -> Method:
    """Reads the name of a method.

    Raises:
        UsageError: There is none of this name.
    """
    for known in METHODS:
        if name == known:
            return known
    raise UsageError(f"There is no method '{name}'. Choose {', '.join(METHODS)}.")


def project(
    vectors: Vectors, method: Method = "pca", dimensions: int = 2, seed: int = 0
) -> Projection:
    """Draws vectors in 2 or 3 dimensions; the same input gives the same drawing.

    Args:
        vectors: float32 of shape (n, dimension); their directions count, not their lengths.
        method: ``pca``, ``tsne`` or ``umap``.
        dimensions: 2 or 3.
        seed: Of the methods that draw lots.

    Raises:
        UsageError: Another method or number of dimensions, or too few vectors for the method.
        MissingExtraError: UMAP is not installed.
    """
    check_method(method)
    if dimensions not in (2, 3):
        raise UsageError(f"A map has 2 or 3 dimensions, not {dimensions}.")
    least = 1 if method == "pca" else LEAST
    if len(vectors) < least:
        raise UsageError(
            f"{NAMES[method]} needs at least {least} passages; there are {len(vectors)}. "
            + ("Choose pca." if len(vectors) else "Ingest some documents first.")
        )
    given = unit(vectors)
    points, explained, axes = _FITS[method](given, dimensions, seed)
    return Projection(method, points, explained, _trust(given, points, seed), given, axes)


def unit(vectors: Vectors) -> Vectors:
    """The vectors at length 1; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


_Fit = tuple[Vectors, tuple[float, ...], Vectors | None]


def _pca(vectors: Vectors, dimensions: int, seed: int) -> _Fit:
    from sklearn.decomposition import PCA

    axes = np.zeros((1 + dimensions, vectors.shape[1]), np.float32)
    axes[0] = vectors.mean(axis=0)
    shares = [0.0] * dimensions
    kept = min(dimensions, *vectors.shape)
    if (vectors != vectors[0]).any():  # else all are one point, and no axis tells more than another
        fit: Any = PCA(kept, random_state=seed).fit(vectors.astype(np.float64))
        axes[0], axes[1 : 1 + kept] = fit.mean_, fit.components_
        shares[:kept] = [float(share) for share in fit.explained_variance_ratio_]
    return np.asarray((vectors - axes[0]) @ axes[1:].T, np.float32), tuple(shares), axes


def _tsne(vectors: Vectors, dimensions: int, seed: int) -> _Fit:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Beyond 50 components the distances hardly change, and finding neighbours takes longer.
    reduced, _, _ = _pca(vectors, min(50, *vectors.shape), seed)
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    model: Any = TSNE(dimensions, perplexity=perplexity, init="pca", random_state=seed)
    # Its threads wait for each other in loops: on two busy cores 36 s where one thread takes 1.
    with threadpool_limits(1):
        points = np.asarray(model.fit_transform(reduced), np.float32)
    return _turned(points, seed), (), None


def _umap(vectors: Vectors, dimensions: int, seed: int) -> _Fit:
    if find_spec("umap") is None:
        raise MissingExtraError("UMAP", "map")
    with warnings.catch_warnings():
        # It tells of a class of its own that needs Tensorflow, which nobody asked for.
        warnings.simplefilter("ignore", ImportWarning)
        from umap import UMAP

    neighbours = min(15, len(vectors) - 1)
    # Its spectral start needs more points than components by some.
    init = "spectral" if len(vectors) > 4 * neighbours else "pca"
    model: Any = UMAP(
        neighbours, dimensions, metric="cosine", random_state=seed, n_jobs=1, init=init
    )
    points = np.asarray(model.fit_transform(vectors), np.float32)
    return _turned(points, seed), (), None


def _turned(points: Vectors, seed: int) -> Vectors:
    """The same drawing with its longest side level: how it lies means nothing."""
    return _pca(points, points.shape[1], seed)[0]


_FITS: dict[Method, Callable[[Vectors, int, int], _Fit]] = {
    "pca": _pca,
    "tsne": _tsne,
    "umap": _umap,
}


def _trust(vectors: Vectors, points: Vectors, seed: int) -> float | None:
    from sklearn.manifold import trustworthiness

    if len(vectors) < 12:
        return None
    if len(vectors) > _MEASURED:
        chosen = np.random.default_rng(seed).choice(len(vectors), _MEASURED, replace=False)
        vectors, points = vectors[chosen], points[chosen]
    neighbours = min(NEIGHBOURS, len(vectors) // 2 - 1)
    return float(trustworthiness(vectors, points, n_neighbors=neighbours))
