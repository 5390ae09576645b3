"""The collections that the reader learns from are well-formed: no fit rests on a broken label."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "written"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def test_there_are_collections() -> None:
    assert len(NAMES) > 30


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_stands_where_its_question_says(name: str) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (FOLDER / name).glob("*.md")}
    lines = (FOLDER / name / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(texts) == 10
    for row in rows:
        assert list(row) == ["question", "document", "evidence", "answer"]
        if row["document"] is None:
            assert row["evidence"] is row["answer"] is None, row
            continue
        assert texts[row["document"]].count(row["evidence"]) == 1, row
        assert row["answer"] in row["evidence"], row
        assert "\n" not in row["evidence"], row
    asked = Counter(" ".join(row["question"].split()).casefold() for row in rows)
    assert asked.most_common(1)[0][1] == 1
    answered = sum(row["document"] is not None for row in rows)
    assert answered > 100
    assert len(rows) - answered > 50
