"""``rag eval``: retrieval measured on test sets and own questions, models on words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.complete import model_specs
from rag_app.cli.evaluate_beir import beir
from rag_app.cli.evaluate_questions import questions
from rag_app.cli.output import say, show, show_json, show_table
from rag_app.cli.word_progress import word_progress

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation.word_measures import AnalogyScore, PairScore
    from rag_app.settings import Settings

app = typer.Typer(
    help="Measure retrieval, answers and embedding models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("beir")(beir)
app.command("questions")(questions)

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="SPEC",
        help="Embedding model, as `rag models` lists them.",
        autocompletion=model_specs,
    ),
]


@app.command("words")
def words_(
    context: typer.Context,
    model: Model = "minilm",
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Files with more sets, such as MEN and RG-65: two words and a rating on a line.",
            show_default=False,
        ),
    ] = None,
    analogies: Annotated[
        bool, typer.Option("--analogies/--no-analogies", help="Ask the Google analogies as well.")
    ] = True,
    json: options.Json = False,
) -> None:
    """Measure how well a model's word vectors agree with people.

    Spearman's rho between cosines and people's ratings, 1 for the same order and 0 for none, with
    its 95 % interval; and the share of analogies that are answered rightly. Such measures say
    little about finding passages: `rag compare` measures that, on your own documents.

    \b
    Examples:
      rag eval words --model glove:6B-50d
      rag eval words --model minilm --data wordsim --json
    """
    from rag_app.evaluation.word_measures import measure_words
    from rag_app.evaluation.word_sets import analogies as all_analogies
    from rag_app.evaluation.word_sets import word_pairs

    settings = options.settings_for(context)
    sets = word_pairs(data)
    sections = all_analogies(data) if analogies else []
    report = measure_words(_load(model, settings), sets, sections, progress=word_progress())
    if json:
        show_json(report.to_json())
        return
    show(f"{report.model}\n")
    rows = [_pair_row(score) for score in report.sets]
    show_table(("rated pairs", "rho", "95 % interval", "known pairs"), rows)
    if report.analogies is not None:
        _show_analogies(report.analogies)


@app.command("bias")
def bias_(
    context: typer.Context,
    model: Model = "minilm",
    json: options.Json = False,
) -> None:
    """Measure which words a model links to which: WEAT effect sizes (Caliskan et al. 2017).

    \b
    Example:
      rag eval bias --model glove:6B-50d
    """
    from rag_app.evaluation.bias import MEANING, measure_bias

    settings = options.settings_for(context)
    report = measure_bias(_load(model, settings), progress=word_progress())
    if json:
        show_json(report.to_json())
        return
    show(f"{report.model}\n")
    rows = [
        (
            score.name,
            "—" if score.effect is None else f"{score.effect:.2f}",
            "—" if score.p is None else _shown_p(score.p),
            f"{score.known} of {score.words}",
        )
        for score in report.tests
    ]
    show_table(("words, and what they are linked to", "effect", "p", "known words"), rows)
    for score in report.tests:
        if score.reason:
            show(f"{score.name}: not measured, as {score.reason}.")
    show(f"\n{MEANING}")


def _load(spec: str, settings: Settings) -> IdentifiedEmbeddings:
    """The model; one without a vocabulary behind the cache, which keeps its words."""
    from rag_app.embeddings import cached, load_embeddings
    from rag_app.evaluation.word_space import HasVocabulary

    embeddings = load_embeddings(spec, settings)
    if embeddings.destination is not None:
        say(f"Note: the words go to {embeddings.destination}.")
    return embeddings if isinstance(embeddings, HasVocabulary) else cached(embeddings, settings)


def _pair_row(score: PairScore) -> tuple[str, str, str, str]:
    known = f"{score.known} of {score.pairs}"
    if score.rho is None:
        return score.name, "—", "—", known
    return score.name, f"{score.rho:.3f}", f"{score.low:.3f} to {score.high:.3f}", known


def _show_analogies(scored: AnalogyScore) -> None:
    rows = [
        (
            section.name,
            "—" if section.accuracy is None else f"{section.accuracy:.1%}",
            f"{section.known} of {section.questions}",
        )
        for section in (*scored.sections, scored.total)
    ]
    show()
    show_table(("analogies", "right", "can be asked"), rows)
    show(f"An answer is chosen from {scored.searched}.")


def _shown_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
