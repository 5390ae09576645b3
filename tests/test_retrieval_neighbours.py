"""Passages unlike each other, and passages with what stands around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answering_samples import made_settings, record
from llm_server import scripted_llm

from rag_app.answering import Assistant
from rag_app.answering.explain import STEPS
from rag_app.embeddings import embeddings_for
from rag_app.errors import SettingsError
from rag_app.retrieval.diverse import diversifying, maximal_marginal_relevance
from rag_app.retrieval.neighbours import Room, joined, widening
from rag_app.retrieval.steps import Stepped
from rag_app.store import Store
from rag_app.types import Chunk, ChunkingIdentity, Hit

SENTENCES = (
    "The Heron pump moves 55 litres of water in a minute.",
    "It has a warranty of 36 months from the day of delivery.",
    "Seals and filters are excluded from the warranty.",
    "Clean the filter with cold water every two weeks.",
    "The housing is made of steel that does not rust.",
    "Carry it by its two handles and never by the hose.",
)
PAGE = "\n\n".join(SENTENCES)
QUESTION = "How long is the warranty of the Heron pump?"


def passages(page: int = 1, first: int = 0, name: str = "manual.pdf") -> list[Hit]:
    """Every sentence of the page as a hit, the first the best."""
    document, _ = record(name, (PAGE,))
    hits = []
    for n, sentence in enumerate(SENTENCES, start=first):
        start = PAGE.index(sentence)
        end = start + len(sentence)
        chunk = Chunk(f"{name}-{n}", document.id, n, sentence, page, start, end, ("Manual",), 9)
        hits.append(Hit(chunk, document, 0.9 - n / 100))
    return hits


def widened(hits: Sequence[Hit], all_hits: Sequence[Hit], around: int = 1, room: int = 999) -> list:
    """What the step makes of ``hits`` of a document that has ``all_hits``."""

    def between(document_id: str, first: int, last: int) -> list[Chunk]:
        return [h.chunk for h in all_hits if first <= h.chunk.ordinal <= last]

    step = widening(around, between, Room(room, lambda text: len(text.split())))
    result = step.apply(None, hits, len(hits))  # type: ignore[arg-type]
    assert isinstance(result, Stepped)
    return list(result.hits)


# --- maximal marginal relevance


def test_a_second_passage_like_the_first_waits() -> None:
    vectors = np.array([[1, 0, 0], [0.99, 0.14, 0], [0.6, 0, 0.8]], np.float32)
    relevance = [0.9, 0.89, 0.7]
    assert maximal_marginal_relevance(relevance, vectors, 0.0, 3) == [0, 1, 2]
    assert maximal_marginal_relevance(relevance, vectors, 0.5, 3) == [0, 2, 1]
    # Worked out by hand: 0.9·0.89 - 0.1·0.99 = 0.702 beats 0.9·0.7 - 0.1·0.6 = 0.57.
    assert maximal_marginal_relevance(relevance, vectors, 0.1, 2) == [0, 1]
    # And 0.6·0.7 - 0.4·0.6 = 0.18 beats 0.6·0.89 - 0.4·0.99 = 0.138.
    assert maximal_marginal_relevance(relevance, vectors, 0.4, 2) == [0, 2]
    assert maximal_marginal_relevance(relevance, vectors, 1.0, 9) == [0, 2, 1]


def test_vectors_of_any_length_and_of_none_are_compared() -> None:
    vectors = np.array([[3, 0], [9, 0.1], [0, 0]], np.float32)
    assert maximal_marginal_relevance([0.9, 0.9, 0.5], vectors, 0.5, 3) == [0, 2, 1]
    assert maximal_marginal_relevance([], np.zeros((0, 2), np.float32), 0.5, 3) == []


def test_places_that_are_nearly_alike_do_not_let_unlikeness_decide_alone() -> None:
    rows = np.array([[1, 0, 0], [0.99, 0.14, 0], [0.6, 0, 0.8]], np.float32)
    hits = passages()[:3]
    vectors = {hit.chunk.id: row for hit, row in zip(hits, rows, strict=True)}
    step = diversifying(0.4, lambda ids: {id_: vectors[id_] for id_ in ids})

    def order(convex: tuple[float | None, ...]) -> list[int]:
        of_places = [replace(hit, convex=one) for hit, one in zip(hits, convex, strict=True)]
        found = step.apply(None, of_places, 3)  # type: ignore[arg-type]
        return [hit.chunk.ordinal for hit in found.hits]

    assert order((None, None, None)) == [0, 2, 1]
    assert order((0.9, 0.89, 0.3)) == [0, 1, 2]  # the last is unlike and has little to say


# --- neighbours


def test_a_hit_brings_what_is_around_it_and_keeps_its_place_on_the_page() -> None:
    hits = passages()
    (wide,) = widened(hits[1:2], hits)
    assert wide.chunk.text == "\n\n".join(SENTENCES[:3])
    assert wide.chunk.text == PAGE[wide.chunk.start : wide.chunk.end]
    assert wide.chunk.id == hits[1].chunk.id
    assert wide.score == hits[1].score
    assert wide.chunk.headings == ("Manual",)


def test_hits_of_one_page_become_one() -> None:
    hits = passages()
    (wide,) = widened([hits[0], hits[5]], hits)
    assert wide.chunk.text == PAGE
    text = passages(name="notes.txt")  # no pages: only what touches is joined
    apart = widened([text[0], text[5]], text)
    assert [hit.chunk.text for hit in apart] == [
        "\n\n".join(SENTENCES[:2]),
        "\n\n".join(SENTENCES[4:]),
    ]
    chain = widened([text[0], text[5], text[3]], text)
    assert [hit.chunk.text for hit in chain] == [PAGE]


def test_nothing_is_joined_across_pages_documents_or_what_is_missing() -> None:
    hits = passages()
    other_page = [replace(h, chunk=replace(h.chunk, page=2)) for h in hits[2:]]
    (wide,) = widened([hits[1]], [*hits[:2], *other_page])
    assert wide.chunk.text == "\n\n".join(SENTENCES[:2])
    (gone,) = widened([hits[1]], [])  # deleted in the meantime
    assert gone == hits[1]
    far = replace(hits[2].chunk, start=hits[2].chunk.start + 200, end=hits[2].chunk.end + 200)
    (short,) = widened([hits[1]], [*hits[:2], replace(hits[2], chunk=far)])
    assert short.chunk.text == "\n\n".join(SENTENCES[:2])


def test_passages_that_overlap_are_said_once() -> None:
    hits = passages()
    one = replace(hits[0].chunk, text=PAGE[:70], start=0, end=70)
    two = replace(hits[1].chunk, text=PAGE[50:120], start=50, end=120)
    assert joined([one, two]).text == PAGE[:120]
    inner = replace(hits[2].chunk, text=PAGE[60:65], start=60, end=65)
    assert joined([one, inner, two]).text == PAGE[:120]


def test_what_does_not_fit_stays_single_and_the_best_is_widened_first() -> None:
    text = passages(name="notes.txt")
    found = [text[0], text[4]]
    alone = sum(len(hit.chunk.text.split()) for hit in found)
    first, second = widened(found, text, room=alone + len(SENTENCES[1].split()))
    assert first.chunk.text == "\n\n".join(SENTENCES[:2])
    assert second == text[4]
    assert widened(found, text, room=0) == found


# --- both of them in an answer


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    settings = made_settings(folder)
    embeddings = embeddings_for(settings, None)
    with Store(settings) as store:
        collection = store.create("firm", embeddings.identity, ChunkingIdentity(200, 0))
        with collection.writer(5) as writer:
            hits = passages()
            document = replace(hits[0].document, chunks=len(hits))
            chunks = [hit.chunk for hit in hits]
            texts = [chunk.text for chunk in chunks]
            writer.put(document, chunks, embeddings.encode_documents(texts))
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store(made_settings(home)) as opened:
        yield opened


def test_a_language_model_reads_the_wide_passage_and_its_quotation_is_located(
    home: Path, store: Store
) -> None:
    said = 'Long: "It has a warranty of 36 months from the day of delivery." [1]'
    with scripted_llm([said]) as llm:
        settings = made_settings(
            home, neighbours=1, top_k=1, llm="openai:local", llm_base_url=llm.base_url
        )
        answer = Assistant.open(settings, store).ask(QUESTION)
        assert "\n\n".join(SENTENCES[:2]) in llm.prompt()
    (citation,) = answer.citations
    assert citation.verified
    assert citation.chunk_id == "manual.pdf-0"  # the hit; what is quoted stands in its neighbour
    assert PAGE[citation.start : citation.end] == citation.quote == SENTENCES[1].rstrip(".")


def test_quotations_without_a_model_come_from_the_single_passages(home: Path, store: Store) -> None:
    plain = Assistant.open(made_settings(home, top_k=2), store)
    wide = Assistant.open(made_settings(home, top_k=2, neighbours=2), store)
    one, two = plain.ask(QUESTION), wide.ask(QUESTION)
    assert one.text == two.text
    assert one.citations == two.citations
    assert len(two.hits) == 1 < len(one.hits)
    assert len(two.hits[0].chunk.text) > len(one.hits[0].chunk.text)


def test_the_explanation_names_only_the_steps_in_force(home: Path, store: Store) -> None:
    always = list(STEPS)[:5]
    plain = Assistant.open(made_settings(home), store).explain(QUESTION, k=3)
    assert all(list(one.places) == always for one in plain.hits)
    both = made_settings(home, diversity=0.5, neighbours=1)
    found = Assistant.open(both, store).explain(QUESTION, k=3)
    assert [list(one.places) for one in found.hits] == [[*always, "diversity", "neighbours"]]
    assert found.hits[0].places["neighbours"] == 1
    assert found.probability == plain.probability


def test_diversity_takes_other_passages(home: Path, store: Store) -> None:
    plain = Assistant.open(made_settings(home), store).explain(QUESTION, k=3)
    apart = Assistant.open(made_settings(home, diversity=0.9), store).explain(QUESTION, k=3)
    first, *others = [one.hit.chunk.ordinal for one in plain.hits]
    assert apart.hits[0].hit.chunk.ordinal == first  # the best stays the first
    assert [one.hit.chunk.ordinal for one in apart.hits[1:]] != others


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    for name, value in (("diversity", 1.5), ("neighbours", -1), ("rerank_candidates", 51)):
        with pytest.raises(SettingsError, match=name):
            made_settings(tmp_path, **{name: value})
