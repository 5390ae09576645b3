"""Several processes at one folder, on the embedded Chroma."""

from __future__ import annotations

import subprocess
import sys

import pytest
from store_samples import (
    WORKER,
    assert_whole,
    document,
    finish,
    make,
    put,
    settings,
    start,
    vectors,
)

from rag_app.errors import StoreBusyError
from rag_app.store import Store, chroma, upkeep, writer
from rag_app.store.embedded import EmbeddedIndex


@pytest.fixture(autouse=True)
def always_ask_the_index(monkeypatch):
    monkeypatch.setattr(EmbeddedIndex, "worth_asking_from", 0)


def test_reader_sees_what_another_process_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(chroma, "SYNC_THRESHOLD", 40)
    monkeypatch.setattr(upkeep, "BATCH", 16)
    monkeypatch.setattr(writer, "FLUSH", 16)
    with Store(settings(tmp_path)) as store:
        collection = make(store)
        put(collection, *(document(n) for n in range(1, 20)))
        assert assert_whole(collection) == 19  # the index is in memory now
        process = start("fill", tmp_path, 120)
        assert process.stdout is not None
        seen = 0
        for line in process.stdout:
            made = document(5000 + int(line))
            (best, cosine), *_ = collection.search_dense(made[2][1], 1)
            assert (best, round(cosine, 3)) == (made[1][1].id, 1.0)
            seen += 1
        process.communicate()
        assert (seen, process.returncode) == (120, 0)
        assert assert_whole(collection) == 139
        # and now this process writes over what the other one wrote
        put(collection, *(document(n) for n in range(20, 60)))
        assert store.check() == []
    output = finish(start("fill", tmp_path, 10))
    assert output.endswith("10")
    with Store(settings(tmp_path)) as store:
        assert store.check() == []
        assert assert_whole(store.get("default")) == 179


def test_two_processes_write_to_two_collections(tmp_path, monkeypatch):
    monkeypatch.setattr(chroma, "SYNC_THRESHOLD", 40)
    monkeypatch.setattr(writer, "FLUSH", 16)
    with Store(settings(tmp_path)) as store:
        make(store)
        other = make(store, "other")
        process = start("fill", tmp_path, 100)
        with other.writer(1) as open_writer:
            for n in range(1, 101):
                open_writer.put(*document(n))
        finish(process)
        assert process.returncode == 0
        assert store.check() == []
        assert assert_whole(other) == 100
        assert assert_whole(store.get("default")) == 100


def test_writer_lock_holds_across_processes_and_dies_with_them(tmp_path):
    with Store(settings(tmp_path)) as store:
        collection = make(store)
        process = start("hold", tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        waited: list[str] = []
        with (
            pytest.raises(StoreBusyError, match="Another process is writing"),
            collection.writer(0.1, lambda: waited.append("waited")),
        ):
            pass
        assert waited == ["waited"]
        assert collection.search_dense(vectors(1, 1)[0], 1) == []
        process.kill()
        process.communicate()
        put(collection, document(1))
        assert assert_whole(collection) == 1


def test_reading_and_an_empty_writing_import_no_chroma(tmp_path):
    with Store(settings(tmp_path)) as store:
        put(make(store), document(1))
    code = (
        "import sys\nfrom pathlib import Path\nfrom rag_app.store import Store\n"
        "from rag_app.settings import Settings\n"
        "assert not {'numpy', 'chromadb', 'snowballstemmer'} & set(sys.modules)\n"
        "with Store(Settings(home=Path(sys.argv[1]))) as store:\n"
        "    collection = store.get('default')\n"
        "    assert len(collection.documents()) == len(store.collections()) == 1\n"
        "    assert len(collection.search_keywords('a passage', 5)) == 3\n"
        "    with collection.writer(1) as writer:\n"
        "        assert writer.has(collection.documents()[0].id)\n"
        "    assert not {'numpy', 'chromadb', 'httpx'} & set(sys.modules)\n"
        "    import numpy\n"
        "    assert len(collection.search_dense(numpy.ones(16, 'f'), 5)) == 3\n"
        "assert not {'chromadb', 'httpx'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=WORKER.parents[1])


def test_chroma_sends_nothing_whatever_the_surroundings_say(tmp_path):
    (tmp_path / ".env").write_text("CHROMA_OTEL_GRANULARITY=all\nANONYMIZED_TELEMETRY=True\n")
    code = (
        "from rag_app.store.chroma import Engine\n"
        "engine = Engine(is_persistent=True, persist_directory='chroma')\n"
        "engine.start()\n"
        "settings = engine._system.settings\n"
        "assert settings.anonymized_telemetry is False\n"
        "assert settings.chroma_otel_granularity == 'none'\n"
        "from chromadb.telemetry import opentelemetry\n"
        "assert opentelemetry.tracer is None\n"
        "engine.close()\n"
    )
    variables = {"CHROMA_OTEL_GRANULARITY": "all", "ANONYMIZED_TELEMETRY": "True"}
    variables |= {"CHROMA_OTEL_COLLECTION_ENDPOINT": "http://127.0.0.1:9"}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        cwd=tmp_path,
        env={**variables, "PYTHONPATH": str(WORKER.parents[1])},
    )
