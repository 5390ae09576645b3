"""What a comparison gives for one model. Field names are those of its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from rag_app.evaluation.measures import Interval

Way = Literal["hybrid", "dense"]
WAYS: tuple[Way, ...] = ("hybrid", "dense")
"""How passages were found: by vectors and keywords together, as an answer is; by vectors alone."""


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a model found the passages in one way.

    Attributes:
        measures: ``ndcg@10``, ``mrr@10``, ``recall@1``, ``recall@5``, ``recall@10``.
        leads: Whether its nDCG@10 is the highest.
        p_value: Of the paired test of its nDCG@10 against the leader's, after Holm's correction;
            None for the leader.
        to_leader: Its nDCG@10 minus the leader's, with the 95 % interval of that paired test after
            the same correction: 0 lies in it if, and only if, p is 0.05 or more. None for the
            leader, and in comparisons of versions that did not keep it.
    """

    measures: Mapping[str, Interval]
    leads: bool
    p_value: float | None
    to_leader: Interval | None = None

    @property
    def surely_worse(self) -> bool:
        """Whether the whole interval of the difference to the leader lies below 0."""
        return self.to_leader is not None and self.to_leader.high < 0

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "measures": {name: one.to_json() for name, one in self.measures.items()},
            "leads": self.leads,
            "p_value": None if self.p_value is None else round(self.p_value, 5),
            "to_leader": self.to_leader.to_json() if self.to_leader else None,
        }


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a model with a vocabulary does not know.

    Attributes:
        words: Words of the passages.
        unknown: Those without a vector.
        blank_passages: Passages of which it knows no word: it never finds them.
        blank_questions: Questions of which it knows no word: it finds nothing for them.
        examples: The most frequent unknown words.
    """

    words: int
    unknown: int
    blank_passages: int
    blank_questions: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Costs:
    """What a model takes.

    Attributes:
        dimension: Length of a vector.
        max_tokens: What it reads of a passage.
        chunks_per_second: Passages embedded in a second, none of them from the cache; of a hosted
            model those of this comparison, None if all were known.
        query_ms_p50: Milliseconds to embed a question: the median.
        query_ms_p95: The 95th percentile.
        disk_bytes: Of the model's files; None where it has none here.
        index_bytes: Of the vectors of all passages compared, four bytes for each number.
        memory_bytes: By how much the process grew at most from loading to the last question;
            None where the system does not tell. Libraries loaded before count for nothing.
        truncated: Passages longer than it reads.
        tokens: Of all passages together, as the model counts them.
        usd: Estimated price of embedding all passages compared; None for a model that runs here,
            or whose price is not known.
        destination: Host that receives the text; None when it stays on this machine.
    """

    dimension: int
    max_tokens: int
    chunks_per_second: float | None
    query_ms_p50: float
    query_ms_p95: float
    disk_bytes: int | None
    index_bytes: int
    memory_bytes: int | None
    truncated: int
    tokens: int
    usd: float | None
    destination: str | None


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model.

    Attributes:
        spec: As it was named.
        model: The spec that was loaded: for ``tfidf`` that of the model fitted for it.
        hybrid: With keywords, as an answer's passages are found.
        dense: By vectors alone.
        costs: What it takes.
        unknown: Of a model with a vocabulary.
        uncovered_languages: Documents by language (ISO 639-1), of languages that it was not made
            for.
    """

    spec: str
    model: str
    hybrid: Scores
    dense: Scores
    costs: Costs
    unknown: Unknown | None
    uncovered_languages: Mapping[str, int]

    def scores(self, way: Way) -> Scores:
        """Those of one way."""
        return self.hybrid if way == "hybrid" else self.dense

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "spec": self.spec,
            "model": self.model,
            "hybrid": self.hybrid.to_json(),
            "dense": self.dense.to_json(),
            "costs": asdict(self.costs),
            "unknown": asdict(self.unknown) if self.unknown else None,
            "uncovered_languages": dict(self.uncovered_languages),
        }
