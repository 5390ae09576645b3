"""The fitted weights, from ``relevance.json``; ``benchmarks/fit_relevance.py`` writes that file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "relevance.json"
ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: ``1 / (1 + exp(-(intercept + Σ weight · feature)))``."""

    intercept: float
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was fitted.

    Attributes:
        sentence: Weights of ``SENTENCE_FEATURES``, in that order.
        relevance: Embedding spec → the regression fitted with its cosines; under ``*`` the one
            that looks at words only, for every other model.
        read: The same, with what the reader says beside them.
    """

    sentence: tuple[float, ...]
    relevance: Mapping[str, Logistic]
    read: Mapping[str, Logistic]

    def relevance_for(self, spec: str, *, read: bool) -> Logistic:
        """The regression for an embedding model, where passages were read or not."""
        models = self.read if read else self.relevance
        return models.get(spec, models[ANY_MODEL])


@cache
def load_weights() -> Weights:
    """Reads the file, once."""
    raw = json.loads((files("rag_app.answering") / FILE).read_text(encoding="utf-8"))
    return Weights(
        sentence=tuple(raw["sentence"]["weights"].values()),
        relevance=_models(raw["relevance"]),
        read=_models(raw["read"]),
    )


def _models(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Logistic]:
    return {spec: Logistic(model["intercept"], model["weights"]) for spec, model in raw.items()}
