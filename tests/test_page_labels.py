"""What a document itself calls its pages, from the file to a citation."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from embeddings_samples import settings_in
from ingest_samples import Words, simple_pdf
from pypdf import PdfReader, PdfWriter

from ingest import ingest_paths
from ingest.chunk import chunk_document
from ingest.sections import Section
from rag_app.answering import Assistant
from rag_app.cli.answers import show_citations
from rag_app.store import Store
from rag_app.types import PDF, ChunkingIdentity, CleanPage
from rag_app.ui import source_panel
from rag_app.ui.records import record_from, record_of

TEXTS = (
    "The preface thanks the founders of the pump works.",
    "The warranty of the Heron pump lasts 36 months.",
    "The pump lifts 55 litres a minute.",
)


def labelled_pdf(path: Path) -> Path:
    """Pages i and ii, then 1."""
    writer = PdfWriter(clone_from=PdfReader(simple_pdf(path, *TEXTS)))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D", start=1)
    writer.write(path)
    return path


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


def labels(settings):
    with Store(settings) as store:
        made = store.get("default")
        assert store.check() == []
        return {
            one.name: [chunk.label for chunk in made.chunks(one.id)] for one in made.documents()
        }


def test_a_citation_says_what_the_document_calls_its_page(tmp_path, settings, capsys):
    labelled_pdf(tmp_path / "manual.pdf")
    plain = simple_pdf(tmp_path / "plain.pdf", *(f"Yes: {text}" for text in TEXTS))
    ingest_paths([tmp_path / "manual.pdf", plain], settings)
    assert labels(settings) == {"manual.pdf": ["i", "ii", "1"], "plain.pdf": ["", "", ""]}
    with Store(settings) as store:
        answer = Assistant.open(settings, store).ask("How long is the warranty of the Heron pump?")
    show_citations(answer)
    shown = capsys.readouterr().out
    assert "manual.pdf, page 2 (ii)\n" in shown
    assert "plain.pdf, page 2\n" in shown
    told = {(one["page"], one["label"]) for one in answer.to_json()["citations"]}
    assert told == {(2, "ii"), (2, "")}
    stored = record_of(answer).to_json()
    places = {source_panel.place(one) for one in record_from(stored, answer.text).citations}
    assert places == {"page 2 (ii)", "page 2"}
    for citation in stored["citations"]:  # as it was kept before labels were
        del citation["label"]
    assert {source_panel.place(one) for one in record_from(stored, "").citations} == {"page 2"}


def test_a_catalog_from_before_labels_is_opened_without_a_loss(tmp_path, settings):
    labelled_pdf(tmp_path / "manual.pdf")
    ingest_paths([tmp_path / "manual.pdf"], settings)
    with closing(sqlite3.connect(settings.home / "catalog.sqlite3")) as connection:
        connection.execute("ALTER TABLE chunks DROP COLUMN label")
        connection.execute("PRAGMA user_version = 5")
        connection.commit()
    assert labels(settings) == {"manual.pdf": ["", "", ""]}
    second = labelled_pdf(tmp_path / "second.pdf")
    second.write_bytes(second.read_bytes() + b"\n")
    ingest_paths([second], settings)
    assert labels(settings)["second.pdf"] == ["i", "ii", "1"]


@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("A-3", "A-3"),
        (" F–12 ", "F–12"),
        ("Rückseite", "Rückseite"),
        ("6", ""),
        ("", ""),
        (None, ""),
        ("x" * 21, ""),
        ("![](//a.b)", ""),
        ("i\u202ev", ""),
        ("i\nv", ""),
    ],
)
def test_a_label_is_kept_where_it_tells_more_than_the_number(label, kept):
    page = CleanPage(6, "The pump lifts water.", (), label)
    section = Section(page, 0, len(page.text), ())
    (chunk,) = chunk_document("d" * 64, PDF, [[section]], Words(), ChunkingIdentity(100, 0))
    assert chunk.label == kept
