"""Counting models: exact where they fit, near to exact where they are projected."""

from __future__ import annotations

import numpy as np
import pytest
from embeddings_samples import corpus, settings_in
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from rag_app.embeddings import load_embeddings, train
from rag_app.embeddings.words import count_words, folded_words, read_words, words


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_in(tmp_path_factory.mktemp("counts"))


@pytest.fixture(scope="module")
def tfidf(settings):
    return load_embeddings(train("tfidf", corpus(), settings, "m"), settings)


def test_words_of_any_script():
    assert words("Don't stop: naïve l’État, 1,577 x_y 🙂") == [
        "Don", "t", "stop", "naïve", "l", "État", "1577", "x", "y",
    ]  # fmt: skip
    assert words("हिन्दी में தமிழ் 한국어") == ["हिन्दी", "में", "தமிழ்", "한국어"]
    assert words("保修期为两年。保") == ["保修", "修期", "期为", "为两", "两年", "保"]
    assert words("ภาษา") == ["ภา", "าษ", "ษา"]
    assert words("ｆｕｌｌ ﬁt e\u0301") == ["full", "fit", "é"]
    assert folded_words("Straße İ") == ["strasse", "i̇"]
    assert words("") == words("… \x00 —") == []


def test_text_without_spaces_is_long_all_the_same():
    assert count_words("a b c") == 3
    assert count_words("." * 3200) == count_words("x" * 3200) == 100
    assert count_words("") == 0
    assert len(read_words("a " * 100, 7)) == 7
    assert read_words("x" * 1000, 2) == ["x" * 64]


def test_a_vocabulary_that_fits_is_exact(tfidf):
    texts = [*corpus()[:20], "pump pump PUMP filter"]
    reference = TfidfVectorizer(analyzer=folded_words, sublinear_tf=True).fit(corpus())
    exact = reference.transform(texts)
    ours = tfidf.encode_documents(texts)
    assert ours.shape[1] == len(reference.vocabulary_)
    assert np.allclose(ours @ ours.T, (exact @ exact.T).toarray(), atol=1e-5)


def test_onehot_and_bow_count_as_they_say(settings):
    onehot = load_embeddings(train("onehot", corpus(), settings, "m"), settings)
    bow = load_embeddings(train("bow", corpus(), settings, "m"), settings)
    once, thrice = "pump filter", "pump pump pump filter"
    assert np.allclose(onehot.encode_query(once), onehot.encode_query(thrice))
    assert sorted(bow.encode_query(thrice)[bow.encode_query(thrice) > 0]) == pytest.approx(
        [1 / 10**0.5, 3 / 10**0.5]
    )
    assert float(bow.word_vector("pump") @ bow.word_vector("filter")) == 0


def test_rare_words_weigh_more(tfidf):
    question = "the насос"
    assert tfidf.encode_query(question) @ tfidf.word_vector("насос") > 0.8
    assert 0 < tfidf.encode_query(question) @ tfidf.word_vector("the") < 0.5


def test_projected_cosines_stay_near_the_exact_ones(settings):
    draw = np.random.default_rng(1)
    # Word frequencies as in language: the r-th word in proportion to 1 / r.
    share = 1 / np.arange(1, 8001)
    names = np.array([f"w{i}" for i in range(8000)])
    texts = [" ".join(draw.choice(names, 120, p=share / share.sum())) for _ in range(300)]
    for kind, most in (("tfidf", 0.05), ("bow", 0.05), ("onehot", 0.05)):
        model = load_embeddings(
            train(f"{kind}?dimension=1024", texts, settings, f"z{kind}"), settings
        )
        assert model.identity.dimension == 1024
        full = train(f"{kind}?dimension=16384", texts, settings, f"full{kind}")
        exact = load_embeddings(full, settings).encode_documents(texts)
        ours = model.encode_documents(texts)
        difference = (ours @ ours.T - exact @ exact.T)[np.triu_indices(300, 1)]
        assert np.sqrt((difference**2).mean()) < most
        assert abs(difference.mean()) < 0.01


def test_ordinal_numbers_words_by_position(settings):
    model = load_embeddings(train("ordinal?dimension=64", corpus(), settings, "m"), settings)
    vocabulary = sorted({word for text in corpus() for word in folded_words(text)})
    numbers = np.array([vocabulary.index("pump") + 1, 0, vocabulary.index("battery") + 1.0])
    expected = np.zeros(64)
    expected[:3] = numbers / np.linalg.norm(numbers)
    assert np.allclose(model.encode_query("Pump quux BATTERY"), expected, atol=1e-6)
    assert model.identity.max_tokens == 64
    assert model.identity.dimension == 64


def test_unknown_words_are_counted_and_match_nothing(tfidf):
    texts = ["The pump quux quux", "zork quux", "", "pump"]
    unknown = tfidf.count_unknown(texts)
    assert (unknown.words, unknown.unknown, unknown.texts, unknown.blank) == (7, 4, 4, 2)
    assert unknown.examples == ("quux", "zork")
    assert unknown.share == pytest.approx(4 / 7)
    assert not tfidf.encode_query("zork quux").any()
    assert not tfidf.encode_documents(["", "zork"]).any()
    assert tfidf.word_vector("zork") is None
    assert tfidf.word_vector("two words") is None
    assert tfidf.count_unknown([]).share == 0


def test_nothing_is_pickled(settings, tfidf):
    for file in (settings.home / "models").rglob("*"):
        if file.suffix == ".npy":
            assert not np.load(file, allow_pickle=False).dtype.hasobject
        assert file.is_dir() or file.suffix in (".npy", ".json")


def test_vectors_have_length_one(tfidf):
    rows = normalize(tfidf.encode_documents(corpus()))
    assert np.allclose(rows, tfidf.encode_documents(corpus()), atol=1e-6)
