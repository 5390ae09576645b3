"""Says what leaves the machine and what it costs, and asks before it does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from rag_app.cli.output import say
from rag_app.errors import UsageError

if TYPE_CHECKING:
    from rag_app.embeddings.cost import Cost


def agree(costs: Sequence[Cost], what: str, *, yes: bool) -> None:
    """Asks for each hosted model at once; where there is none, nothing is asked.

    Args:
        costs: Of the hosted models.
        what: What would be sent.
        yes: The user has agreed already.

    Raises:
        UsageError: There is nobody to ask.
    """
    for cost in costs:
        say(str(cost))
    if not costs or yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{what} would be sent to a hosted model. Add --yes to agree to that.")
    typer.confirm(f"Send the {what.lower()} there?", abort=True, err=True)
