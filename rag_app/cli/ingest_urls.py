"""``ingest --allow-network --urls FILE``: documents from a list of web addresses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag_app.cli.ingest_consent import agree_to_send
from rag_app.cli.interrupt import stop_on_interrupt
from rag_app.cli.output import counted, say
from rag_app.cli.progress import ProgressLine, progress_display
from rag_app.errors import UsageError
from rag_app.settings import Settings

if TYPE_CHECKING:
    from ingest import IngestReport
    from rag_app.types import Metadata


def check_network(paths: Sequence[str] | None, others: Sequence[str], *, allowed: bool) -> None:
    """Checks that the network was allowed, and that nothing else is asked in the same call.

    Raises:
        UsageError: It was not, or something else is.
    """
    if not allowed:
        raise UsageError(
            "--urls fetches documents from the web, and nothing here does that by itself: add "
            "--allow-network."
        )
    if paths or others:
        other = f"'{paths[0]}'" if paths else others[0]
        raise UsageError(f"--urls takes its documents from the web alone. Leave out {other}.")


def _addresses(file: Path | None, settings: Settings) -> list[str]:
    """The addresses of a list; without one, those that failed before.

    Raises:
        UsageError: There are none.
    """
    from ingest.kept import failed_addresses
    from ingest.web import read_list

    if file is not None:
        return read_list(file)
    if addresses := failed_addresses(settings, settings.collection):
        return addresses
    raise UsageError(
        f"No web address of '{settings.collection}' is known to have failed. Leave out "
        "--allow-network to try files again."
    )


def ingest_urls(
    file: Path | None,
    settings: Settings,
    metadata: Metadata,
    waiting: str,
    *,
    yes: bool,
    quiet: bool,
) -> IngestReport:
    """Fetches the documents of a list and ingests them.

    Args:
        file: The list; None for the addresses that failed before.
        settings: What is in force.
        metadata: What is said of all of them.
        waiting: What to say while another process writes.
        yes: The user has agreed to a hosted model already.
        quiet: Show no progress.

    Raises:
        RagError: The run cannot go on.
    """
    from ingest.web import fetched, ingest_fetched

    addresses = _addresses(file, settings)
    display = ProgressLine() if quiet else progress_display()
    with stop_on_interrupt("\nStopping.") as cancelled:
        if not quiet:
            say(f"Fetching {counted(len(addresses), 'document')}.")
        with fetched(addresses, settings, cancelled) as found:
            agree_to_send(list(found.addresses), settings, yes=yes)
            with display as show_progress:
                return ingest_fetched(
                    found,
                    settings,
                    metadata=metadata,
                    progress=show_progress,
                    cancelled=cancelled,
                    on_wait=lambda: say(waiting),
                )
