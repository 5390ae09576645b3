"""``rag switch``: another embedding model for a collection, which answers meanwhile."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.complete import collection_names, model_specs
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show_json
from rag_app.cli.progress import ProgressLine, duration, progress_display
from rag_app.cli.run import INTERRUPTED
from rag_app.cli.switch_compare import compare_generations
from rag_app.cli.switch_report import say_begin, say_built, say_done
from rag_app.errors import UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from ingest.switch import Switch, SwitchPlan
    from ingest.switch_outcome import Outcome
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import Store

STOPPING = "\nStopping. What is built is kept; Ctrl-C again ends at once."
WAITING = "Another process is writing to this collection. Waiting until it is done."

CollectionArgument = Annotated[
    str,
    typer.Argument(metavar="COLLECTION", help="The collection.", autocompletion=collection_names),
]


def switch(
    context: typer.Context,
    name: CollectionArgument,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="SPEC",
            help="Embedding model to change to, as `rag models` lists them.",
            autocompletion=model_specs,
        ),
    ],
    yes: options.Yes = False,
    json: options.Json = False,
    config: options.Config = None,
    home: options.Home = None,
    sets: options.Sets = None,
) -> None:
    """Change a collection over to another embedding model.

    A second index is built beside the present one, which goes on answering; documents may come and
    go meanwhile. After Ctrl-C, or a crash, the same command goes on where it was. At the end the
    two are compared on your saved questions, and you are asked before the new one takes over. The
    former one is kept: `rag rollback` returns to it at once, `rag collections prune` frees it.

    \b
    Examples:
      rag switch manuals --to openai:text-embedding-3-small
      rag switch manuals --to tfidf: --yes
      rag rollback manuals
    """
    settings = options.settings_for(context, options.common_flags(config, home, sets))
    from ingest.switch import open_switch, plan_switch
    from ingest.switch_outcome import outcome_of
    from rag_app.embeddings import parse_spec
    from rag_app.store import Store

    start = perf_counter()
    asked = str(parse_spec(to))
    with Store(settings) as store:
        embeddings = _model(store, settings, name, asked)
        plan = plan_switch(store, settings, name, embeddings, asked)
        if not plan.is_needed:
            _say_not_needed(plan, json=json)
            return
        say_begin(plan)
        _say_if_former(store, plan)
        with open_switch(store, settings, plan, embeddings) as opened:
            _agree_to_cost(opened, plan, embeddings, settings, yes=yes)
            finished = _build(opened, json=json)
            outcome = outcome_of(plan, opened, interrupted=not finished)
            if finished:
                say_built(outcome)
                outcome.comparison = compare_generations(plan, opened, settings, json=json)
                if _agreed(plan, yes=yes, json=json):
                    finished = _change_over(opened, outcome, json=json)
        outcome.seconds = perf_counter() - start
    _end(outcome, json=json)


def _model(store: Store, settings: Settings, name: str, asked: str) -> IdentifiedEmbeddings:
    from ingest.switch_model import switch_model
    from rag_app.embeddings import needs_fit

    store.get(name)  # a wrong name is told before a model is loaded
    if needs_fit(asked):
        say(f"Fitting {asked} on the passages of '{name}'.")
    return switch_model(store, settings, name, asked)


def _say_if_former(store: Store, plan: SwitchPlan) -> None:
    former = store.generations(plan.name).get("former")
    if former is not None and former.info.embedding == plan.identity:
        say(f"The former index has this model: `rag rollback {plan.name}` returns to it at once.")


def _agree_to_cost(
    opened: Switch,
    plan: SwitchPlan,
    embeddings: IdentifiedEmbeddings,
    settings: Settings,
    *,
    yes: bool,
) -> None:
    """Asks before text leaves the machine.

    Raises:
        UsageError: There is no terminal to ask on.
        Exit: The user declined.
    """
    if embeddings.destination is None:
        return
    from rag_app.embeddings.cost import cost_of

    tokens = opened.tokens_left()
    if not tokens:
        return
    say(f"The passages of '{plan.name}' will be sent to {embeddings.destination}.")
    if cost := cost_of(plan.identity.spec, tokens, settings):
        say(f"{cost} What the vector cache knows costs nothing.")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on. Add --yes to go on without a question.")
    if not typer.confirm("Go on?", err=True):
        say("Nothing was sent.")
        raise typer.Exit(1)


def _build(opened: Switch, *, json: bool) -> bool:
    display = ProgressLine() if json else progress_display()
    with stop_on_interrupt(STOPPING) as stop, display as progress:
        return opened.build(progress, stop)


def _agreed(plan: SwitchPlan, *, yes: bool, json: bool) -> bool:
    """Whether to change over; without a terminal that takes ``--yes``.

    Raises:
        Exit: The user declined.
    """
    if yes:
        return True
    if json or not sys.stdin.isatty():
        say(
            f"'{plan.name}' still answers with {plan.before.embedding.spec}. Change over with: "
            f"rag switch {plan.name} --to '{plan.asked}' --yes"
        )
        return False
    if typer.confirm(f"Change '{plan.name}' over to {plan.identity.spec}?", err=True):
        return True
    say(
        "Nothing was changed. The new index is kept: run the same command again to change over, or "
        f"free it with: rag collections prune {plan.name}"
    )
    raise typer.Exit(1)


def _change_over(opened: Switch, outcome: Outcome, *, json: bool) -> bool:
    display = ProgressLine() if json else progress_display()
    with stop_on_interrupt(STOPPING) as stop, display as progress:
        outcome.changed_over = opened.change_over(progress, stop, lambda: say(WAITING))
    outcome.interrupted = not outcome.changed_over
    info = opened.following.info  # documents may have come in during the questions
    outcome.documents, outcome.passages = info.documents, info.chunks
    return outcome.changed_over


def _end(outcome: Outcome, *, json: bool) -> None:
    if outcome.changed_over:
        say_done(outcome)
    if json:
        show_json(outcome.to_json())
    if outcome.interrupted:
        say(
            f"Interrupted after {duration(outcome.seconds)} with "
            f"{counted(outcome.passages, 'passage')} built. They are kept; run the same command "
            "again to go on."
        )
        raise typer.Exit(INTERRUPTED)


def _say_not_needed(plan: SwitchPlan, *, json: bool) -> None:
    say(
        f"'{plan.name}' uses {plan.before.embedding.spec} already, with passages of "
        f"{plan.chunking.size} tokens. There is nothing to change."
    )
    if json:
        show_json({"collection": plan.name, "to": plan.identity.spec, "changed_over": False})
