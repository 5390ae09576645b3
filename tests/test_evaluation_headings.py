"""Questions that are headings: which are asked, what is hidden, and that they are read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_samples import passages, texts

from rag_app.evaluation import generate
from rag_app.evaluation.generate import generate_questions
from rag_app.evaluation.hide import hide
from rag_app.evaluation.keyword_index import memory_index
from rag_app.evaluation.passages import Passages
from rag_app.evaluation.question_files import read_questions, write_questions
from rag_app.evaluation.questions import EvalQuestion

Section = tuple[tuple[str, ...], str]
"""Headings, outermost first, and a passage below them."""


def written(given: Mapping[str, Sequence[Section]]) -> Passages:
    """Passages of documents that have headings."""
    plain = passages({name: [text for _, text in some] for name, some in given.items()})
    headings = {text: above for some in given.values() for above, text in some}
    return Passages(
        tuple(
            replace(one, chunk=replace(one.chunk, headings=headings[one.chunk.text]))
            for one in plain.all
        ),
        plain.total,
    )


def asked(given: Mapping[str, Sequence[Section]]) -> list[EvalQuestion]:
    """The questions that are headings, every one that may be."""
    found = written(given)
    headings = {heading for one in found.all for heading in one.chunk.headings}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "BY_HEADING", 1.0)
        return [one for one in generate_questions(found, 50) if one.text in headings]


LEAVE: Mapping[str, Sequence[Section]] = {
    "handbook.md": (
        (("Handbook", "2.1 Carrying leave over"), "Up to five days may be taken in the next year."),
        (("Handbook", "2.2 Parental leave"), "Whoever has a child may stay at home."),
        (("Handbook", "2.2 Parental leave"), "Notice is given eight weeks before."),
    )
}


def test_a_heading_asks_for_all_that_stands_below_it() -> None:
    given = written(LEAVE)
    found = {one.question: one for one in asked(LEAVE)}
    assert set(found) == {"Carrying leave over?", "Parental leave?"}
    (target,) = found["Parental leave?"].targets
    texts = {given.by_id[id_].chunk.text for id_ in target}
    assert texts == {text for _, text in LEAVE["handbook.md"][1:]}
    assert found["Parental leave?"].page is None  # it may stand on several
    assert found["Carrying leave over?"].page == 1


def test_columns_are_no_heading_and_nobody_asks_for_them() -> None:
    leave = LEAVE["handbook.md"]
    within = (("Handbook", "2.2 Parental leave", "| Age of the child | Weeks |"), "| one | 26 |")
    found = {one.question: one for one in asked({"handbook.md": (*leave, within)})}
    assert set(found) == {"Carrying leave over?", "Parental leave?"}
    (target,) = found["Parental leave?"].targets
    assert len(target) == 3  # the row stands below the same heading


def test_at_most_half_of_the_questions_are_headings() -> None:
    given = {
        name: [((f"Rules of {name} part {'abc'[n]}",), text) for n, text in enumerate(some)]
        for name, some in texts().items()
    }
    made = generate_questions(written(given), 20)
    by_heading = [one for one in made if one.question.startswith("Rules of")]
    assert len(made) == 20
    assert len(by_heading) == 10


@pytest.mark.parametrize(
    "given",
    [
        {"a.md": [(("14 January 2026",), "The pump was sold.")]},
        {"a.md": [(("Warranty",), "It lasts three years.")]},
        {"a.md": [(("Spare parts",), f"Part {number} is sold.") for number in range(4)]},
        {name: [(("Spare parts",), f"Sold by {name}.")] for name in ("a.md", "b.md")},
        {"a.md": [(("Spare parts", "Prices"), "Ten."), (("Spare parts",), "All are sold.")]},
        {"a.md": [((" ".join(f"part{n}" for n in range(26)),), "All are sold.")]},
        {"a.md": [((), "There is nothing above it.")]},
    ],
    ids=["date", "one word", "many passages", "two documents", "not the last", "long", "none"],
)
def test_what_would_not_lead_there_is_not_asked(given: Mapping[str, Sequence[Section]]) -> None:
    assert asked(given) == []


def test_the_heading_is_hidden_from_models_and_from_keywords_and_others_stay() -> None:
    shown = hide(written(LEAVE), asked(LEAVE))
    assert [one.embedded.split("\n")[0] for one in shown.all] == ["Handbook"] * 3
    with memory_index(shown) as index:
        assert index.search_keywords("parental", 5) == []
        assert index.search_keywords("eight weeks", 5)


def test_it_survives_writing_and_reading(tmp_path: Path) -> None:
    given, made, path = written(LEAVE), asked(LEAVE), tmp_path / "q.jsonl"
    write_questions(path, made, given)
    back = read_questions(path, given)
    assert not back.problems
    assert [(one.question, one.text, one.hidden) for one in back.questions] == [
        (one.question, one.text, one.hidden) for one in made
    ]
    assert [set(one.chunk_ids) for one in back.questions] == [set(one.chunk_ids) for one in made]
