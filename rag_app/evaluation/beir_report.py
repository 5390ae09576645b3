"""What measuring retrieval on a test set came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag_app.evaluation.beir_files import BeirSet
from rag_app.evaluation.trec import Run


@dataclass(frozen=True, slots=True)
class BeirModel:
    """What was measured of one model.

    Attributes:
        spec: As it was named.
        model: As it was loaded: a fitted one has a name of its own.
        measures: Way → measure → mean over the questions.
        runs: Way → what was found.
        truncated: Documents whose ends the model does not read.
        max_tokens: What it reads.
    """

    spec: str
    model: str
    measures: Mapping[str, Mapping[str, float]]
    runs: Mapping[str, Run]
    truncated: int
    max_tokens: int


@dataclass(frozen=True)
class BeirReport:
    """What was measured on a set.

    Attributes:
        beir: The set.
        depth: Documents found for each question, at most.
        models: In the order in which they were named.
        failures: Spec and reason of each model that could not be measured.
        notices: Sentences that the reader should know.
        interrupted: Whether the user stopped it.
        run_files: Where the runs were written.
    """

    beir: BeirSet
    depth: int
    models: tuple[BeirModel, ...]
    failures: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    interrupted: bool = False
    run_files: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As ``rag eval beir --json`` prints it; ``runs`` are those of the first model."""
        return {
            "dataset": self.beir.name,
            "split": self.beir.split,
            "documents": len(self.beir.documents),
            "queries": len(self.beir.questions),
            "depth": self.depth,
            "runs": dict(self.models[0].measures) if self.models else {},
            "models": [
                {
                    "spec": one.spec,
                    "model": one.model,
                    "max_tokens": one.max_tokens,
                    "truncated": one.truncated,
                    "runs": dict(one.measures),
                }
                for one in self.models
            ],
            "failures": [{"spec": spec, "error": why} for spec, why in self.failures.items()],
            "run_files": [str(path) for path in self.run_files],
            "notices": list(self.notices),
            "interrupted": self.interrupted,
        }
