"""Questions to begin with, made from what a collection holds."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from rag_app.types import Chunk, DocumentRecord
from rag_app.ui.resources import Resources

SAMPLES = Path(__file__).parents[2] / "sample_docs" / "questions.jsonl"
"""Questions about the sample documents; there in a clone, absent in an installed package."""

COUNT = 4
LENGTH = 110


def for_collection(shared: Resources, name: str) -> list[str]:
    """A few questions that the documents of a collection can answer."""
    info = shared.store.get(name).info
    return _made(shared, name, info.updated_at.isoformat())


@st.cache_data(show_spinner=False, max_entries=16)
def _made(_shared: Resources, name: str, version: str) -> list[str]:
    del version  # part of the cache's key
    collection = _shared.store.get(name)
    records = collection.documents()
    if found := _of_samples({record.name for record in records}):
        return found
    return [
        question
        for record in records[:COUNT]
        if (question := _of_document(record, _headings(collection.chunks(record.id))))
    ]


def _of_samples(names: set[str]) -> list[str]:
    """One question for each of the first documents that the samples' questions are about."""
    if not SAMPLES.is_file():
        return []
    chosen: dict[str, str] = {}
    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        document = Path(row["document"] or "").name
        if document in names and len(row["question"]) <= LENGTH:
            chosen.setdefault(document, row["question"])
    return list(chosen.values())[:COUNT]


def _headings(chunks: list[Chunk]) -> list[str]:
    return [chunk.headings[-1] for chunk in chunks if chunk.headings]


def _of_document(record: DocumentRecord, headings: list[str]) -> str:
    subject = headings[len(headings) // 2] if headings else record.title
    if not subject:
        return ""
    return f"What does {record.name} say about “{subject[:60]}”?"
