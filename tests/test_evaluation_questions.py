"""Questions: read from files, made by rules, made by a language model, hidden and saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from evaluation_samples import passages, texts
from llm_server import scripted_llm

from rag_app.errors import AnswerError, UsageError
from rag_app.evaluation.clauses import ask_definition
from rag_app.evaluation.generate import generate_questions
from rag_app.evaluation.generate_llm import generate_by_llm, parse_question
from rag_app.evaluation.hide import MOST, hide
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.question_files import ReadQuestions, read_questions, write_questions
from rag_app.evaluation.questions import EvalQuestion
from rag_app.evaluation.rewrite import Rewriter, Shares, Vocabulary
from rag_app.settings import load_settings
from rag_app.types.languages import uncovered

SMALL = {
    "a.pdf": ("The pump weighs nine kilos.", "It is painted green. It never rusts."),
    "b.txt": ("The kettle boils in two minutes.",),
    "copy.txt": ("The  kettle boils in two minutes. ",),
}


def read(tmp_path: Path, name: str, content: str, given: Mapping | None = None) -> ReadQuestions:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_questions(path, passages(given or SMALL))


def found(questions: ReadQuestions, given: Passages) -> list[list[str]]:
    """For each question the texts of its passages."""
    return [
        sorted(given.by_id[id_].chunk.text for id_ in one.chunk_ids) for one in questions.questions
    ]


def test_a_csv_file_points_by_document_page_and_text(tmp_path: Path) -> None:
    content = (
        "question;document;page;text\n"
        "How heavy is it?;/docs/a.pdf;1;\n"
        "Which colour?;a.pdf;;painted  GREEN\n"
        "Anything of the pump?;a.pdf;;\n"
    )
    done = read(tmp_path, "q.csv", content)
    assert not done.problems
    first, second, third = found(done, passages(SMALL))
    assert first == [SMALL["a.pdf"][0]]
    assert second == [SMALL["a.pdf"][1]]
    assert third == sorted(SMALL["a.pdf"])
    assert done.questions[0].page == 1
    assert len(done.questions[2].targets) == 1  # any passage of the document answers it


def test_passages_that_say_the_same_are_one_target(tmp_path: Path) -> None:
    done = read(tmp_path, "q.jsonl", '{"question": "How fast?", "document": "b.txt"}\n')
    (only,) = done.questions
    assert len(only.targets) == 1
    assert len(only.chunk_ids) == 2


def test_lines_that_point_nowhere_are_told_by_number_and_unanswerable_ones_counted(
    tmp_path: Path,
) -> None:
    lines = [
        {"question": "How fast?", "document": "b.txt"},
        {"question": "What?", "document": "gone.pdf"},
        {"question": "Who?", "document": None, "page": None, "answer": None},
        {"question": "Where?", "text": "no such words"},
        {"question": "", "document": "b.txt"},
        {"question": "When?", "document": "a.pdf", "page": 9},
        {"question": "Why?", "document": "a.pdf", "page": "x"},
    ]
    done = read(tmp_path, "q.jsonl", "\n".join(map(json.dumps, lines)))
    assert len(done.questions) == 1
    assert done.unanswerable == 1
    numbers = [problem.split(":")[0] for problem in done.problems]
    assert numbers == ["line 2", "line 4", "line 5", "line 6", "line 7"]
    notices = done.notices(Path("q.jsonl"))
    assert any("line 2" in notice and "gone.pdf" in notice for notice in notices)
    assert any("2 more lines" in notice for notice in notices)
    assert any("left out" in notice for notice in notices)


def test_one_question_of_two_documents_has_two_targets(tmp_path: Path) -> None:
    rows = [{"question": "How  is it?", "document": name} for name in ("a.pdf", "b.txt")]
    done = read(tmp_path, "q.jsonl", "\n".join(map(json.dumps, rows)))
    (only,) = done.questions
    assert len(only.targets) == 2
    assert only.document_id is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("q.csv", "frage,document\nWas?,a.pdf\n", "no column 'question'"),
        ("q.jsonl", "not json\n", "Line 1"),
        ("q.jsonl", "[1]\n", "no JSON object"),
        ("q.jsonl", '{"question": "What?", "document": "gone.pdf"}\n', "gone.pdf"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read(tmp_path, name, content)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        read_questions(tmp_path / "gone.jsonl", passages(SMALL))
    (tmp_path / "q.csv").write_bytes(b"\xff\xfe\x00q")
    with pytest.raises(UsageError, match="read as text"):
        read_questions(tmp_path / "q.csv", passages(SMALL))


def test_questions_survive_writing_and_reading(tmp_path: Path) -> None:
    given = passages()
    made = generate_questions(given, 20, seed=1)
    path = tmp_path / "deep" / "town.jsonl"
    write_questions(path, made, given)
    back = read_questions(path, given)
    assert not back.problems
    assert [(q.question, set(q.chunk_ids), q.hidden, q.source) for q in back.questions] == [
        (q.question, set(q.chunk_ids), q.hidden, q.source) for q in made
    ]


def test_the_same_seed_makes_the_same_questions_and_another_others() -> None:
    given = passages()
    made = generate_questions(given, 30, seed=5)
    assert made == generate_questions(given, 30, seed=5)
    assert made != generate_questions(given, 30, seed=6)
    assert len(made) == 30
    assert len({one.question for one in made}) == 30


def test_a_question_never_repeats_its_sentence_and_points_to_its_passage() -> None:
    given = passages()
    for one in generate_questions(given, 60):
        assert one.text.rstrip(".").casefold() not in one.question.casefold()
        for id_ in one.chunk_ids:
            assert one.text in given.by_id[id_].chunk.text
        assert one.question.endswith("?")


def test_a_hidden_sentence_is_in_no_text_that_is_embedded() -> None:
    given = passages()
    made = generate_questions(given, 60)
    hidden = [one for one in made if one.hidden]
    assert 0 < len(hidden) < len(made)
    shown = hide(given, made)
    for one in hidden:
        for id_ in one.chunk_ids:
            assert one.text not in shown.by_id[id_].embedded
            assert one.text in shown.by_id[id_].chunk.text  # what a reader sees stays whole
    for before, after in zip(given.all, shown.all, strict=True):
        assert len(after.text) >= (1 - 2 * MOST) * len(before.text)
    assert hide(given, [one for one in made if not one.hidden]) is given


def test_sentences_that_many_passages_share_are_not_asked() -> None:
    footer = "This page is confidential and meant for the staff of the company only."
    own = {name: tuple(f"{text} {footer}" for text in some) for name, some in texts().items()}
    made = generate_questions(passages(own), 80)
    assert made
    assert all(footer not in one.text for one in made)


def test_tables_and_labels_and_languages_without_spaces_give_no_questions() -> None:
    rows = "| Model | Flow |\n|---|---|\n| Heron 20 | 20 litres |\n| Heron 55 | 55 litres |"
    assert generate_questions(passages({"t.md": (rows, "Phone: 555 1234", "")}), 10) == []
    assert (
        generate_questions(passages({"z.txt": ("這是一個關於水泵保修期的說明文件。" * 5,)}), 10)
        == []
    )


def test_words_are_replaced_by_synonyms_and_forms_that_the_passage_lacks() -> None:
    passage = "The owners released the first product in spring."
    vocabulary = Vocabulary([passage, "They release it in autumn. An owner may begin."], "english")
    rewriter = Rewriter(vocabulary, passage, Random(0), Shares(0, 1, 0, 0))
    assert rewriter.rewrite(["owners", "released", "in", "spring"]) == [
        "owner", "release", "in", "spring",
    ]  # fmt: skip
    rewriter = Rewriter(vocabulary, passage, Random(0), Shares(1, 0, 0, 0))
    (other,) = rewriter.rewrite(["released"])
    assert other in {"publish", "issue"}
    rewriter = Rewriter(vocabulary, passage, Random(0), Shares(0, 0, 1, 1))
    assert rewriter.rewrite(["the", "owners"]) == []


@pytest.mark.parametrize(
    ("sentence", "language", "lost"),
    [
        ("A chiller is a machine that removes heat from a liquid.", "english", "chiller"),
        ("Un caudalímetro es un aparato que mide el agua que pasa.", "spanish", "caudalímetro"),
        ("Ein Ventil ist ein Bauteil, das den Durchfluss regelt.", "german", "ventil"),
    ],
)
def test_a_definition_is_asked_without_its_term(sentence: str, language: str, lost: str) -> None:
    asked = ask_definition(sentence, Vocabulary([sentence], language), 14)
    assert asked is not None
    assert lost not in " ".join(asked.words).casefold()
    assert asked.asking


@pytest.mark.parametrize(
    ("reply", "question"),
    [
        ("How long does the warranty last?", "How long does the warranty last?"),
        ('  "1. How long does it last?"', "How long does it last?"),
        ("Question: How long does it last?\n", "How long does it last?"),
        ("It lasts ten years.", None),
        ("Here is one:\nHow long does it last?", None),
        ("What does the passage say about pumps?", None),
        ("How long? And how wide is it?", None),
        ("Why?", None),
        ("", None),
    ],
)
def test_only_one_question_and_nothing_else_is_taken_from_a_model(
    reply: str, question: str | None
) -> None:
    assert parse_question(reply) == question


def by_llm(tmp_path: Path, pieces: Sequence[str], count: int) -> tuple[list[EvalQuestion], object]:
    with scripted_llm(pieces) as llm:
        settings = load_settings(
            {"home": tmp_path, "llm": "openai:scripted", "llm_base_url": llm.base_url}, environ={}
        )
        return generate_by_llm(passages(), count, settings), llm


def test_a_language_model_is_given_one_passage_and_asked_for_one_question(tmp_path: Path) -> None:
    made, llm = by_llm(tmp_path, ["Who pays for ", "the roof?"], 1)
    (only,) = made
    assert (only.question, only.source, only.hidden) == ("Who pays for the roof?", "llm", False)
    assert passages().by_id[only.chunk_ids[0]].chunk.text in llm.prompt()


def test_a_model_that_cannot_write_questions_is_given_up_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="or extractive, which has them made by rules"):
        by_llm(tmp_path, ["I am sorry."], 3)


def test_the_language_of_a_document_is_that_of_the_catalog_or_told_or_english() -> None:
    some = passages({
        "de.txt": ("Die Pumpe steht im Keller des Hauses.", "Ihre Dichtung ist neu."),
        "zh.txt": ("這是一個關於水泵保修期的說明。",),
        "short.txt": ("Pump",),
    })  # fmt: skip
    names = {one.document.id: one.document.name for one in some.all}
    told = {names[id_]: code for id_, code in some.languages.items()}
    assert told == {"de.txt": "de", "zh.txt": "zh", "short.txt": "en"}
    known = replace(some.all[0], document=replace(some.all[0].document, language="fi"))
    assert list(Passages((known,), 1).languages.values()) == ["fi"]
    assert uncovered(["en", "es", "es", "zh"], ("en",)) == {"es": 2, "zh": 1}
    assert uncovered(["es"], None) == {}
