"""The reader: whether and where a passage answers; the real one, from its real weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from answering_samples import made_hit
from embeddings_samples import settings_in

from rag_app.answering.evidence import Candidate, Evidence, Question
from rag_app.answering.reader import (
    MAX_TOKENS,
    MOST_WINDOWS,
    Reader,
    Reading,
    load_reader,
    prepare_reader,
)
from rag_app.answering.reread import SPAN_WEIGHT, readings_of, reread
from rag_app.answering.sentences import Sentence
from rag_app.settings import load_settings
from rag_app.types import Hit

WARRANTY = "The pump comes with a warranty of five years. It weighs 40 kg and is painted green."
OTHER = "The pump must be cleaned every month. Use warm water and a soft brush for it."
ASKED = "How long is the warranty of the pump?"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    made = load_reader(settings_in(tmp_path_factory.mktemp("reader")))
    assert made is not None
    return made


def read_alone(reader: Reader, question: str) -> Reading:
    """The passage on the warranty, by itself."""
    [reading] = reader.read(question, [("", WARRANTY)])
    assert reading is not None
    return reading


def best_span(reading: Reading | None, text: str) -> float:
    assert reading is not None
    said = reading.span(0, len(text))
    assert said is not None
    return said


def test_a_passage_that_answers_is_told_from_one_about_the_same_thing(reader: Reader) -> None:
    good, poor = reader.read(ASKED, [("", WARRANTY), ("", OTHER)])
    assert best_span(good, WARRANTY) > 0 > best_span(poor, OTHER)


def test_the_sentence_that_answers_has_the_best_span(reader: Reader) -> None:
    for above in ("", "Warranty and care"):  # what stands above moves no character
        [reading] = reader.read(ASKED, [(above, WARRANTY)])
        assert reading is not None
        end = WARRANTY.index("It weighs")
        first, second = reading.span(0, end), reading.span(end, len(WARRANTY))
        assert first is not None
        assert second is not None
        assert first > second + 2
        best = int(reading.starts.argmax())
        assert "five years".startswith(WARRANTY[slice(*reading.places[best])])


def test_a_long_passage_is_read_in_windows_to_its_end(reader: Reader) -> None:
    long = " ".join([OTHER] * 40) + " " + WARRANTY
    [reading] = reader.read(ASKED, [("", long)])
    assert reading is not None
    assert len(reading.places) > 2 * MAX_TOKENS
    assert reading.places[-1][1] == len(long)
    said = reading.span(long.index(WARRANTY), len(long))
    assert said is not None
    assert said > max(reading.span(at, at + len(OTHER)) for at in (0, len(OTHER) * 20))


def test_too_much_is_left_unread(reader: Reader) -> None:
    readings = reader.read(ASKED, [("", OTHER)] * (MOST_WINDOWS + 2))
    assert [one is None for one in readings] == [False] * MOST_WINDOWS + [True] * 2
    assert reader.read(ASKED, []) == []
    assert reader.read(ASKED, [("", "\u200b"), ("Warranty", "")]) == [None, None]
    [reading] = reader.read(ASKED, [("", OTHER)])
    assert reading is not None
    assert reading.span(len(OTHER) + 5, len(OTHER) + 9) is None


def test_a_reading_does_not_depend_on_its_neighbours_or_on_the_end_of_a_long_question(
    reader: Reader,
) -> None:
    long = "warranty " * 200
    alone = read_alone(reader, ASKED)
    beside = reader.read(ASKED, [("", OTHER), ("", WARRANTY)])[1]
    assert beside is not None
    assert np.array_equal(alone.starts, beside.starts)
    assert np.array_equal(read_alone(reader, long).ends, read_alone(reader, long + "of it?").ends)


def test_off_means_that_nothing_is_loaded_or_made(tmp_path: Path) -> None:
    settings = load_settings({"cache": tmp_path, "reader": "off"}, environ={})
    assert load_reader(settings) is None
    assert not list(tmp_path.iterdir())


def test_the_file_is_made_once_and_again_if_it_is_damaged(tmp_path: Path) -> None:
    settings = load_settings({"cache": tmp_path}, environ={})
    said: list[str] = []
    path = prepare_reader(settings, said.append)
    assert said == ["Preparing the bundled reader, once: a few seconds."]
    whole = path.read_bytes()
    prepare_reader(settings, said.append)
    assert len(said) == 1
    path.write_bytes(whole[:-10] + bytes(10))
    prepare_reader(settings, said.append)
    assert len(said) == 2
    assert path.read_bytes() == whole
    path.write_bytes(b"no graph".ljust(len(whole)))
    assert load_reader(settings) is not None
    assert path.read_bytes() == whole


def evidence_of(*hits: Hit) -> Evidence:
    """Each passage one sentence, the first one the best."""
    asked = Question(ASKED, {}, 1.0, (), "")
    return Evidence(
        asked,
        hits,
        tuple(
            Candidate(
                hit,
                Sentence(0, len(hit.chunk.text), hit.chunk.text),
                (),
                10.0 - place,
                frozenset(),
                frozenset(),
            )
            for place, hit in enumerate(hits)
        ),
    )


def in_language(text: str, name: str, language: str, *headings: str) -> Hit:
    hit = made_hit(text, name=name)
    return replace(
        hit,
        chunk=replace(hit.chunk, headings=headings),
        document=replace(hit.document, language=language),
    )


def once_read(evidence: Evidence, reader: Reader | None, asked: str = ASKED) -> Evidence:
    return reread(evidence, readings_of(asked, evidence.hits, reader))


def quoted(evidence: Evidence) -> list[str]:
    return [one.sentence.text for one in evidence.candidates]


def test_the_sentence_that_answers_comes_first_once_it_is_read(reader: Reader) -> None:
    evidence = evidence_of(
        in_language(OTHER, "a.txt", "en"), in_language(WARRANTY, "b.txt", "en", "Warranty")
    )
    assert quoted(evidence) == [OTHER, WARRANTY]
    read = once_read(evidence, reader)
    assert quoted(read) == [WARRANTY, OTHER]
    assert read.hits == evidence.hits


def test_without_a_reader_in_another_language_or_of_a_claim_nothing_changes(reader: Reader) -> None:
    english = evidence_of(in_language(OTHER, "a.txt", "en"), in_language(WARRANTY, "b.txt", "en"))
    spanish = evidence_of(in_language(OTHER, "a.txt", "es"), in_language(WARRANTY, "b.txt", "en"))
    unknown = evidence_of(in_language(OTHER, "a.txt", ""), in_language(WARRANTY, "b.txt", ""))
    assert once_read(english, None) is english
    assert once_read(spanish, reader) is spanish
    assert quoted(once_read(unknown, reader)) == [WARRANTY, OTHER]
    for asked in ("¿Quién aprueba los gastos?", "Wie lange gilt die Garantie?", "保修期多长？"):
        assert once_read(english, reader, asked) is english
    assert once_read(english, reader, "The pump has a warranty of five years.") is english
    nothing = replace(english, hits=(), candidates=())
    assert once_read(nothing, reader) is nothing


def test_each_passage_is_read_once_below_what_stands_above_it() -> None:
    whole = in_language(OTHER, "a.txt", "en", "Pumps", "Cleaning")
    rest = in_language("| Heron | 340 |", "b.txt", "es", "Prices", "| Model | Price |")
    half = Reading(np.array([[0, 9]]), *[np.array([2.0], np.float32)] * 2)
    says = Says(half, None)
    assert readings_of(ASKED, [whole, rest, whole], says) == {whole.chunk.id: half}
    assert says.asked == [("Cleaning", OTHER), ("Prices | Model | Price |", rest.chunk.text)]


class Says:
    """Stands in for the reader, so that what it says can be seen in the score."""

    def __init__(self, *readings: Reading | None) -> None:
        self.readings = list(readings)
        self.asked: list[tuple[str, str]] = []

    def read(self, question: str, passages: list[tuple[str, str]]) -> list[Reading | None]:
        self.asked = passages
        return self.readings


def test_what_was_too_much_to_read_counts_as_the_worst_of_what_was_read() -> None:
    hits = in_language(OTHER, "a.txt", "en", "Care", "Cleaning"), in_language(WARRANTY, "b.txt", "")
    half = np.array([2.0], np.float32)
    reader = Says(Reading(np.array([[0, 9]]), -half, -half), None)
    read = once_read(evidence_of(*hits), reader)
    assert reader.asked == [("Cleaning", OTHER), ("", WARRANTY)]
    assert [one.score for one in read.candidates] == [
        10.0 - 4.0 * SPAN_WEIGHT,
        9.0 - 4.0 * SPAN_WEIGHT,
    ]
    assert once_read(evidence_of(*hits), Says(None, None)) == evidence_of(*hits)
