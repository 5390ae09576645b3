"""Consent to a hosted model, before the first documents of a new collection are sent to it."""

from __future__ import annotations

from collections.abc import Sequence

from rag_app.cli.consent import agree
from rag_app.cli.output import counted, say
from rag_app.settings import Settings


def agree_to_send(paths: Sequence[str], settings: Settings, *, yes: bool) -> None:
    """Says what leaves the machine and what it costs, and asks before it does.

    A collection that is there was agreed to when it was made.

    Args:
        paths: What is to be ingested.
        settings: Name the collection and the model.
        yes: The user has agreed already.

    Raises:
        UsageError: There is nobody to ask.
        RagError: The model cannot be loaded.
        Abort: The user declined.
    """
    from rag_app.embeddings import load_embeddings, parse_spec
    from rag_app.embeddings.providers import provider_row
    from rag_app.store import Store

    spec = settings.embedding
    if spec == "auto" or not provider_row(parse_spec(spec).provider).sends:
        return
    with Store(settings) as store:
        if store.exists(settings.collection):
            return
    host = load_embeddings(spec, settings).destination
    if host is None:
        return
    from ingest.limits import options_of
    from ingest.text_estimate import tokens_in
    from rag_app.embeddings.cost import Cost, cost_of

    files, tokens = tokens_in(paths, options_of(settings))
    if not tokens:
        return  # nothing to send: the ingestion says why
    say(f"The text of {counted(files, 'file')} will be sent to {host}.")
    cost = cost_of(spec, tokens, settings) or Cost(spec, tokens, None)
    agree([cost], "Documents", yes=yes)
