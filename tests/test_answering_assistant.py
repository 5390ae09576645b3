"""The assistant over a real store, the real bundled model and real sockets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from answering_samples import build, made_settings
from llm_server import scripted_llm

from rag_app.answering import Assistant, extractive, reread
from rag_app.answering import assistant as assistant_module
from rag_app.answering.abstain import SENTENCE
from rag_app.answering.generative import STOPPED
from rag_app.answering.reader import Reader
from rag_app.answering.relevance import FITTED_HITS
from rag_app.embeddings import embeddings_for
from rag_app.errors import (
    AnswerError,
    CollectionNotFoundError,
    EmbeddingMismatchError,
    MissingKeyError,
    StoreError,
    UsageError,
)
from rag_app.settings import Settings
from rag_app.store import Store
from rag_app.types import (
    Answer,
    AnswerToken,
    ChunkingIdentity,
    EmbeddingIdentity,
    Filter,
    Hit,
    Turn,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    build(made_settings(folder)).close()
    return folder


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[Store]:
    with Store(made_settings(home)) as opened:
        yield opened


@pytest.fixture(scope="module")
def assistant(home: Path, store: Store) -> Assistant:
    return Assistant.open(made_settings(home), store)


def with_llm(home: Path, store: Store, base_url: str, **flags: object) -> Assistant:
    return Assistant.open(
        made_settings(home, llm="openai:local", llm_base_url=base_url, **flags), store
    )


@pytest.mark.parametrize(
    ("question", "expected", "source"),
    [
        ("How long is the warranty of the Heron pump?", "36 months", "/docs/warranty.pdf"),
        ("Who founded Heron Pumps?", "Marta Lindqvist", "/docs/history.txt"),
        ("How many people work in Gdansk?", "210 people", "/docs/history.txt"),
        ("What is the price of the Heron 55?", "615 euros", "/docs/prices.md"),
        ("How long may the pump run dry?", "30 seconds", "/docs/safety.txt"),
    ],
)
def test_the_answer_is_quoted_word_for_word(
    assistant: Assistant, question: str, expected: str, source: str
) -> None:
    answer = assistant.ask(question)
    assert not answer.abstained
    assert expected in answer.text
    assert "[1]" in answer.text
    first = answer.citations[0]
    assert first.source == source
    for citation in answer.citations:
        assert citation.verified
        assert citation.start is not None
        assert citation.end is not None
        # Pages of this collection are their one passage, so offsets are those of the passage.
        assert citation.passage[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text


def test_a_row_of_a_table_is_shown_with_the_tables_head(assistant: Assistant) -> None:
    text = assistant.ask("What is the price of the Heron 55?").text
    assert "| Model | Flow | Price |\n|---|---|---|\n" in text
    assert "| Heron 55 | 55 litres | 615 euros |" in text


def test_the_number_of_sentences_is_a_setting(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractive, "CLEAR", 99.0)
    for count in (1, 4):
        assistant = Assistant.open(made_settings(home, answer_sentences=count), store)
        answer = assistant.ask("How long is the warranty of the Heron pump?")
        ends = sum(answer.text.count(sign) for sign in (". ", ".["))
        assert (ends <= 1) is (count == 1)


@pytest.mark.parametrize(("reader", "asked"), [("on", True), ("off", False)])
def test_the_reader_has_a_say_in_what_is_quoted_unless_it_is_off(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch, reader: str, asked: bool
) -> None:
    settings = made_settings(home, reader=reader, answer_sentences=1)
    assistant = Assistant.open(settings, store)
    question = "How long is the warranty of the Heron pump?"
    assert "36 months" in assistant.ask(question).text
    monkeypatch.setattr(reread, "SPAN_WEIGHT", -1000)  # the sentence that answers least is quoted
    assert ("36 months" in assistant.ask(question).text) is not asked


@pytest.mark.parametrize(("reader", "silent"), [("on", True), ("off", False)])
def test_a_question_that_comes_close_is_abstained_on_once_it_is_read(
    home: Path, store: Store, reader: str, silent: bool
) -> None:
    """Her name and a year stand in one sentence: only who reads it sees that she is not dead."""
    assistant = Assistant.open(made_settings(home, reader=reader), store)
    question = "In which year did Marta Lindqvist die?"
    assert assistant.ask(question).abstained is silent
    assert (assistant.explain(question).probability < 0.5) is silent


@pytest.mark.parametrize(
    "question",
    [
        "What is the boiling point of mercury?",
        "Who won the football world cup in 1954?",
        "How many moons does the planet Saturn have?",
    ],
)
def test_a_strangers_question_is_abstained_on(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.abstained
    assert answer.text.startswith(SENTENCE)
    assert "“firm” (4 documents)" in answer.text
    assert answer.citations == ()
    assert answer.hits


def test_a_code_that_no_passage_has_is_abstained_on(assistant: Assistant, store: Store) -> None:
    """What is said of one model is no answer about another, however alike the words are."""
    assert assistant.ask("What is the warranty of the Heron pump HX77?").abstained
    assert not assistant.ask("What is the warranty of the Heron pump?").abstained


CAUSES = ("valve is stuck", "motor is hot", "filter is full", "lid is open", "fan does not turn")
FAULTS = {
    "faults.md": tuple(
        " ".join(f"E-{first + n} means that the {cause}." for n, cause in enumerate(CAUSES))
        for first in (1001, 2001, 3001)
    )
}


def test_a_fault_is_answered_however_its_code_is_parted(tmp_path: Path) -> None:
    with build(made_settings(tmp_path), FAULTS) as faults:
        assistant = Assistant.open(made_settings(tmp_path, answer_sentences=1), faults)
        for code in ("E2004", "E-2004", "E 2004", "e2004"):
            answer = assistant.ask(f"What does {code} mean?")
            assert answer.text == "E-2004 means that the lid is open. [1]", code
        for code in ("E2007", "E-2007"):  # all else is as in a question that has an answer
            answer = assistant.ask(f"What does {code} mean?")
            assert answer.abstained, code
            assert f"(1 document) and found no “{code}”; what came nearest" in answer.text
            (notice,) = assistant.explain(f"What does {code} mean?").notices
            assert notice.startswith(f"The passages have no “{code}”, so")
        assert assistant.explain("What does E2004 mean?").notices == ()


def test_the_threshold_of_abstaining_is_a_setting(home: Path, store: Store) -> None:
    bold = Assistant.open(made_settings(home, abstain_below=0.0), store)
    assert not bold.ask("What is the boiling point of mercury?").abstained
    timid = Assistant.open(made_settings(home, abstain_below=1.0), store)
    assert timid.ask("Who is the best cook?").abstained


def test_the_stream_ends_with_exactly_one_answer(assistant: Assistant) -> None:
    events = list(assistant.stream("Who founded Heron Pumps?"))
    assert [isinstance(event, Answer) for event in events] == [False] * (len(events) - 1) + [True]
    assert all(isinstance(event, AnswerToken) for event in events[:-1])
    assert "".join(e.text for e in events[:-1] if isinstance(e, AnswerToken)) == events[-1].text
    assert set(events[-1].timings) == {"load", "embed", "search", "answer", "total"}


def test_k_limits_the_passages(assistant: Assistant) -> None:
    answer = assistant.ask("Who founded Heron Pumps?", k=1)
    assert len(answer.hits) == 1
    assert not answer.abstained
    assert {citation.chunk_id for citation in answer.citations} == {answer.hits[0].chunk.id}
    assert len(assistant.ask("Who founded Heron Pumps?", k=50).hits) == 6
    for asked in (assistant.ask, assistant.explain):
        with pytest.raises(UsageError, match="at least 1"):
            asked("Who founded Heron Pumps?", k=0)


def test_a_document_filter_is_kept_and_told(assistant: Assistant, store: Store) -> None:
    only = next(r.id for r in store.get("firm").documents() if r.name == "safety.txt")
    answer = assistant.ask("Who founded Heron Pumps?", where=Filter(documents=(only,)))
    assert {hit.document.id for hit in answer.hits} == {only}
    assert answer.abstained
    assert "(1 document)" in answer.text


def test_a_follow_up_is_searched_for_with_the_words_before(assistant: Assistant) -> None:
    history = (
        Turn("user", "How long is the warranty of the Heron pump?"),
        Turn("assistant", "36 months [1]."),
    )
    answer = assistant.ask("And which parts are excluded?", history=history)
    assert answer.question == "And which parts are excluded?"
    assert "warranty" in answer.searched_for
    assert "seals and filters" in answer.text


def test_an_empty_question_is_refused(assistant: Assistant) -> None:
    with pytest.raises(UsageError):
        assistant.ask("  ")


def test_a_question_of_50_000_characters_is_cut_with_one_notice(assistant: Assistant) -> None:
    answer = assistant.ask("Who founded Heron Pumps? " + "pump " * 10_000)
    assert sum("characters" in notice for notice in answer.notices) == 1


def test_a_language_models_answer_is_streamed_and_checked(home: Path, store: Store) -> None:
    pieces = ["It lasts ", "36 months [1]. ", "“It is made of solid gold” [1]. ", "Ask Ada [9]."]
    with scripted_llm(pieces) as llm:
        events = list(with_llm(home, store, llm.base_url).stream("How long is the warranty?"))
    assert [e.text for e in events if isinstance(e, AnswerToken)] == pieces
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.text == "It lasts 36 months [1]. “It is made of solid gold” [1]. Ask Ada."
    assert answer.llm == "openai:local"
    assert not answer.citations[0].verified
    assert any("[9]" in notice for notice in answer.notices)
    assert any("solid gold" in notice for notice in answer.notices)


def test_a_language_model_reads_the_passages_itself(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwanted(settings: Settings) -> None:
        raise AssertionError(settings.llm)

    monkeypatch.setattr(assistant_module, "load_reader", unwanted)
    with scripted_llm(["36 months [1]."]) as llm:
        asked = with_llm(home, store, llm.base_url)
        assert not asked.ask("How long is the warranty?").abstained
        assert asked.explain("How long is the warranty?").probability > 0.5


def test_what_a_step_picks_is_read_beside_the_first_passages(
    home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    def read(question: str, hits: Iterable[Hit], reader: Reader | None) -> reread.Readings:
        given.extend(hit.chunk.id for hit in hits)
        return {}

    monkeypatch.setattr(assistant_module, "readings_of", read)
    diverse = Assistant.open(made_settings(home, diversity=1.0), store)
    answer = diverse.ask("How long is the warranty of the Heron pump?", k=2)
    picked = [hit.chunk.id for hit in answer.hits]
    assert not set(picked) <= set(given[:FITTED_HITS])
    assert given[FITTED_HITS:] == picked


def test_a_language_model_may_abstain(home: Path, store: Store) -> None:
    with scripted_llm([SENTENCE]) as llm:
        answer = with_llm(home, store, llm.base_url).ask("How long is the warranty of the pump?")
    assert answer.abstained
    assert "I searched the collection “firm”" in answer.text


def test_a_strangers_question_is_not_sent_to_the_language_model(home: Path, store: Store) -> None:
    with scripted_llm() as llm:
        answer = with_llm(home, store, llm.base_url).ask("What is the boiling point of mercury?")
        assert llm.requests == []
    assert answer.abstained


def test_a_language_model_rewrites_a_follow_up(home: Path, store: Store) -> None:
    history = (Turn("user", "How long is the warranty of the pump?"), Turn("assistant", "3 years."))
    question = "Which parts are excluded from the warranty of the pump?"
    with scripted_llm([question]) as llm:
        answer = with_llm(home, store, llm.base_url).ask("And excluded?", history=history)
        assert len(llm.requests) == 2
    assert answer.searched_for == question


def test_a_stopped_answer_says_so(home: Path, store: Store) -> None:
    seen: list[AnswerToken] = []
    with scripted_llm([f"word{n} " for n in range(50)]) as llm:
        assistant = with_llm(home, store, llm.base_url)
        answer = None
        for event in assistant.stream(
            "How long is the warranty of the pump?", should_stop=lambda: len(seen) >= 2
        ):
            if isinstance(event, AnswerToken):
                seen.append(event)
            else:
                answer = event
    assert answer is not None
    assert answer.stopped
    assert STOPPED in answer.notices
    assert answer.text == "word0 word1"


def test_the_prompt_respects_the_models_context(home: Path, store: Store) -> None:
    with scripted_llm(["Yes [1]."]) as llm:
        assistant = with_llm(
            home, store, llm.base_url, llm_context_tokens=600, llm_answer_tokens=100
        )
        answer = assistant.ask("How long is the warranty of the pump?")
        assert llm.prompt().count("<passage number=") < 5
    assert any("passages fit" in notice for notice in answer.notices)


def test_the_destination_is_the_host_that_receives_text(home: Path, store: Store) -> None:
    assert Assistant.open(made_settings(home), store).destination is None
    assert with_llm(home, store, "http://127.0.0.1:9/v1").destination is None
    assert with_llm(home, store, "https://llm.example/v1").destination == "llm.example"


def test_a_missing_key_is_told_when_asked(home: Path, store: Store) -> None:
    assistant = Assistant.open(made_settings(home, llm="openai:gpt-4o-mini"), store)
    with pytest.raises(MissingKeyError):
        assistant.ask("How long is the warranty of the pump?")


def test_a_server_that_is_down_is_an_answer_error(home: Path, store: Store) -> None:
    with pytest.raises(AnswerError, match="cannot be reached"):
        with_llm(home, store, "http://127.0.0.1:9/v1").ask("How long is the warranty?")


def test_an_empty_collection_says_to_ingest(tmp_path: Path) -> None:
    settings = made_settings(tmp_path)
    with Store(settings) as store:
        identity = embeddings_for(settings, None).identity
        store.create("firm", identity, ChunkingIdentity(200, 0))
        with pytest.raises(StoreError, match="ingest PATH"):
            Assistant.open(settings, store)


def test_a_collection_that_does_not_exist_is_named(tmp_path: Path, store: Store) -> None:
    with pytest.raises(CollectionNotFoundError, match="nosuch"):
        Assistant.open(made_settings(tmp_path, collection="nosuch"), store)


def test_another_model_than_the_collections_is_refused(tmp_path: Path) -> None:
    settings = made_settings(tmp_path)
    with build(settings) as store:
        identity = EmbeddingIdentity("minilm", "0" * 64, 384, 256)
        collection = store.create("other", identity, ChunkingIdentity(200, 0))
        with collection.writer(5) as writer:
            document = store.get("firm").documents()[0]
            chunks = store.get("firm").chunks(document.id)
            vectors = embeddings_for(settings, None).encode_documents([c.text for c in chunks])
            writer.put(document, chunks, vectors)
        with pytest.raises(EmbeddingMismatchError):
            Assistant.open(made_settings(tmp_path, collection="other"), store)
