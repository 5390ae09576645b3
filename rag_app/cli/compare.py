"""``rag compare``: which embedding model finds the passages of these documents best."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rag_app.cli import compare_options, options
from rag_app.cli.compare_progress import compare_display
from rag_app.cli.compare_report import show_comparison, show_differences, show_questions
from rag_app.cli.consent import agree
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import check_writable, counted, say, show_json
from rag_app.cli.run import INTERRUPTED
from rag_app.errors import EXIT_ERROR, RagError, UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.evaluation import Choice, Comparison, Material
    from rag_app.store import Collection

Ranked = tuple[compare_options.Way, int]
"""What models are ranked by, and the seed."""

STOPPING = "\nStopping. The models that are done will be reported; Ctrl-C again ends at once."


def compare(
    context: typer.Context,
    collection: options.Collection = None,
    models: compare_options.Models = None,
    questions: compare_options.Questions = None,
    sample: compare_options.Sample = None,
    passages: compare_options.Limit = None,
    by: compare_options.By = "hybrid",
    html: compare_options.Html = None,
    differences: compare_options.Differences = 0,
    show_only: compare_options.ShowQuestions = False,
    drop: compare_options.Drop = None,
    save_questions: compare_options.SaveQuestions = None,
    keep: compare_options.Keep = False,
    new_questions: compare_options.New = False,
    llm: options.Llm = None,
    seed: compare_options.Seed = 0,
    json: options.Json = False,
    yes: options.Yes = False,
) -> None:
    """Compare embedding models on your own documents.

    Every model searches the same passages for the same questions: yours, those that a language
    model makes (--llm), or those that rules make from the documents. The passages keep the
    lengths that the collection was cut to.

    \b
    Examples:
      rag compare --models minilm,static:minilm,tfidf,word2vec
      rag compare --questions questions.csv --html comparison.html
      rag compare --show-questions
      rag compare --drop 3,17 --keep
      rag compare --models minilm,openai:text-embedding-3-small --sample 50 --yes
    """
    from rag_app.evaluation import Choice
    from rag_app.store import Store

    settings = options.settings_for(context, collection=collection, llm=llm)
    if html is not None:
        check_writable(html, "page")
    choice = Choice(questions, sample, passages, new_questions, seed)
    with Store(settings) as store:
        opened = store.get(settings.collection)
        own = opened.info.embedding.spec
        with stop_on_interrupt(STOPPING) as cancelled:
            material = _material(opened, settings, choice, drop, cancelled)
            _save(material, settings, save_questions, keep=keep)
            if show_only:
                for notice in material.notices:
                    say(notice)
                show_questions(material, json=json)
                return
            specs = _specs(models) or list(dict.fromkeys([own, *compare_options.ALWAYS]))
            _agree(specs, material, settings, yes=yes)
            done = _compare(material, specs, settings, (by, seed), cancelled, quiet=json)
    _keep(done, settings)
    _tell(done, html, differences, json=json)
    if done.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not done.models:
        raise typer.Exit(EXIT_ERROR)


def _material(
    opened: Collection,
    settings: Settings,
    choice: Choice,
    drop: str | None,
    cancelled: Callable[[], bool],
) -> Material:
    from dataclasses import replace

    from rag_app.answering.chat_model import llm_destination
    from rag_app.evaluation import gather

    asks_llm = choice.file is None and settings.llm != "extractive"
    if asks_llm and (where := llm_destination(settings)):
        say(f"Passages are sent to {where} if questions have to be made.")
    material = gather(opened, settings, choice, cancelled=cancelled)
    if drop is None:
        return material
    dropped = _numbers(drop, len(material.questions))
    kept = [q for number, q in enumerate(material.questions, start=1) if number not in dropped]
    told = f"{material.question_set}, without {counted(len(dropped), 'question')}"
    return replace(material, questions=kept, question_set=told)


def _numbers(text: str, most: int) -> set[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if not part.isdecimal() or not 1 <= int(part) <= most]
    if wrong:
        raise UsageError(
            f"There is no question number '{wrong[0]}': they go from 1 to {most}. "
            "See them with: rag compare --show-questions"
        )
    return set(map(int, parts))


def _specs(models: list[str] | None) -> list[str]:
    return [spec.strip() for part in models or [] for spec in part.split(",") if spec.strip()]


def _save(material: Material, settings: Settings, path: Path | None, *, keep: bool) -> None:
    from rag_app.evaluation import save_questions

    for target in ([path] if path else []) + ([None] if keep else []):
        where = save_questions(material, settings, target)
        say(f"Wrote {counted(len(material.questions), 'question')} to {where}")


def _agree(specs: list[str], material: Material, settings: Settings, *, yes: bool) -> None:
    from rag_app.evaluation import costs_of

    agree(costs_of(specs, material.passages, settings), "Passages", yes=yes)


def _compare(
    material: Material,
    specs: list[str],
    settings: Settings,
    options_: Ranked,
    cancelled: Callable[[], bool],
    *,
    quiet: bool,
) -> Comparison:
    from rag_app.evaluation import compare_models

    with compare_display(quiet=quiet) as progress:
        return compare_models(
            material,
            specs,
            settings,
            by=options_[0],
            seed=options_[1],
            progress=progress,
            cancelled=cancelled,
        )


def _keep(done: Comparison, settings: Settings) -> None:
    """Lets the page Compare show it; that it cannot be kept is no reason not to show it here."""
    from rag_app.evaluation.kept import keep_comparison

    if done.models:
        try:
            keep_comparison(done, settings)
        except RagError as error:
            say(str(error))


def _tell(done: Comparison, html: Path | None, differences: int, *, json: bool) -> None:
    if html is not None:
        from rag_app.evaluation import to_html

        html.write_text(to_html(done), encoding="utf-8", errors="backslashreplace")
        say(f"Wrote {html}")
    if json:
        show_json(done.to_json())
        return
    show_comparison(done)
    if differences:
        show_differences(done, differences)
