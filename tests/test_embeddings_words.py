"""Word vectors: trained, read from every kind of file, and averaged."""

from __future__ import annotations

import gzip
import pickle
import shutil
from importlib.resources import files

import numpy as np
import pytest
from embeddings_samples import corpus, trained_home, word_vector_file
from gensim.models import KeyedVectors
from gensim.models.fasttext import FastText, ft_ngram_hashes, save_facebook_model
from scipy.stats import spearmanr

from rag_app.embeddings import load_embeddings, train
from rag_app.embeddings.fasttext import hashed, pieces
from rag_app.embeddings.word_matrix import WordMatrix
from rag_app.embeddings.word_vectors import WordVectors
from rag_app.errors import EmbeddingError, MissingExtraError, UsageError


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return trained_home(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def settings(home):
    return home[0]


@pytest.fixture(scope="module")
def glove(settings):
    return load_embeddings("glove:6B-50d", settings)


@pytest.fixture
def file(tmp_path):
    return word_vector_file(tmp_path / "vectors.txt")


def vectors_in(path):
    """The vectors of a text file of ours, read the plain way."""
    rows = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
    return {row[0]: np.array(row[1:], np.float32) for row in rows}


def keyed(path):
    rows = vectors_in(path)
    own = KeyedVectors(48)
    own.add_vectors(list(rows), np.stack(list(rows.values())))
    return own


def same(model, path):
    expected = vectors_in(path)
    assert list(model.vocabulary) == list(expected)
    assert np.allclose(model.vectors, np.stack(list(expected.values())))
    return True


# GloVe in its package


def test_glove_reproduces_wordsim_353(glove):
    text = files("gensim").joinpath("test/test_data/wordsim353.tsv").read_text(encoding="utf-8")
    ours, people = [], []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            first, second, mean = line.split("\t")
            a, b = glove.word_vector(first), glove.word_vector(second)
            if a is not None and b is not None:
                ours.append(float(a @ b))
                people.append(float(mean))
    assert len(ours) == 353
    assert spearmanr(ours, people).statistic == pytest.approx(0.503, abs=0.003)


def test_glove_knows_its_neighbours_and_analogies(glove):
    assert [word for word, _ in glove.most_similar("frog", 3)] == ["snake", "ape", "toad"]
    ((queen, cosine),) = glove.analogy("king", "man", "woman", 1)
    assert queen == "queen"
    assert cosine == pytest.approx(0.852, abs=0.01)
    with pytest.raises(EmbeddingError, match="does not know the word 'qwrtz'"):
        glove.most_similar("qwrtz")
    assert glove.word_vector("Paris") is not None  # its vocabulary is in lower case
    assert glove.word_vector("qwrtz") is None
    assert glove.languages == ("en",)


def test_glove_without_its_package_names_the_extra(settings, monkeypatch):
    monkeypatch.setattr("rag_app.embeddings.glove.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"rag-app\[glove\]"):
        load_embeddings("glove:6B-50d", settings)
    with pytest.raises(EmbeddingError, match=r"no model 'glove:840B'.*glove:6B-50d"):
        load_embeddings("glove:840B", settings)


# Sentences


def test_sif_lets_rare_words_speak_and_takes_out_what_all_texts_share(glove, settings):
    mean = load_embeddings("glove:6B-50d?weighting=mean", settings)
    assert mean.identity.fingerprint != glove.identity.fingerprint
    texts = ["the pump of the house", "the king of the hill", "of the in the and"]
    plain, sif = mean.encode_documents(texts), glove.encode_documents(texts)
    assert plain[0] @ plain[1] > 0.8 > sif[0] @ sif[1] + 0.3
    assert sif[0] @ glove.encode_query("pump house") > 0.95
    with pytest.raises(UsageError, match="sif or mean"):
        load_embeddings("glove:6B-50d?weighting=max", settings)
    with pytest.raises(UsageError, match="no option 'sg'"):
        load_embeddings("glove:6B-50d?sg=1", settings)


def test_sif_is_what_the_paper_says():
    draw = np.random.default_rng(5)
    counts = np.array([60, 30, 9, 1])
    matrix = WordMatrix(["a", "b", "c", "d"], draw.normal(size=(4, 3)).astype("f4"), counts)
    model = WordVectors("x:y", matrix, "f", "sif")
    weights = 1e-3 / (1e-3 + counts / 100)
    load = (counts / 100 * weights**2)[:, None]
    common = np.linalg.svd(np.sqrt(load) * matrix.vectors)[2][0]
    total = weights[0] * matrix.vectors[0] + 2 * weights[3] * matrix.vectors[3]
    total -= (total @ common) * common
    expected = total / np.linalg.norm(total)
    assert np.allclose(model.encode_query("D a, d!"), expected, atol=1e-5)


def test_shares_without_counts_follow_the_rank():
    matrix = WordMatrix(list("abcd"), np.eye(4, dtype="f4"))
    assert matrix.shares.sum() == pytest.approx(1)
    assert matrix.shares[0] / matrix.shares[3] == pytest.approx(6.7 / 3.7)


@pytest.mark.parametrize("name", ["word2vec", "cbow", "fasttext", "glove-file"])
def test_unknown_words_are_counted_and_match_nothing(home, name):
    settings, specs = home
    model = load_embeddings(specs[name], settings)
    unknown = model.count_unknown(["The pump ωxyz ωxyz", "ωxyz", ""])
    assert unknown.texts == 3
    if name == "fasttext":
        assert (unknown.words, unknown.unknown, unknown.blank) == (5, 0, 1)
        assert model.encode_query("ωxyz").any()
    else:
        assert (unknown.words, unknown.unknown, unknown.blank) == (5, 3, 2)
        assert unknown.examples == ("ωxyz",)
        assert not model.encode_query("ωxyz").any()
        assert model.word_vector("ωxyz") is None
    assert not model.encode_query("").any()


# Training


def test_training_tells_how_far_it_is(settings):
    shares = []
    spec = train(
        "word2vec?dimension=8&epochs=4", corpus(), settings, "telling", progress=shares.append
    )
    assert shares == [0, 0.25, 0.5, 0.75, 1]
    assert load_embeddings(spec, settings).identity.dimension == 8


def test_training_learns_what_goes_together(settings):
    draw = np.random.default_rng(2)
    themes = [[f"sea{i}" for i in range(12)], [f"land{i}" for i in range(12)]]
    texts = [" ".join(draw.choice(themes[i % 2], 20)) for i in range(200)]
    for kind in ("word2vec", "fasttext?buckets=2000"):
        spec = train(kind, texts, settings, "themes")
        model = load_embeddings(spec, settings)
        nearest = [word for word, _ in model.most_similar("sea3", 8)]
        assert all(word.startswith("sea") for word in nearest), nearest
        assert model.encode_query("sea1 sea2") @ model.encode_query("sea5 sea7") > 0.5


def test_the_weighting_chosen_in_training_is_kept_and_can_be_changed(settings):
    spec = train("word2vec?dimension=8&epochs=1&weighting=mean", corpus(), settings, "mean")
    kept = load_embeddings(spec, settings).identity.fingerprint
    assert load_embeddings(f"{spec}?weighting=mean", settings).identity.fingerprint == kept
    assert load_embeddings(f"{spec}?weighting=sif", settings).identity.fingerprint != kept


def test_pieces_are_those_of_fasttext():
    for word in ("hello", "señor", "保修期", "a", "x🙂y"):
        for lengths in ((3, 6), (1, 3), (2, 2)):
            ours = [hashed(piece) % 1000 for piece in pieces(word, *lengths)]
            assert ours == list(ft_ngram_hashes(word, *lengths, 1000))


def test_a_fasttext_file_gives_unseen_words_the_vectors_of_the_library(tmp_path, settings):
    sentences = [text.casefold().split() for text in corpus()]
    original = FastText(sentences, vector_size=12, min_count=1, epochs=1, workers=1, bucket=500)
    save_facebook_model(original, str(tmp_path / "model.bin"))
    model = load_embeddings(f"fasttext:{tmp_path / 'model.bin'}", settings)
    for word in ("pump", "pumpkin", "garantías"):
        vector = original.wv[word]
        expected = vector / np.linalg.norm(vector)
        assert np.allclose(model.word_vector(word), expected, atol=1e-5)
    with pytest.raises(EmbeddingError, match="fasttext:PATH"):
        load_embeddings(f"word2vec:{tmp_path / 'model.bin'}", settings)
    cut = tmp_path / "cut.bin"
    cut.write_bytes((tmp_path / "model.bin").read_bytes()[:3000])
    with pytest.raises(EmbeddingError, match="no whole fastText model"):
        load_embeddings(f"fasttext:{cut}", settings)


# Files


@pytest.mark.parametrize("provider", ["glove", "word2vec", "fasttext"])
@pytest.mark.parametrize("header", [False, True])
def test_text_is_read_with_and_without_a_header(tmp_path, settings, file, provider, header):
    path = word_vector_file(tmp_path / "other.vec", header=header)
    assert same(load_embeddings(f"{provider}:{path}", settings), file)


def test_binary_gzip_and_gensim_files_are_read(tmp_path, settings, file):
    keyed(file).save_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    keyed(file).save(str(tmp_path / "v.kv"))
    keyed(file).save(str(tmp_path / "apart.kv"), sep_limit=100)
    (tmp_path / "v.txt.gz").write_bytes(gzip.compress(file.read_bytes()))
    assert (tmp_path / "apart.kv.vectors.npy").exists()
    for name in ("v.bin", "v.kv", "apart.kv", "v.txt.gz"):
        model = load_embeddings(f"word2vec:{tmp_path / name}", settings)
        assert same(model, file), name
        assert model.disk_bytes == (tmp_path / name).stat().st_size
    (tmp_path / "apart.kv.vectors.npy").unlink()
    shutil.copy(tmp_path / "apart.kv", tmp_path / "lonely.kv")
    with pytest.raises(EmbeddingError, match=r"needs lonely.kv.vectors.npy beside it"):
        load_embeddings(f"word2vec:{tmp_path / 'lonely.kv'}", settings)


def test_a_pickle_cannot_run_code(tmp_path, settings):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "hacked"), "w"))

    path = tmp_path / "bad.kv"
    path.write_bytes(pickle.dumps(Bad()))
    with pytest.raises(EmbeddingError, match=r"pickle of something else.*not opened"):
        load_embeddings(f"word2vec:{path}", settings)
    path.write_bytes(pickle.dumps([1, 2])[:-2])
    with pytest.raises(EmbeddingError, match="damaged"):
        load_embeddings(f"word2vec:{path}", settings)
    assert not (tmp_path / "hacked").exists()


def test_the_second_load_reads_no_text(settings, file, monkeypatch):
    spec = f"glove:{file}"
    first = load_embeddings(spec, settings).identity

    def never(*_):
        raise AssertionError

    monkeypatch.setattr("rag_app.embeddings.word2vec.read_vectors", never)
    assert load_embeddings(spec, settings).identity == first
    file.write_text(file.read_text(encoding="utf-8") + "one more\n", encoding="utf-8")
    with pytest.raises(AssertionError):  # it has changed
        load_embeddings(spec, settings)


def test_damaged_arrays_in_the_cache_are_made_again(settings, file):
    model = load_embeddings(f"glove:{file}", settings)
    first = model.encode_query("pump")
    for folder in (settings.cache / "words").iterdir():
        array = folder / "vectors.npy"
        array.write_bytes(array.read_bytes()[:100])
    assert np.array_equal(load_embeddings(f"glove:{file}", settings).encode_query("pump"), first)


def test_words_may_hold_spaces_and_come_twice(tmp_path, settings):
    path = tmp_path / "odd.txt"
    path.write_text("the 1 2\nat name 3 4\nthe 5 6\n\xa0 7 8\n", encoding="utf-8")
    model = load_embeddings(f"glove:{path}", settings)
    assert list(model.vocabulary) == ["the", "at name", "\xa0"]
    assert model.vectors.tolist() == [[1, 2], [3, 4], [7, 8]]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"5 3\na 1 2 3\n", "has 1 words where its header says 5.*cut short"),
        (b"1 3\na 1 2\n", "header may be wrong"),
        (b"2 2\na 1 2 3\nb 4 5e-1 -.6\n", "more than the 2 numbers.*Correct the header"),
        (b"2 1\na " + b"\xff\x01\x80\x3f" * 2 + b"b " + b"\xff\x01\x80\x3f" * 2, "goes on after"),
        (b"2 2\na 1 2\nb 3\n", "1 numbers for the word 'b' where 2"),
        (b"a 1 2\nb 3 x\n", "no number"),
        (b"a 1 2\nb 3 nan\n", "not finite"),
        (b"0 0\n", "0 words"),
        (b"word\nother\n", "no word vectors"),
        (b"PK\x03\x04\0\0\0 zip", "no word vectors"),
        (b"3 4\na " + b"\xff\x01\x80\x3f" * 4 + b"b \x01", "ends within word 2 of 3"),
        (b"\x1f\x8bnothing", "damaged gzip"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path, settings, content, problem):
    path = tmp_path / "wrong.vec"
    path.write_bytes(content)
    with pytest.raises(EmbeddingError, match=f"{path}.*{problem}") as error:
        load_embeddings(f"word2vec:{path}", settings)
    assert "\n" not in str(error.value)
    assert not list((settings.cache / "words").glob(".draft-*"))


def test_a_path_that_leads_nowhere(tmp_path, settings):
    with pytest.raises(EmbeddingError, match=r"no file .*gone"):
        load_embeddings(f"word2vec:{tmp_path / 'gone.bin'}", settings)
    with pytest.raises(EmbeddingError, match="is a folder"):
        load_embeddings(f"fasttext:{tmp_path}", settings)
    with pytest.raises(EmbeddingError, match="no model word2vec:gone"):
        load_embeddings("word2vec:gone", settings)
