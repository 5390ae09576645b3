"""Evidence: models compared on the user's documents, maps of them, and tests of their words."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag_app.evaluation.beir import measure_beir
    from rag_app.evaluation.beir_files import read_beir
    from rag_app.evaluation.beir_report import BeirReport
    from rag_app.evaluation.bias import measure_bias
    from rag_app.evaluation.collection_map import CollectionMap, add_model, draw_map
    from rag_app.evaluation.compare import Material, compare_models
    from rag_app.evaluation.difference import Difference, differences, most_different
    from rag_app.evaluation.generate import generate_questions
    from rag_app.evaluation.html import to_html
    from rag_app.evaluation.map_chart import figure
    from rag_app.evaluation.map_question import ask_map
    from rag_app.evaluation.material import Choice, costs_of, gather, save_questions
    from rag_app.evaluation.own_measure import measure_own
    from rag_app.evaluation.own_questions import read_own_questions
    from rag_app.evaluation.own_report import OwnReport
    from rag_app.evaluation.passages import Passages, read_passages
    from rag_app.evaluation.question_files import read_questions, write_questions
    from rag_app.evaluation.questions import EvalQuestion, saved_path
    from rag_app.evaluation.result import Comparison
    from rag_app.evaluation.run import Step
    from rag_app.evaluation.tune import tune_model
    from rag_app.evaluation.tune_material import TuneRequest, TuneStep
    from rag_app.evaluation.tune_notice import learned_notice
    from rag_app.evaluation.tune_result import TuneResult
    from rag_app.evaluation.word_measures import measure_words
    from rag_app.evaluation.words import WordSpace

__all__ = [
    "BeirReport",
    "Choice",
    "CollectionMap",
    "Comparison",
    "Difference",
    "EvalQuestion",
    "Material",
    "OwnReport",
    "Passages",
    "Step",
    "TuneRequest",
    "TuneResult",
    "TuneStep",
    "WordSpace",
    "add_model",
    "ask_map",
    "compare_models",
    "costs_of",
    "differences",
    "draw_map",
    "figure",
    "gather",
    "generate_questions",
    "learned_notice",
    "measure_beir",
    "measure_bias",
    "measure_own",
    "measure_words",
    "most_different",
    "read_beir",
    "read_own_questions",
    "read_passages",
    "read_questions",
    "save_questions",
    "saved_path",
    "to_html",
    "tune_model",
    "write_questions",
]

_HOME = {
    "BeirReport": "beir_report",
    "Choice": "material",
    "CollectionMap": "collection_map",
    "Comparison": "result",
    "Difference": "difference",
    "EvalQuestion": "questions",
    "Material": "compare",
    "OwnReport": "own_report",
    "Passages": "passages",
    "Step": "run",
    "TuneRequest": "tune_material",
    "TuneResult": "tune_result",
    "TuneStep": "tune_material",
    "WordSpace": "words",
    "add_model": "collection_map",
    "ask_map": "map_question",
    "compare_models": "compare",
    "costs_of": "material",
    "differences": "difference",
    "draw_map": "collection_map",
    "figure": "map_chart",
    "gather": "material",
    "generate_questions": "generate",
    "learned_notice": "tune_notice",
    "measure_beir": "beir",
    "measure_bias": "bias",
    "measure_own": "own_measure",
    "measure_words": "word_measures",
    "most_different": "difference",
    "read_beir": "beir_files",
    "read_own_questions": "own_questions",
    "read_passages": "passages",
    "read_questions": "question_files",
    "save_questions": "material",
    "saved_path": "questions",
    "to_html": "html",
    "tune_model": "tune",
    "write_questions": "question_files",
}
"""Where each name lives. They are imported when first used: numpy and others take a while."""


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
