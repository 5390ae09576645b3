"""``rag models tune``: a sentence transformer made to fit a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show, show_json
from rag_app.cli.run import INTERRUPTED
from rag_app.cli.tune_progress import tune_display

if TYPE_CHECKING:
    from rag_app.evaluation.tune_result import TuneResult

STOPPING = "\nStopping. What is learned is kept; Ctrl-C again ends at once."
KEPT = "Stopped. Nothing is lost: the same command goes on from here."


Base = Annotated[
    str,
    typer.Argument(
        metavar="BASE",
        help="Model to begin with: minilm, sentence-transformers:NAME or transformers:NAME.",
    ),
]
Questions = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FILE",
        help="Your own questions (CSV or JSONL: question, and document with page or text).",
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="What to call the model; made of collection and base unless given.",
        show_default=False,
    ),
]
Epochs = Annotated[
    int, typer.Option("--epochs", metavar="N", min=1, max=20, help="How often all is learned.")
]


def tune(
    context: typer.Context,
    base: Base,
    collection: options.Collection = None,
    questions: Questions = None,
    name: Name = None,
    epochs: Epochs = 1,
    llm: options.Llm = None,
    json: options.Json = False,
) -> None:
    """Tune a model on a collection, and see whether that was worth it.

    It learns which passages answer which questions: yours (a file, or the saved set of the
    collection), those of a language model if one is set, or else such as are made by rules. A part
    of the documents is held out; their questions score the model before and after. One that did
    not improve is saved too, but not recommended. After Ctrl-C the same command goes on where it
    was. A GPU is used where there is one.

    \b
    Examples:
      rag models tune minilm --collection manuals
      rag models tune minilm --questions questions.csv --name support --epochs 2
    """
    settings = options.settings_for(context, collection=collection, llm=llm)
    from rag_app.answering.chat_model import llm_destination
    from rag_app.evaluation.tune import default_name, tune_model
    from rag_app.evaluation.tune_material import TuneRequest
    from rag_app.evaluation.tune_train import Recipe
    from rag_app.store import Store

    request = TuneRequest(
        base, name or default_name(base, settings.collection), questions, Recipe(epochs=epochs)
    )
    if questions is None and settings.llm != "extractive" and (where := llm_destination(settings)):
        say(f"Passages are sent to {where} if questions have to be made.")
    display = tune_display(quiet=json)
    with (
        Store(settings) as store,
        stop_on_interrupt(STOPPING) as cancelled,
        display as progress,
    ):
        result = tune_model(
            store.get(settings.collection),
            settings,
            request,
            progress=progress,
            cancelled=cancelled,
            notice=say,
        )
    if result is None:
        say(KEPT)
        raise typer.Exit(INTERRUPTED)
    _tell(result, json=json)


def _tell(result: TuneResult, *, json: bool) -> None:
    if json:
        show_json(result.to_json())
        return
    learned = counted(result.pairs, "pair")
    documents = counted(result.learned_documents, "document")
    say(f"Learned {learned} of {documents} in {counted(result.steps, 'step')} ({result.device}).")
    say(f"Learned and judged by {result.questions}.")
    show(result.spec)
    for sentence in result.sentences():
        show(sentence)
