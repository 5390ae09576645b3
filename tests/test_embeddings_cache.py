"""The vector cache: nothing is embedded twice, and nothing stops when the file is bad."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from embeddings_samples import CountingEmbeddings, settings_in

from rag_app.embeddings import cached, load_embeddings, vector_file
from rag_app.embeddings.cache import CachedEmbeddings
from rag_app.embeddings.vectors import VectorFile
from rag_app.settings import load_settings

TEXTS = ["one", "two", "one", "", "\ud800 lone"]


@pytest.fixture
def settings(tmp_path):
    return load_settings({"home": tmp_path, "cache": tmp_path / "cache"}, environ={})


def test_the_second_time_nothing_is_embedded(settings):
    first = CountingEmbeddings()
    model = cached(first, settings)
    vectors = model.encode_documents(TEXTS)
    assert first.asked == ["one", "two", " ", "\ud800 lone"]
    assert (model.hits, model.misses) == (1, 4)
    model.close()

    second = CountingEmbeddings()
    model = cached(second, settings)
    assert np.array_equal(model.encode_documents(TEXTS), vectors)
    assert second.asked == []
    assert (model.hits, model.misses) == (5, 0)
    assert model.identity == second.identity
    assert model.encode_documents(TEXTS).dtype == np.float32
    model.close()


def test_only_what_is_new_is_embedded_and_order_is_kept(settings):
    inner = CountingEmbeddings()
    model = cached(inner, settings)
    model.encode_documents(["b", "d"])
    inner.asked.clear()
    vectors = model.encode_documents(["a", "b", "c", "d"])
    assert inner.asked == ["a", "c"]
    assert np.array_equal(vectors, CountingEmbeddings().encode_documents(["a", "b", "c", "d"]))
    model.close()


def test_the_real_model_is_not_run_again(tmp_path):
    settings = settings_in(tmp_path)
    model = cached(load_embeddings("minilm", settings), settings)
    vectors = model.encode_documents(["a passage", "another"])
    spent = model.encoder_seconds
    assert spent > 0
    assert np.array_equal(model.encode_documents(["another", "a passage"]), vectors[::-1])
    assert model.encoder_seconds == spent
    model.close()


def test_questions_are_not_kept(settings):
    inner = CountingEmbeddings(query_prefix="q: ", document_prefix="p: ")
    model = cached(inner, settings)
    model.encode_query("one")
    model.encode_query("one")
    assert inner.asked == ["q: one", "q: one"]
    model.encode_documents(["one"])
    assert inner.asked[-1] == "p: one"
    assert model.count_tokens(["one two"]) == [4]
    model.close()


@pytest.mark.parametrize(
    "change",
    [{"fingerprint": "g"}, {"dimension": 4}, {"document_prefix": "p: "}, {"max_tokens": 50}],
)
def test_another_model_shares_nothing(settings, change):
    with_first = cached(CountingEmbeddings(), settings)
    with_first.encode_documents(["one"])
    other = CountingEmbeddings(**change)
    with_other = cached(other, settings)
    assert with_other.encode_documents(["one"]).shape == (1, other.identity.dimension)
    assert len(other.asked) == 1
    with_first.close()
    with_other.close()


def test_another_name_for_the_same_weights_shares_all(settings):
    first = cached(CountingEmbeddings(), settings)
    first.encode_documents(["one"])
    moved = CountingEmbeddings(spec="moved", query_prefix="q: ")
    second = cached(moved, settings)
    second.encode_documents(["one"])
    assert moved.asked == []
    first.close()
    second.close()


def test_nothing_to_do(settings):
    model = cached(CountingEmbeddings(), settings)
    assert model.encode_documents([]).shape == (0, 8)
    assert not (settings.cache / "vectors.sqlite3").exists()


def assert_works_without(settings, caplog):
    inner = CountingEmbeddings()
    model = cached(inner, settings)
    assert model.encode_documents(["one"]).shape == (1, 8)
    assert model.encode_documents(["one"]).shape == (1, 8)
    assert len(inner.asked) == 2
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "going on without it" in warnings[0].getMessage()
    assert "RAG_CACHE" in warnings[0].getMessage()
    model.close()


def test_a_corrupt_file_is_told_once_and_left(settings, caplog):
    settings.cache.mkdir()
    (settings.cache / "vectors.sqlite3").write_bytes(b"this is no database" * 100)
    assert_works_without(settings, caplog)


def test_a_file_that_breaks_while_in_use(settings, caplog):
    model = cached(CountingEmbeddings(), settings)
    model.encode_documents([f"text {number}" for number in range(300)])
    model.close()
    path = settings.cache / "vectors.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xaa" * (len(content) - 4096)
    path.write_bytes(content)
    assert_works_without(settings, caplog)


def test_a_folder_that_cannot_be_made(tmp_path, caplog):
    (tmp_path / "cache").write_text("a file in the way")
    settings = load_settings({"home": tmp_path, "cache": tmp_path / "cache"}, environ={})
    assert_works_without(settings, caplog)


def test_a_file_of_a_newer_version(settings, caplog):
    settings.cache.mkdir()
    connection = sqlite3.connect(settings.cache / "vectors.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert_works_without(settings, caplog)
    assert "newer version" in caplog.text


def test_a_vector_of_the_wrong_length_is_made_again(settings):
    model = cached(CountingEmbeddings(), settings)
    expected = model.encode_documents(["one"])
    model.close()
    connection = sqlite3.connect(settings.cache / "vectors.sqlite3")
    connection.execute("UPDATE vectors SET vector = x'00'")
    connection.commit()
    connection.close()
    again = CountingEmbeddings()
    model = cached(again, settings)
    assert np.array_equal(model.encode_documents(["one"]), expected)
    assert again.asked == ["one"]
    model.close()


def test_several_processes_write_at_once(settings):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from embeddings_samples import CountingEmbeddings\n"
        "from rag_app.embeddings import cached\n"
        "from rag_app.settings import load_settings\n"
        "s = load_settings({'home': sys.argv[2], 'cache': sys.argv[3]}, environ={})\n"
        "m = cached(CountingEmbeddings(), s)\n"
        "for r in range(20):\n"
        "    m.encode_documents([f'text {i}' for i in range(r * 10, r * 10 + 40)])\n"
        "m.close()\n"
    )
    arguments = [str(Path(__file__).parent), str(settings.home), str(settings.cache)]
    processes = [
        subprocess.Popen([sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == [b"", b"", b""]
    inner = CountingEmbeddings()
    model = cached(inner, settings)
    model.encode_documents([f"text {number}" for number in range(230)])
    assert inner.asked == []
    model.close()


def test_prune_drops_the_oldest_and_shrinks_the_file(settings):
    model = cached(CountingEmbeddings(dimension=384), settings)
    for start in range(0, 1000, 100):
        model.encode_documents([f"text {number}" for number in range(start, start + 100)])
    model.close()
    path = settings.cache / "vectors.sqlite3"
    before = path.stat().st_size
    file = vector_file(settings)
    dropped = file.prune(keep_bytes=before // 2)
    assert 300 < dropped < 900
    inner = CountingEmbeddings(dimension=384)
    kept = CachedEmbeddings(inner, file)
    kept.encode_documents(["text 999"])
    assert inner.asked == []
    kept.encode_documents(["text 0"])
    assert inner.asked == ["text 0"]
    assert file.prune() == 1001 - dropped
    file.close()
    assert path.stat().st_size < before / 10


def test_the_file_stays_below_its_limit(settings):
    file = VectorFile(settings.cache / "vectors.sqlite3", limit_bytes=300_000)
    for start in range(0, 2000, 50):
        file.put(
            {
                number.to_bytes(32, "big"): np.full(384, number, "f4")
                for number in range(start, start + 50)
            }
        )
    keys = [number.to_bytes(32, "big") for number in (0, 1999)]
    found = file.get(keys, 384)
    assert list(found) == keys[1:]
    file.close()
    assert (settings.cache / "vectors.sqlite3").stat().st_size < 600_000


def test_identity_and_destination_pass_through(settings):
    inner = CountingEmbeddings()
    inner.destination = "api.example.com"
    model = cached(inner, settings)
    assert model.destination == "api.example.com"
    assert model.identity == replace(inner.identity)
