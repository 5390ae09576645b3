"""Static models: the one distilled from the bundled model, and saved ones."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from embeddings_samples import settings_in
from static_samples import distilled_cache, save_static

from rag_app.embeddings import list_models, load_embeddings, static_files
from rag_app.embeddings.static_files import distilled_folder, ensure_distilled, is_distilled
from rag_app.embeddings.static_tokens import Tokens
from rag_app.errors import EmbeddingError, UsageError
from rag_app.settings import load_settings

TEXTS = [
    "The warranty lasts two years.",
    "It's state-of-the-art (1,577 units); naïve café—¿qué?",
    "tab\tnew\nline\r\x0bvertical\x00null\u00a0space\u2028line",
    "保修期为两年。 mixed 保修 ünïcödé e\u0301 -\u0301 [CLS] [UNK]",
    "🙂 ∼24 ﬁne ﬀ x́́ \u200bzero",
    "",
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    return load_settings({"home": folder, "cache": distilled_cache(folder / "cache")}, environ={})


@pytest.fixture(scope="module")
def model(settings):
    return load_embeddings("static:minilm", settings)


def test_what_is_alike_is_near(model):
    cat, kitten, car = model.encode_documents(
        ["The cat sleeps.", "A kitten is sleeping.", "The engine of the car is loud."]
    )
    assert cat @ kitten > cat @ car + 0.1
    assert model.languages == ("en",)
    assert 10e6 < model.disk_bytes < 100e6


def test_it_is_what_model2vec_computes(model, settings):
    """The very folder, read and encoded by the library itself."""
    from model2vec import StaticModel

    library = StaticModel.from_pretrained(distilled_folder(settings), max_length=None)
    ours = model.encode_documents(TEXTS[:2])
    assert (ours * library.encode(TEXTS[:2])).sum(axis=1) == pytest.approx(1, abs=1e-3)


def test_words_looked_up_are_the_tokenizers_own(settings):
    from tokenizers import Tokenizer

    file = str(distilled_folder(settings) / "tokenizer.json")
    plain, tokens = Tokenizer.from_file(file), Tokens(Tokenizer.from_file(file))
    plain.no_truncation()
    texts = [text.replace("[CLS] [UNK]", "") for text in TEXTS] * 100
    expected = [encoding.ids for encoding in plain.encode_batch(texts, add_special_tokens=False)]
    assert tokens.ids(texts) == expected
    assert tokens.ids(texts) == expected  # now from memory


def test_a_text_without_a_known_token_is_zero_and_counted(model):
    texts = ["∼∼∼ 🙂", "The warranty ∼ lasts"]
    vectors = model.encode_documents(texts)
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)
    found = model.count_unknown(texts)
    assert (found.texts, found.blank, found.unknown) == (2, 1, 3)
    assert 0 < found.share < 1
    assert "∼" in found.examples
    assert model.count_unknown(["warranty"]).unknown == 0
    assert model.word_vector("∼") is None
    assert model.word_vector("warranty").shape == (model.identity.dimension,)


def test_it_is_many_times_as_fast_as_the_bundled_model(model, tmp_path):
    texts = [
        f"{n} passages on warranties, pumps and filters of the series {n}. " * 8 for n in range(60)
    ]
    bundled = load_embeddings("minilm", settings_in(tmp_path))
    bundled.encode_documents(texts[:2])

    def rate(embeddings, texts):
        start = time.perf_counter()
        embeddings.encode_documents(texts)
        return len(texts) / (time.perf_counter() - start)

    # More than 100 times on a quiet machine; this one may be busy with other tests.
    assert max(rate(model, texts * 5) for _ in range(3)) > 25 * rate(bundled, texts[:10])
    bundled.close()


def test_loading_imports_neither_torch_nor_transformers(settings):
    code = (
        "import sys\n"
        "from rag_app.embeddings import load_embeddings\n"
        "from rag_app.settings import load_settings\n"
        f"flags = {{'home': {str(settings.home)!r}, 'cache': {str(settings.cache)!r}}}\n"
        "load_embeddings('static:minilm', load_settings(flags, environ={})).encode_query('a')\n"
        "print({'torch', 'transformers', 'onnxruntime', 'sklearn'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_damaged_model_is_made_again_after_a_word(settings, tmp_path, monkeypatch, model):
    """The distillation itself is replaced: it takes half a minute, and distilled_cache ran it."""
    other = settings.override(cache=tmp_path)
    said, made = [], []

    def copy(_script, _source, target, **_):
        made.append(target)
        target.mkdir()
        for file in distilled_folder(settings).iterdir():
            if file.name != "made.json":
                (target / file.name).write_bytes(file.read_bytes())

    monkeypatch.setattr(static_files, "run_script", copy)
    folder = ensure_distilled(other, said.append)
    assert said == [
        "Distilling a static model from the bundled embedding model, once: about half a minute."
    ]
    assert ensure_distilled(other, said.append) == folder
    assert len(made) == len(said) == 1
    (folder / "model.safetensors").write_bytes(b"half")
    assert not is_distilled(folder)
    assert load_embeddings("static:minilm", other).identity == model.identity
    assert len(made) == 2
    assert sorted(path.name for path in folder.parent.iterdir() if path.is_dir()) == [folder.name]


def test_a_distillation_that_fails(settings, tmp_path, monkeypatch):
    other = settings.override(cache=tmp_path / "cache")
    monkeypatch.setattr(static_files, "_SCRIPT", tmp_path / "no_such_script.py")
    with pytest.raises(EmbeddingError, match=r"could not be distilled.*rag doctor"):
        load_embeddings("static:minilm", other)
    assert not is_distilled(distilled_folder(other))
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(EmbeddingError, match="RAG_CACHE"):
        load_embeddings("static:minilm", settings.override(cache=file))


def test_a_saved_model(settings, tmp_path, monkeypatch):
    folder = save_static(tmp_path / "mine")
    model = load_embeddings(f"static:{folder}", settings)
    assert model.identity.dimension == 16
    vectors = model.encode_documents(["pump filter", "zzz", "filter pump"])
    assert np.linalg.norm(vectors[0]) == pytest.approx(1)
    assert not vectors[1].any()
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)
    monkeypatch.chdir(tmp_path)
    assert load_embeddings("static:./mine", settings).identity == model.identity
    other = save_static(tmp_path / "other", seed=2)
    fingerprint = load_embeddings(f"static:{other}", settings).identity.fingerprint
    assert fingerprint != model.identity.fingerprint


def test_weights_and_shared_vectors_of_a_saved_model(settings, tmp_path):
    from model2vec import StaticModel

    folder = save_static(tmp_path / "quantized", clusters=3)
    library = StaticModel.from_pretrained(folder, max_length=None)
    assert library.token_mapping is not None
    assert library.weights is not None
    ours = load_embeddings(f"static:{folder}", settings).encode_documents(["pump filter warranty"])
    theirs = library.encode(["pump filter warranty"])
    theirs = theirs / np.linalg.norm(theirs)
    assert np.allclose(ours, theirs, atol=1e-3)


def test_options(settings, model):
    other = load_embeddings("static:minilm?document_prefix=two%20&max_tokens=8", settings)
    assert np.allclose(other.encode_documents(["years"]), model.encode_documents(["two years"]))
    assert other.count_tokens(["years"]) == [2]
    cut = other.encode_documents(["a b c d e f g h i j k"])
    assert np.allclose(cut, model.encode_documents(["two a b c d e f g"]), atol=1e-6)
    with pytest.raises(UsageError):
        load_embeddings("static:minilm?dimension=2", settings)


def test_what_is_no_model(settings, tmp_path, monkeypatch):
    from huggingface_hub import constants

    for path in ("/no/such/model", "./no", "nothing"):
        with pytest.raises(EmbeddingError, match=r"There is no folder.*static:minilm"):
            load_embeddings(f"static:{path}", settings)
    with pytest.raises(EmbeddingError, match="holds no model2vec model"):
        load_embeddings(f"static:{tmp_path}", settings)
    folder = save_static(tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(EmbeddingError, match="holds no model2vec model"):
        load_embeddings(f"static:{folder}", settings)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EmbeddingError, match="not on this machine"):
        load_embeddings("static:nobody/nothing-of-this-name", settings)


def test_the_list(settings, tmp_path):
    def row(settings):
        return next(one for one in list_models(settings) if one.spec == "static:minilm")

    assert (row(settings).state, row(settings).dimension) == ("ready", 512)
    assert "first use" not in row(settings).note
    assert "first use" in row(settings.override(cache=tmp_path)).note


def test_the_note_beside_the_files(settings):
    note = json.loads((distilled_folder(settings) / "made.json").read_text())
    assert set(note["bytes"]) == {
        "config.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
    }
