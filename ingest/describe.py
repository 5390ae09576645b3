"""What the user says of the files of a run: metadata, for new contents and for stored ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ingest.plan import Plan
from rag_app.types import DocumentRecord, FileOutcome, Metadata
from rag_app.types.metadata import changed

CHANGED = "Only its metadata changed."


def described(plan: Plan, records: Mapping[str, DocumentRecord], metadata: Metadata) -> Plan:
    """The plan with ``metadata`` for all its files.

    Args:
        plan: What is to be done with each file.
        records: Stored documents by id.
        metadata: The change that the user asks for; the keys that it does not name stay.
    """
    if not metadata:
        return plan
    plan.tasks = [replace(task, metadata=metadata) for task in plan.tasks]
    held = {outcome.document_id for outcome in plan.settled} | {id_ for _, id_ in plan.points}
    for document_id in held & set(records):
        said = changed(records[document_id].metadata, metadata)
        if said != records[document_id].metadata:
            plan.said[document_id] = said
    plan.settled = [_outcome(outcome, plan.said) for outcome in plan.settled]
    return plan


def _outcome(outcome: FileOutcome, said: Mapping[str, Metadata]) -> FileOutcome:
    if outcome.state != "unchanged" or outcome.document_id not in said:
        return outcome
    return replace(outcome, state="updated", reason=CHANGED)
