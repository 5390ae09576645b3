"""``rag rollback``: back to the index that answered before a switch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rag_app.cli import options
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say, show_json
from rag_app.cli.progress import ProgressLine, progress_display
from rag_app.cli.run import INTERRUPTED
from rag_app.cli.switch import WAITING, CollectionArgument
from rag_app.settings import Settings

if TYPE_CHECKING:
    from rag_app.store import Debts, Store

STOPPING = "\nStopping. What is taken over is kept; Ctrl-C again ends at once."


def rollback(
    context: typer.Context,
    name: CollectionArgument,
    catch_up: Annotated[
        bool,
        typer.Option(
            "--catch-up", help="Change nothing over; go on taking over what a rollback left."
        ),
    ] = False,
    json: options.Json = False,
    config: options.Config = None,
    home: options.Home = None,
    sets: options.Sets = None,
) -> None:
    """Go back to the index that a collection had before.

    The two indexes change places at once. Then the documents that came, changed or went since the
    switch are taken over; after Ctrl-C, --catch-up goes on with that. Rolling back twice goes
    forward again.

    \b
    Examples:
      rag rollback manuals
      rag rollback manuals --catch-up
    """
    settings = options.settings_for(context, options.common_flags(config, home, sets))
    from rag_app.store import Store

    with Store(settings) as store:
        generations = store.generations(name)
        if catch_up:
            owed = generations.debts()
        else:
            owed = generations.roll_back(lambda: say(WAITING))
            say(f"'{name}' answers with {generations.live.info.embedding.spec} again.")
        _say_owed(owed, name, rolled_back=not catch_up)
        finished = _catch_up(store, settings, name, json=json) if owed.total else True
        info = generations.live.info
    if json:
        show_json(
            {
                "collection": name,
                "embedding": info.embedding.spec,
                "documents": info.documents,
                "passages": info.chunks,
                "since_the_switch": asdict(owed),
                "caught_up": finished,
            }
        )
    if not finished:
        say(f"Interrupted. Go on with: rag rollback {name} --catch-up")
        raise typer.Exit(INTERRUPTED)


def _say_owed(owed: Debts, name: str, *, rolled_back: bool) -> None:
    if not owed.total:
        if not rolled_back:
            say(f"'{name}' has nothing to take over.")
        return
    parts = [f"{number} {kind}" for kind, number in asdict(owed).items() if number]
    say(f"Since the switch, {counted(owed.total, 'file')}: {', '.join(parts)}. Taking that over.")


def _catch_up(store: Store, settings: Settings, name: str, *, json: bool) -> bool:
    from ingest.rollback import catch_up

    display = ProgressLine() if json else progress_display()
    with stop_on_interrupt(STOPPING) as stop, display as progress:
        finished = catch_up(
            store,
            settings,
            name,
            progress=progress,
            stop=stop,
            on_wait=lambda: say(WAITING),
        )
    if finished:
        say("Done.")
    return finished
