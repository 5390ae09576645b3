"""Follow-up questions of mt-rag: what to search for, the last turn, the history, or ours.

    RAG_CACHE=FOLDER .venv/bin/python benchmarks/follow_ups.py

Each question has earlier turns by a user and an agent. Searched for is the last turn as it stands,
all the user's turns, the whole conversation, or what ``stand_alone`` makes of the last turn without
a language model. The passages, the bundled model and the ranking are the same. "Leaning" are the
questions that by their form refer to something before them; only those does ``stand_alone`` change.
mt-rag is one of the sets that the ranking was chosen on. One minute.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import beir
from measure import save

from rag_app.answering.condense import leans_on_history, stand_alone
from rag_app.embeddings import cached, load_embeddings
from rag_app.evaluation.trec import measure_run, to_run
from rag_app.retrieval.search import QUESTION_CHARACTERS
from rag_app.settings import load_settings
from rag_app.types import Turn

SET = "mtrag"
MEASURES = ("ndcg@5", "recall@5")
Conversation = tuple[str, Sequence[Turn]]
ROLES: Mapping[str, Literal["user", "assistant"]] = {"user": "user", "agent": "assistant"}


def _whole(question: str, history: Sequence[Turn]) -> str:
    """The end of the conversation, as long as a question may be."""
    return " ".join([*(turn.text for turn in history), question])[-QUESTION_CHARACTERS:]


def _users_turns(question: str, history: Sequence[Turn]) -> str:
    return _whole(question, [turn for turn in history if turn.role == "user"])


WAYS: Mapping[str, Callable[[str, Sequence[Turn]], str]] = {
    "last turn": lambda question, _: question,
    "all turns of the user": _users_turns,
    "whole conversation": _whole,
    "ours": stand_alone,
}


def conversations() -> dict[str, Conversation]:
    """The questions that have earlier turns."""
    lines = (beir.folder_of(SET) / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return {
        row["_id"]: (row["text"], [Turn(ROLES[role], text) for role, text in row["history"]])
        for row in map(json.loads, lines)
        if row["history"]
    }


def main() -> None:
    """Ranks for every way, and measures over all questions and over the leaning ones."""
    settings = load_settings()
    asked = conversations()
    with beir.opened(SET, settings) as one:
        ids = [id_ for id_ in one.questions if id_ in asked]
        model = cached(load_embeddings("minilm", settings), settings)
        leaning = [id_ for id_ in ids if leans_on_history(asked[id_][0])]
        figures: dict[str, object] = {"questions": len(ids), "leaning": len(leaning)}
        for way, searched in WAYS.items():
            found = beir.rankings(model, one, [searched(*asked[id_]) for id_ in ids])["hybrid"]
            run = to_run(dict(zip(ids, found, strict=True)))
            figures[way] = {
                label: {
                    name: round(value, 4)
                    for name, value in measure_run(
                        {id_: one.grades[id_] for id_ in some},
                        {id_: run[id_] for id_ in some},
                        list(MEASURES),
                    ).items()
                }
                for label, some in (("all", ids), ("leaning", leaning))
            }
    save("follow_ups", "python benchmarks/follow_ups.py", figures)


if __name__ == "__main__":
    main()
