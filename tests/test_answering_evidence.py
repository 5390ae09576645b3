"""What is weighed before an answer: the sentences, their features, the probability."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from answering_samples import made_hit

from rag_app.answering import extractive
from rag_app.answering.evidence import SENTENCE_FEATURES, Evidence, gather
from rag_app.answering.extractive import CLEAR, quote_best
from rag_app.answering.rank import find, reordered
from rag_app.answering.reader import Reading
from rag_app.answering.relevance import FITTED_HITS, answer_probability, relevance_features
from rag_app.answering.weights import ANY_MODEL, load_weights
from rag_app.embeddings.base import IdentifiedEmbeddings
from rag_app.errors import UsageError
from rag_app.retrieval.rank import Order
from rag_app.retrieval.search import SearchResult
from rag_app.types import EmbeddingIdentity, Hit


class Counting(IdentifiedEmbeddings):
    """Vectors of three words' counts, so that each cosine in a test can be seen."""

    identity = EmbeddingIdentity("test:counting", "f", 3, 64)
    words = ("pump", "warranty", "price")

    def __init__(self) -> None:
        self.seen: list[str] = []

    def _embed(self, texts):
        self.seen += texts
        counts = [[text.lower().count(word) for word in self.words] for text in texts]
        vectors = np.array(counts, dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)

    def count_tokens(self, texts):
        return [len(text.split()) for text in texts]


def weigh(question: str, *hits: Hit) -> tuple[Evidence, Counting]:
    embeddings = Counting()
    # The one thing that gather asks of a collection: in how many passages a word stands.
    collection = SimpleNamespace(
        info=SimpleNamespace(chunks=100),
        document_frequencies=lambda words: {
            word: sum(word.lower() in hit.chunk.text.lower() for hit in hits) for word in words
        },
    )
    found = SearchResult(
        question, embeddings.encode_query(question), hits, {}, Order((), dense_weight=0.7)
    )
    embeddings.seen.clear()
    return gather(found, collection, embeddings), embeddings


def titled(hit: Hit, *headings: str) -> Hit:
    return replace(hit, chunk=replace(hit.chunk, headings=headings))


def features(evidence: Evidence, text: str) -> dict[str, float]:
    candidate = next(c for c in evidence.candidates if text in c.sentence.text)
    return dict(zip(SENTENCE_FEATURES, candidate.features, strict=True))


def test_sentences_go_by_the_convex_score_whatever_ranks() -> None:
    by_places = replace(made_hit("It has a warranty of 36 months."), score=0.03, convex=0.9)
    evidence, _ = weigh("How long is the warranty?", by_places)
    assert features(evidence, "36")["passage"] == 0.9


def test_each_feature_measures_what_it_says() -> None:
    hit = made_hit("The Heron pump is green. It has a warranty of 36 months.")
    evidence, _ = weigh("How many months is the warranty of the Heron?", hit)
    first, second = features(evidence, "green"), features(evidence, "36")
    assert second["cosine"] == pytest.approx(1.0)
    assert first["cosine"] == pytest.approx(0.0)
    assert second["overlap"] > first["overlap"] > 0
    assert second["overlap_before"] > 0  # "Heron" stands in the sentence before
    assert first["overlap_before"] == 0
    assert first["overlap_passage"] == second["overlap_passage"] == pytest.approx(1.0)
    assert (first["kind"], second["kind"]) == (0.0, 1.0)
    assert first["passage"] == second["passage"] == hit.score


def test_a_sentence_is_embedded_under_its_heading_and_a_heading_is_no_sentence() -> None:
    hit = titled(made_hit("3 Warranty\n\nIt lasts 36 months."), "Terms", "3 Warranty")
    evidence, embeddings = weigh("How long is the warranty?", hit)
    assert embeddings.seen == ["3 Warranty: It lasts 36 months."]
    assert [c.sentence.text for c in evidence.candidates] == ["It lasts 36 months."]
    assert features(evidence, "36")["overlap_before"] > 0


def test_rows_at_the_beginning_of_a_passage_are_weighed_with_the_columns_above_it() -> None:
    rows = "| Spain | €125 | €42 |\n| Italy | €135 | €48 |"
    text = f"{rows}\n\nAsk the desk.\n\n| One | Two |\n| a | b |"
    hit = titled(made_hit(text), "5 Rates", "| Country | Hotel | Meals |")
    evidence, embeddings = weigh("What is the limit for a hotel in Spain?", hit)
    assert embeddings.seen == [
        "5 Rates: Country: Spain; Hotel: €125; Meals: €42",
        "5 Rates: Country: Italy; Hotel: €135; Meals: €48",
        "5 Rates: Ask the desk.",
        "5 Rates: One: a; Two: b",
    ]
    spain, italy = features(evidence, "Spain"), features(evidence, "Italy")
    assert spain["overlap"] > italy["overlap"] > 0  # "hotel" names a column of both
    shown, citations = quote_best(evidence, 1)
    assert shown.startswith("| Country | Hotel | Meals |\n|---|---|---|\n| Spain | €125 | €42 |")
    assert citations[0].quote == "| Spain | €125 | €42 |"


def test_a_row_of_a_table_is_weighed_with_the_head() -> None:
    hit = made_hit("| Pump | Price |\n|---|---|\n| H2 | 340 |\n| H3 | 520 |")
    evidence, embeddings = weigh("What is the price of the H3?", hit)
    assert "Pump: H3; Price: 520" in embeddings.seen
    assert evidence.candidates[0].sentence.text == "| H3 | 520 |"
    hit = made_hit("| Pump | Price | Group |\n|---|---|---|\n| H2 | 340 |\n| H3 | 520 |")
    _, embeddings = weigh("What is the price of the H3?", hit)
    assert "Pump Price Group: H3 520" in embeddings.seen  # a row that lacks a cell


@pytest.fixture
def nothing_is_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vectors here are so simple that the best sentence is always far ahead."""
    monkeypatch.setattr(extractive, "CLEAR", 99.0)


@pytest.mark.usefixtures("nothing_is_clear")
def test_the_same_sentence_in_two_documents_is_quoted_once() -> None:
    hits = (
        made_hit("The pump has a warranty of 36 months.", name="a.txt"),
        made_hit("The pump has a warranty of 36 months.", name="b.txt", page=2),
        made_hit("The price of the pump is low.", name="c.txt", page=3),
    )
    evidence, _ = weigh("How long is the warranty of the pump?", *hits)
    text, citations = quote_best(evidence, 2)
    assert text.count("36 months") == 1
    assert [citation.source for citation in citations] == ["/docs/a.txt", "/docs/c.txt"]


def test_a_sentence_far_behind_the_best_is_not_quoted_beside_it() -> None:
    hit = made_hit("The pump hums. The tank is blue. The hose is long.")
    evidence, _ = weigh("Which pump hums?", hit)
    first, second, third = evidence.candidates
    near = replace(second, score=first.score - CLEAR)
    far = replace(third, score=first.score - CLEAR - 0.01)
    _, citations = quote_best(replace(evidence, candidates=(first, near, far)), 3)
    assert len(citations) == 1  # neighbours, as one quotation
    assert second.sentence.text in citations[0].quote
    assert third.sentence.text not in citations[0].quote
    _, citations = quote_best(replace(evidence, candidates=(first, far)), 3)
    assert citations[0].quote == first.sentence.text


@pytest.mark.usefixtures("nothing_is_clear")
def test_neighbours_become_one_quotation_and_others_do_not() -> None:
    apart = made_hit("The warranty is long. Birds sing. The pump warranty ends in May.")
    text, citations = quote_best(weigh("When does the pump warranty end?", apart)[0], 2)
    assert len(citations) == 2
    assert "Birds" not in text
    near = made_hit("Birds sing. The warranty is long. The pump warranty ends in May.")
    text, citations = quote_best(weigh("When does the pump warranty end?", near)[0], 2)
    assert text == "The warranty is long. The pump warranty ends in May. [1]"
    assert citations[0].quote == "The warranty is long. The pump warranty ends in May."


def test_rows_of_one_table_stand_below_its_head_once() -> None:
    hit = made_hit(
        "| Thing | Price |\n|---|---|\n| Pump H2 | 340 |\n| Hose | 20 |\n| Pump H3 | 520 |"
    )
    text, citations = quote_best(weigh("What is the price of a pump?", hit)[0], 2)
    rows = [citation.quote for citation in citations]
    assert sorted(rows) == ["| Pump H2 | 340 |", "| Pump H3 | 520 |"]
    assert text == f"| Thing | Price |\n|---|---|\n{rows[0]}\n{rows[1]}\n\n[1] [2]"


def test_a_good_sentence_lifts_its_passage() -> None:
    vague = replace(made_hit("The pump has a price and a name.", name="a.txt"), score=0.52)
    telling = made_hit("Birds sing. The pump has a warranty of 36 months.", name="b.txt")
    question = "How many months is the warranty of the pump?"
    evidence, _ = weigh(question, vague, telling)
    assert [hit.document.name for hit in evidence.hits] == ["a.txt", "b.txt"]
    lifted = reordered(evidence)
    assert [hit.document.name for hit in lifted.hits] == ["b.txt", "a.txt"]
    assert lifted.candidates == evidence.candidates
    far = replace(vague, score=5.0)
    assert reordered(weigh(question, far, telling)[0]).hits[0].score == 5.0


def test_the_gap_between_the_passages_does_not_depend_on_their_order() -> None:
    hits = [
        replace(made_hit("The pump has a price.", name=f"{score}.txt"), score=score)
        for score in (0.5, 0.6, 0.58)
    ]
    for order in (hits, hits[::-1]):
        evidence, _ = weigh("What is the price of the pump?", *order)
        assert relevance_features(evidence)["fused_gap"] == pytest.approx(0.1)


@pytest.mark.parametrize(("destination", "searched"), [(None, 12), ("api.example.com", 5)])
def test_a_remote_model_is_sent_no_more_than_is_needed(
    destination: str | None, searched: int
) -> None:
    asked: list[int] = []

    class Spy:
        embeddings = SimpleNamespace(destination=destination)

        def search(self, question: str, k: int, where: object) -> None:
            asked.append(k)
            raise UsageError("enough")

    with pytest.raises(UsageError):
        find(Spy(), "What is the price?", 3)
    assert asked == [searched]


def test_no_passage_gives_no_answer_and_no_probability() -> None:
    evidence, _ = weigh("What is the price?")
    assert quote_best(evidence, 2) == ("", ())
    assert answer_probability(evidence, "minilm") == 0.0


def test_the_probability_rises_with_what_is_covered() -> None:
    question = "How long is the warranty of the Heron pump?"
    good = weigh(question, made_hit("The Heron pump has a warranty of 36 months."))[0]
    poor = weigh(question, made_hit("Birds sing in the garden."))[0]
    for spec in ("minilm", "openai:text-embedding-3-small"):
        assert answer_probability(good, spec) > 0.5 > answer_probability(poor, spec)


def reading(start: float, end: float) -> Reading:
    """What the reader may say of a passage of two tokens."""
    starts, ends = (np.array([one, -9.0], np.float32) for one in (start, end))
    return Reading(np.array([[0, 3], [4, 8]]), starts, ends)


def test_what_is_read_counts_by_the_best_of_the_first_passages() -> None:
    hits = [made_hit("The pump has a price.", page=n) for n in range(FITTED_HITS + 1)]
    evidence, _ = weigh("What is the price of the pump?", *hits)
    ids = [hit.chunk.id for hit in evidence.hits]
    unread = relevance_features(evidence)
    readings = {ids[1]: reading(1, 2), ids[3]: reading(-2, 4), ids[-1]: reading(8, 8)}
    assert relevance_features(evidence, readings) == {**unread, "span_read": 3}
    assert relevance_features(evidence, {ids[-1]: reading(8, 8)}) == unread


def test_a_reader_that_finds_an_answer_makes_one_likelier() -> None:
    evidence, _ = weigh("What is the price of the pump?", made_hit("The pump has a price."))
    [hit] = evidence.hits
    for spec in ("minilm", "openai:text-embedding-3-small"):
        said = [
            answer_probability(evidence, spec, {hit.chunk.id: reading(word, word)})
            for word in (-8, 0, 8)
        ]
        assert said == sorted(said)
        assert said[-1] > said[0] + 0.1


@pytest.mark.parametrize(
    ("passage", "known"),
    [
        ("The pump H12 has a warranty.", True),
        ("The pump H-12 has a warranty.", True),
        ("The pump h 12 has a warranty.", True),
        ("The pump H8 has a warranty.", False),
    ],
)
def test_codes_are_known_in_each_way_of_writing(passage: str, known: bool) -> None:
    evidence, _ = weigh("What is the warranty of the pump H12?", made_hit(passage))
    assert (not evidence.question.unknown_codes) is known
    assert known or answer_probability(evidence, "minilm") <= 0.1


@pytest.mark.parametrize(
    ("asked", "passage", "known"),
    [
        ("H-12", "The pump H12 has a warranty.", True),
        ("H-12", "The pump H 12 has a warranty.", True),
        ("H-12", "The pump H-8 has a warranty.", False),
        ("XK-78-B", "The pump XK-77-B has a warranty.", False),
    ],
)
def test_a_code_with_a_hyphen_must_be_known_too(asked: str, passage: str, known: bool) -> None:
    evidence, _ = weigh(f"What is the warranty of the pump {asked}?", made_hit(passage))
    assert evidence.question.unknown_codes == (() if known else (asked,))


def test_a_code_that_stands_above_a_passage_is_known() -> None:
    hit = titled(made_hit("The pump has a warranty.", name="H14.txt"), "Pumps", "H-12")
    for code in ("H12", "H14"):
        assert not weigh(f"What is the warranty of the pump {code}?", hit)[0].question.unknown_codes


def test_a_sentence_has_a_code_however_it_is_parted() -> None:
    text = "E-1001 means that the valve is stuck. E-1002 means that the motor is hot."
    question = "What does {} mean?"
    same, _ = weigh(question.format("E-1002"), made_hit(text))
    for code in ("E1002", "E 1002", "E_1002"):
        evidence, embeddings = weigh(question.format(code), made_hit(text))
        assert evidence.candidates[0].sentence == same.candidates[0].sentence
        assert features(evidence, "motor")["overlap"] == pytest.approx(1.0)
        assert features(evidence, "valve")["overlap"] <= 0.5
        assert f"{code} means that the motor is hot." in embeddings.seen


def test_every_weight_names_a_feature() -> None:
    evidence, _ = weigh("What is the price of the pump?", made_hit("The pump has a price."))
    known = relevance_features(evidence).keys()
    weights = load_weights()
    assert len(weights.sentence) == len(SENTENCE_FEATURES)
    assert {"minilm", ANY_MODEL} <= weights.relevance.keys() & weights.read.keys()
    for models, more in ((weights.relevance, set[str]()), (weights.read, {"span_read"})):
        for model in models.values():
            assert more <= model.weights.keys() <= known | more
            assert all(weight >= 0 for weight in model.weights.values())
    for read_too in (True, False):
        words_only = weights.relevance_for("unknown:model", read=read_too).weights
        assert "sentence_cosine" not in words_only


def test_the_weights_say_where_they_come_from() -> None:
    path = Path(__file__).parents[1] / "rag_app" / "answering" / "relevance.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert raw["provenance"]["fitted_by"].startswith("benchmarks/fit_relevance.py")
    assert list(raw["sentence"]["weights"]) == list(SENTENCE_FEATURES)
