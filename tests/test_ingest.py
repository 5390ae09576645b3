"""The document flow, end to end: real files, the real store, the real bundled model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from chroma_server import free_port
from embeddings_samples import settings_in
from ingest_samples import encrypt, picture_pdf, simple_pdf

from ingest import ingest_paths, open_or_create, report_of
from ingest.target import Target
from rag_app.errors import (
    EmbeddingError,
    EmbeddingMismatchError,
    RagError,
    StoreBusyError,
    StoreUnavailableError,
    UsageError,
)
from rag_app.store import Store
from rag_app.types import ChunkingIdentity


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "rag")


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "pump.md").write_text("# Pump\n\nThe Heron pump lifts 55 litres a minute.\n")
    (folder / "story.txt").write_text("The company was founded in Kalmar in 1987.\n")
    simple_pdf(folder / "terms.pdf", "The warranty lasts 36 months.", "Claims go to the office.")
    return folder


def states(report):
    return {Path(outcome.path).name: outcome.state for outcome in report.outcomes}


def contents(settings, name="default"):
    """All that a collection holds, without dates."""
    with Store(settings) as store:
        collection = store.get(name)
        return {
            (record.sources, tuple(collection.chunks(record.id)))
            for record in collection.documents()
        }


def is_sound(settings):
    with Store(settings) as store:
        return store.check() == []


# --- the usual way


def test_a_folder_becomes_a_collection(settings, docs):
    seen = []
    report = ingest_paths([docs], settings, progress=seen.append)
    assert states(report) == {"pump.md": "added", "story.txt": "added", "terms.pdf": "added"}
    assert report.failed == 0
    assert not report.interrupted
    assert seen[-1].done == seen[-1].total == 3
    assert seen[-1].chunks_done == seen[-1].chunks_known == 4
    assert (seen[-1].parsed, seen[-1].unparsed) == (3, 0)
    assert 0 < seen[-1].encoder_seconds <= seen[-1].seconds
    assert report.encoder_seconds > 0
    with Store(settings) as store:
        collection = store.get("default")
        records = {record.name: record for record in collection.documents()}
        assert all(Path(record.source).is_absolute() for record in records.values())
        pdf = records["terms.pdf"]
        assert (pdf.pages, pdf.chunks, pdf.truncated_chunks) == (2, 2, 0)
        assert pdf.size_bytes == (docs / "terms.pdf").stat().st_size
        assert [chunk.page for chunk in collection.chunks(pdf.id)] == [1, 2]
        _, embeddings = open_or_create(store, settings, "default")
        vector = embeddings.encode_query("How long is the warranty?")
        best, _ = collection.search_dense(vector, 1)[0]
        assert collection.fetch([best])[best][0].text == "The warranty lasts 36 months."
    assert is_sound(settings)


def test_the_report_as_json(settings, docs):
    (docs / "empty.txt").touch()
    report = json.loads(json.dumps(ingest_paths([docs], settings).to_json()))
    rows = {Path(row["path"]).name: row for row in report["files"]}
    assert rows["terms.pdf"]["state"] == "added"
    assert (rows["terms.pdf"]["pages"], rows["terms.pdf"]["chunks"]) == (2, 2)
    assert "0 bytes" in rows["empty.txt"]["reason"]
    assert report["totals"]["states"] == {"added": 3, "skipped": 1}
    assert (report["totals"]["chunks"], report["totals"]["pages"]) == (4, 4)


def test_unchanged_files_are_recognised_by_content(settings, docs):
    ingest_paths([docs], settings)
    before = contents(settings)
    for path in docs.iterdir():
        path.touch()
    report = ingest_paths([docs], settings)
    assert set(states(report).values()) == {"unchanged"}
    assert {outcome.chunks for outcome in report.outcomes} == {1, 2}
    assert contents(settings) == before


def test_a_changed_file_replaces_its_old_passages(settings, docs):
    ingest_paths([docs], settings)
    (docs / "story.txt").write_text("The company was founded in Gdansk in 1993.\n")
    report = ingest_paths([docs], settings)
    assert states(report)["story.txt"] == "updated"
    texts = [chunk.text for _, chunks in contents(settings) for chunk in chunks]
    assert "The company was founded in Gdansk in 1993." in texts
    assert not any("Kalmar" in text for text in texts)
    assert is_sound(settings)


def test_a_file_that_breaks_keeps_its_old_passages(settings, docs):
    ingest_paths([docs], settings)
    before = contents(settings)
    (docs / "terms.pdf").write_bytes(b"%PDF-1.4 broken")
    report = ingest_paths([docs], settings)
    assert states(report)["terms.pdf"] == "failed"
    assert contents(settings) == before


def test_one_content_under_two_paths_is_stored_once(settings, docs):
    shutil.copy(docs / "story.txt", docs / "zz copy.txt")
    report = ingest_paths([docs], settings)
    assert states(report)["zz copy.txt"] == "duplicate"
    reasons = {Path(outcome.path).name: outcome.reason for outcome in report.outcomes}
    assert reasons["zz copy.txt"] == f"The same content as {docs / 'story.txt'}."
    both = (str(docs / "story.txt"), str(docs / "zz copy.txt"))
    assert both in {sources for sources, _ in contents(settings)}
    shutil.copy(docs / "story.txt", docs / "later.txt")
    again = ingest_paths([docs], settings)
    assert states(again)["later.txt"] == "duplicate"
    assert states(again)["zz copy.txt"] == "unchanged"
    assert len(contents(settings)) == 3


def test_a_file_takes_over_the_content_of_another(settings, docs):
    ingest_paths([docs], settings)
    shutil.copy(docs / "pump.md", docs / "story.txt")
    report = ingest_paths([docs], settings)
    assert states(report)["story.txt"] == "duplicate"
    assert len(contents(settings)) == 2


def test_two_files_that_change_places(settings, docs):
    ingest_paths([docs], settings)
    (docs / "pump.md").rename(docs / "between")
    (docs / "story.txt").rename(docs / "pump.md")
    (docs / "between").rename(docs / "story.txt")
    found = states(ingest_paths([docs], settings, sync=True))
    assert found == {"pump.md": "duplicate", "story.txt": "duplicate", "terms.pdf": "unchanged"}
    texts = {sources: chunks[0].text for sources, chunks in contents(settings)}
    assert "Kalmar" in texts[(str(docs / "pump.md"),)]
    assert "Heron" in texts[(str(docs / "story.txt"),)]
    with Store(settings) as store:
        assert store.get("default").search_keywords("story", 5)
    assert is_sound(settings)


def test_thousands_of_files_of_one_content_come_and_go(settings, tmp_path):
    """Each costs the same, however many there are: nothing here looks at all of them for each."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number}.txt").write_text("The same words in every file.")
    began = time.process_time()
    assert ingest_paths([folder], settings).states == {"added": 1, "duplicate": 2999}
    folder = folder.rename(tmp_path / "moved")
    found = ingest_paths([tmp_path / "many", folder], settings, sync=True).states
    assert found == {"duplicate": 3000, "forgotten": 3000}
    assert time.process_time() - began < 40
    assert is_sound(settings)


def test_sync_forgets_what_is_gone_below_the_given_paths(settings, docs, tmp_path):
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("Words of another folder.")
    ingest_paths([docs, elsewhere], settings)
    elsewhere.unlink()
    (docs / "pump.md").unlink()
    assert "forgotten" not in states(ingest_paths([docs], settings)).values()
    report = ingest_paths([docs], settings, sync=True)
    assert states(report)["pump.md"] == "forgotten"
    names = {Path(sources[0]).name for sources, _ in contents(settings)}
    assert names == {"elsewhere.txt", "story.txt", "terms.pdf"}
    assert states(ingest_paths([elsewhere], settings, sync=True)) == {"elsewhere.txt": "forgotten"}
    assert is_sound(settings)


def test_a_renamed_file_is_not_embedded_again(settings, docs):
    ingest_paths([docs], settings)
    (docs / "story.txt").rename(docs / "history.txt")
    report = ingest_paths([docs], settings, sync=True)
    assert states(report)["history.txt"] == "duplicate"
    assert states(report)["story.txt"] == "forgotten"
    assert report.encoder_seconds == 0
    sources = {sources for sources, _ in contents(settings)}
    assert (str(docs / "history.txt"),) in sources


def test_force_reads_stored_contents_again(settings, docs):
    ingest_paths([docs], settings)
    before = contents(settings)
    assert set(states(ingest_paths([docs], settings, force=True)).values()) == {"updated"}
    assert contents(settings) == before


# --- which files


def test_hidden_files_links_and_patterns(settings, docs, monkeypatch):
    (docs / ".hidden.txt").write_text("Hidden words.")
    (docs / ".git").mkdir()
    (docs / ".git" / "a.txt").write_text("Hidden words too.")
    (docs / "deep").mkdir()
    (docs / "deep" / "note.txt").write_text("A note in a folder below.")
    (docs / "deep" / "loop").symlink_to(docs)
    (docs / "gone.txt").symlink_to(docs / "nowhere")
    monkeypatch.chdir(docs)
    report = ingest_paths(["**/*.txt", "*.md"], settings)
    assert states(report) == {
        "note.txt": "added",
        "gone.txt": "failed",
        "story.txt": "added",
        "pump.md": "added",
    }
    report = ingest_paths([docs, docs / ".hidden.txt"], settings)
    assert states(report)["terms.pdf"] == "added"
    assert states(report)[".hidden.txt"] == "added"
    assert len(report.outcomes) == 6


def test_a_ragignore_leaves_out_what_it_names_below_its_folder(settings, docs):
    deep = docs / "deep"
    (deep / "build").mkdir(parents=True)
    (docs / ".ragignore").write_text("# no documents\n*.log\n!kept.log\n/build/\nsecret.txt\n")
    (deep / ".ragignore").write_text("draft*\n")
    for name in ("a.log", "kept.log", "draft.txt", "deep/secret.txt", "deep/draft.txt"):
        (docs / name).write_text(f"The text of {name}.")
    (deep / "build" / "b.txt").write_text("Only the uppermost build folder is left out.")
    found = states(ingest_paths([docs], settings))
    assert set(found) == {"kept.log", "draft.txt", "b.txt", "story.txt", "pump.md", "terms.pdf"}
    # A file that is named counts in any case, and nothing that was stored goes away.
    assert states(ingest_paths([docs / "a.log"], settings)) == {"a.log": "added"}
    assert "a.log" not in states(ingest_paths([docs], settings, sync=True))


@pytest.mark.parametrize(
    ("content", "words"), [(b"*.log\n!\n", "a pattern that is none"), (b"\xff\xfe*", "UTF-8")]
)
def test_a_ragignore_that_cannot_be_read_is_told(settings, docs, content, words):
    (docs / ".ragignore").write_bytes(content)
    found = {Path(one.path).name: one for one in ingest_paths([docs], settings).outcomes}
    assert found[".ragignore"].state == "failed"
    assert words in found[".ragignore"].reason
    assert found["story.txt"].state == "added"


def test_each_file_is_taken_once_in_a_fixed_order(settings, docs):
    report = ingest_paths([docs / "terms.pdf", docs, str(docs / "*.md")], settings)
    assert len(report.outcomes) == 3
    assert len({outcome.path for outcome in report.outcomes}) == 3


def test_a_missing_path_fails_and_leaves_no_trace(settings, tmp_path):
    report = ingest_paths([tmp_path / "nothing", str(tmp_path / "*.pdf")], settings)
    assert [outcome.state for outcome in report.outcomes] == ["failed", "failed"]
    assert "There is no file or folder" in report.outcomes[0].reason
    assert "No file fits" in report.outcomes[1].reason
    with Store(settings) as store:
        assert not store.exists("default")


def test_no_path_at_all(settings):
    with pytest.raises(UsageError, match="at least one"):
        ingest_paths([], settings)


# --- bad files


def test_bad_files_do_not_stop_the_others(settings, docs):
    (docs / "0.txt").touch()
    (docs / "binary.txt").write_bytes(bytes(range(256)) * 8)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj")
    (docs / "dashes.txt").write_text("---- ---- ----")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    picture_pdf(docs / "scan.pdf")
    encrypt(docs / "terms.pdf", "open", docs / "locked.pdf")
    (docs / "big.txt").write_text("words " * 200_000)
    seen = []
    report = ingest_paths([docs], settings.override(max_file_mb=1.0), progress=seen.append)
    assert (seen[-1].parsed, seen[-1].unparsed) == (3, 0)
    assert states(report) == {
        "0.txt": "skipped",
        "big.txt": "failed",
        "binary.txt": "skipped",
        "broken.pdf": "failed",
        "dashes.txt": "skipped",
        "locked.pdf": "failed",
        "picture.png": "failed",
        "pump.md": "added",
        "scan.pdf": "skipped",
        "story.txt": "added",
        "terms.pdf": "added",
    }
    assert report.failed == 4
    for outcome in report.outcomes:
        assert (outcome.reason == "") == (outcome.state == "added")
        assert outcome.reason.count("\n") == 0
    again = ingest_paths([docs / "locked.pdf"], settings.override(pdf_password="open"))
    assert states(again) == {"locked.pdf": "added"}


def test_a_fault_inside_a_parser_is_one_file_s_failure(settings, docs, monkeypatch):
    import ingest.load.markdown

    def crash(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(ingest.load.markdown, "load", crash)
    report = ingest_paths([docs], settings)
    assert states(report) == {"pump.md": "failed", "story.txt": "added", "terms.pdf": "added"}
    assert "ZeroDivisionError" in next(o.reason for o in report.outcomes if o.state == "failed")


def test_a_file_that_changes_while_it_is_read(settings, docs, monkeypatch):
    import ingest.reading

    shutil.copy(docs / "story.txt", docs / "zz.txt")
    usual = ingest.reading.read_file

    def changing(path, options):
        if path.name == "story.txt":
            path.write_text("Rewritten at the last moment.")
        return usual(path, options)

    monkeypatch.setattr(ingest.reading, "read_file", changing)
    report = ingest_paths([docs], settings)
    assert states(report)["story.txt"] == "added"
    assert states(report)["zz.txt"] == "failed"
    monkeypatch.undo()
    assert states(ingest_paths([docs], settings))["zz.txt"] == "added"
    assert set(states(ingest_paths([docs], settings)).values()) == {"unchanged"}


# --- the collection


def test_a_collection_keeps_its_model(settings, docs):
    ingest_paths([docs], settings)
    other = settings.override(embedding="openai:text-embedding-3-small", openai_api_key="x")
    with pytest.raises(EmbeddingMismatchError, match="minilm"):
        ingest_paths([docs], other)


def test_a_collection_keeps_its_chunking(settings, docs):
    ingest_paths([docs], settings.override(chunk_tokens=64))
    (docs / "new.txt").write_text("More words for the collection.")
    assert states(ingest_paths([docs], settings))["new.txt"] == "added"
    with pytest.raises(UsageError, match=r"chunk_tokens = 64, but 100 is set \(--chunk-tokens\)"):
        ingest_paths([docs], settings.override(chunk_tokens=100))


def test_a_size_beyond_the_model_is_lowered_to_it(settings, docs):
    asked = settings.override(chunk_tokens=1000)
    ingest_paths([docs], asked)
    with Store(settings) as store:
        assert store.get("default").info.chunking.size == 256
    assert set(states(ingest_paths([docs], asked)).values()) == {"unchanged"}


def test_an_overlap_without_room_is_refused(settings, docs):
    with pytest.raises(UsageError, match="chunk_overlap"):
        ingest_paths([docs], settings.override(chunk_tokens=64, chunk_overlap=40))


def test_another_name(settings, docs):
    ingest_paths([docs / "pump.md"], settings, collection="other")
    with Store(settings) as store:
        assert [info.name for info in store.collections()] == ["other"]


def test_a_collection_that_another_process_makes_meanwhile(settings):
    """Vectors of two models must not meet, even where their dimension is the same."""
    with Store(settings) as store:
        target = Target(store, settings, "default", None)
        identity = target.model()[0].identity
        chunking = ChunkingIdentity(200, 0)
        store.create("default", replace(identity, fingerprint="another"), chunking)
        with pytest.raises(EmbeddingMismatchError):
            target.writer(identity)
        store.delete("default")
        store.create("default", identity, replace(chunking, size=99))
        with pytest.raises(UsageError, match="another chunking"):
            target.writer(identity)


def test_a_collection_that_another_process_replaces_meanwhile(settings, docs):
    ingest_paths([docs], settings)
    with Store(settings) as store:
        target = Target(store, settings, "default", None)
        identity = target.model()[0].identity
        store.delete("default")
        other = replace(identity, fingerprint="another")
        store.create("default", other, ChunkingIdentity(200, 0))
        with pytest.raises(EmbeddingMismatchError):
            target.writer(identity)


def test_a_busy_collection(settings, docs):
    ingest_paths([docs], settings)
    (docs / "new.txt").write_text("More words.")
    waited = []
    with Store(settings) as store, store.get("default").writer(1), pytest.raises(StoreBusyError):
        ingest_paths([docs], settings.override(lock_wait_s=0.2), on_wait=lambda: waited.append(1))
    assert waited == [1]


@pytest.mark.parametrize("error", [EmbeddingError("no model"), StoreUnavailableError("disk full")])
def test_what_stops_a_run_keeps_what_was_finished(settings, docs, monkeypatch, error):
    """The second group of documents meets a fault."""
    import ingest.embed
    import ingest.window

    monkeypatch.setattr(ingest.embed, "_STORED_TOGETHER", 1)
    monkeypatch.setattr(ingest.window, "SLICE", 1)
    if isinstance(error, EmbeddingError):
        owner, name = "rag_app.embeddings.cache.CachedEmbeddings", "encode_documents"
    else:
        owner, name = "rag_app.store.writer.Writer", "put_many"
    calls = _fails_second_time(monkeypatch, owner, name, error)
    with pytest.raises(RagError) as caught:
        ingest_paths([docs], settings)
    assert caught.value is error
    report = report_of(caught.value)
    stored = {sources[0] for sources, _ in contents(settings)}
    assert {outcome.path for outcome in report.outcomes} == stored
    assert len(stored) == 1
    assert calls == [1, 2]
    monkeypatch.undo()
    assert sorted(states(ingest_paths([docs], settings)).values()) == [
        "added",
        "added",
        "unchanged",
    ]
    assert is_sound(settings)


def test_what_the_report_says_is_what_is_stored(settings, docs, monkeypatch):
    """Also where the vector index, which is brought up to date later, meets the fault."""
    import ingest.embed
    from rag_app.store import upkeep, writer

    def full(*_):
        raise StoreUnavailableError("disk full")

    monkeypatch.setattr(ingest.embed, "_STORED_TOGETHER", 1)
    monkeypatch.setattr("ingest.window.SLICE", 1)
    monkeypatch.setattr(writer, "FLUSH", 1)
    monkeypatch.setattr(upkeep, "synchronize", full)
    with pytest.raises(StoreUnavailableError) as caught:
        ingest_paths([docs], settings)
    stored = {sources[0] for sources, _ in contents(settings)}
    assert {outcome.path for outcome in report_of(caught.value).outcomes} == stored
    assert len(stored) == 1


def test_a_run_with_nothing_new_works_off_what_an_earlier_one_left(settings, docs):
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        ingest_paths([docs], settings.override(chroma_url=f"http://127.0.0.1:{free_port()}"))
    assert not is_sound(settings)
    assert set(states(ingest_paths([docs], settings)).values()) == {"unchanged"}
    assert is_sound(settings)


def test_what_an_earlier_run_left_is_the_work_of_whoever_is_writing(settings, docs):
    ingest_paths([docs], settings)
    elsewhere = settings.override(chroma_url=f"http://127.0.0.1:{free_port()}", lock_wait_s=20)
    with Store(settings) as store, store.get("default").writer(1):
        assert set(states(ingest_paths([docs], elsewhere)).values()) == {"unchanged"}


def _fails_second_time(monkeypatch, owner, name, error):
    module, _, cls = owner.rpartition(".")
    usual = getattr(getattr(sys.modules[module], cls), name)
    calls = []

    def fails(*arguments):
        calls.append(len(calls) + 1)
        if len(calls) == 2:
            raise error
        return usual(*arguments)

    monkeypatch.setattr(f"{owner}.{name}", fails)
    return calls


# --- what it costs


def test_a_thousand_unchanged_files_need_neither_model_nor_vector_store(settings, tmp_path):
    """Modules are counted, not seconds."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1000):
        (folder / f"{number}.txt").write_text("The same words in every file.")
    ingest_paths([folder], settings)
    script = f"""
import sys
from pathlib import Path
from ingest import ingest_paths
from rag_app.settings import load_settings
settings = load_settings({{"home": Path({str(settings.home)!r}),
                           "cache": Path({str(settings.cache)!r})}}, environ={{}})
report = ingest_paths([{str(folder)!r}], settings)
print(report.states)
heavy = ("chromadb", "onnxruntime", "torch", "numpy", "pypdfium2", "tokenizers", "langchain_core")
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    assert result.stdout.splitlines() == ["{'unchanged': 1000}", "[]"]
