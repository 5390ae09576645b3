"""Questions to begin with, made from what a collection holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from rag_app.types import Chunk, DocumentRecord
from rag_app.types.media import CELLS
from rag_app.ui.resources import Resources

SAMPLES = Path(__file__).parents[2] / "sample_docs" / "questions.jsonl"
"""Questions about the sample documents; there in a clone, absent in an installed package."""

COUNT = 4


def for_collection(shared: Resources, name: str) -> list[str]:
    """A few questions that the documents of a collection can answer."""
    info = shared.store.get(name).info
    return _made(shared, name, info.updated_at.isoformat())


@st.cache_data(show_spinner=False, max_entries=16)
def _made(_shared: Resources, name: str, version: str) -> list[str]:
    del version  # part of the cache's key
    collection = _shared.store.get(name)
    records = collection.documents()
    names = {record.name for record in records}
    lines = SAMPLES.read_text(encoding="utf-8").splitlines() if SAMPLES.is_file() else []
    if found := of_samples(lines, names):
        return found
    made = (of_document(record, collection.chunks(record.id)) for record in records[: 3 * COUNT])
    return [question for question in made if question][:COUNT]


def of_samples(lines: Iterable[str], names: set[str]) -> list[str]:
    """The shortest question of each sample document that is there, of the shortest ones.

    Args:
        lines: Objects in JSON with a question and the document that answers it, if one does.
        names: File names of the documents in the collection.
    """
    shortest: dict[str, str] = {}
    for line in lines:
        row = json.loads(line)
        document = Path(row.get("document") or "").name
        question = str(row.get("question") or "")
        if document in names and question:
            before = shortest.get(document, question)
            shortest[document] = min(before, question, key=_by_length)
    return sorted(shortest.values(), key=_by_length)[:COUNT]


def of_document(record: DocumentRecord, chunks: Sequence[Chunk]) -> str:
    """A question about a heading of a document; empty when none says more than its title."""
    if record.media_type in CELLS:  # nobody asks what a range of cells says
        return ""
    top = {record.title, chunks[0].headings[0] if chunks and chunks[0].headings else None}
    inner = [chunk.section for chunk in chunks if chunk.section and chunk.section not in top]
    if not inner:
        return ""
    return f"What does {record.name} say about “{inner[len(inner) // 2][:60]}”?"


def _by_length(text: str) -> tuple[int, str]:
    return len(text), text
