"""Conversations are kept, and can be taken away as Markdown."""

from __future__ import annotations

import threading

import pytest
from store_samples import settings

from rag_app.errors import StoreError
from rag_app.store import Conversations
from rag_app.store.conversations import TITLE_LENGTH

ANSWER = {
    "citations": [
        {"number": 1, "source": "docs/Plan_A.pdf", "page": 3, "quote": "It was *late*.\nVery."},
        {"number": 2, "source": "b.txt", "page": None, "quote": "", "verified": False},
    ],
    "timings": {"search": 0.1},
}


@pytest.fixture
def kept(tmp_path):
    conversations = Conversations(settings(tmp_path))
    yield conversations
    conversations.close()


def test_messages_survive_a_restart(kept, tmp_path):
    id_ = kept.create("default")
    kept.add(id_, "user", "When was it?")
    kept.add(id_, "assistant", "It was late [1].", ANSWER)
    kept.close()
    again = Conversations(settings(tmp_path))
    (info,) = again.list()
    question, answer = again.messages(id_)
    again.close()
    assert (info.id, info.title, info.collection, info.messages) == (
        id_,
        "When was it?",
        "default",
        2,
    )
    assert (question.role, question.text, question.answer) == ("user", "When was it?", None)
    assert (answer.role, answer.answer, answer.feedback) == ("assistant", ANSWER, None)
    assert info.created_at <= question.created_at <= answer.created_at <= info.updated_at


def test_newest_conversation_is_listed_first(kept):
    first, second = kept.create("a"), kept.create("b")
    assert [info.id for info in kept.list()] == [second, first]
    assert kept.list()[0].title == "New conversation"
    kept.add(first, "user", "Hello?")
    assert [info.id for info in kept.list()] == [first, second]


def test_title_is_the_first_question_shortened(kept):
    id_ = kept.create("default")
    kept.add(id_, "user", "  What is\nthe total revenue, " + "and the cost of it, " * 9)
    kept.add(id_, "user", "Another question")
    title = kept.get(id_).title
    assert title.startswith("What is the total revenue, and the cost")
    assert title.endswith("…")
    assert len(title) <= TITLE_LENGTH + 1
    kept.add(other := kept.create("default"), "user", "x" * 500)
    assert len(kept.get(other).title) == TITLE_LENGTH + 1


def test_rename(kept):
    id_ = kept.create("default")
    kept.add(id_, "user", "First?")
    before = kept.get(id_).updated_at
    kept.rename(id_, "  My\n title ")
    assert kept.get(id_).title == "My title"
    assert kept.get(id_).updated_at == before
    kept.add(id_, "user", "Second?")
    assert kept.get(id_).title == "My title"
    kept.rename(id_, " ")
    assert kept.get(id_).title == "First?"


def test_delete(kept):
    id_ = kept.create("default")
    message = kept.add(id_, "user", "Hello?")
    kept.delete(id_)
    kept.delete(id_)
    assert kept.list() == []
    assert kept.messages(id_) == []
    for call in (
        lambda: kept.get(id_),
        lambda: kept.rename(id_, "x"),
        lambda: kept.add(id_, "user", "x"),
        lambda: kept.export_markdown(id_),
    ):
        with pytest.raises(StoreError, match=f"no conversation {id_}"):
            call()
    with pytest.raises(StoreError, match="no message"):
        kept.give_feedback(message, True)
    assert kept.create("default") != id_


def test_feedback_is_kept_changed_and_taken_back(kept):
    id_ = kept.create("default")
    message = kept.add(id_, "assistant", "Yes.")

    def feedback():
        return kept.messages(id_)[0].feedback

    kept.give_feedback(message, True, " good ")
    assert (feedback().up, feedback().comment) == (True, "good")
    kept.give_feedback(message, False)
    assert (feedback().up, feedback().comment) == (False, "")
    kept.give_feedback(message, None, "only words")
    assert (feedback().up, feedback().comment) == (None, "only words")
    kept.give_feedback(message, None, "")
    assert feedback() is None


def test_export(kept):
    id_ = kept.create("default")
    kept.add(id_, "user", "When <b>was</b> it?")
    message = kept.add(id_, "assistant", "It was **late** [1].", ANSWER)
    kept.give_feedback(message, False, "too_short")
    kept.add(id_, "assistant", "Nothing else.")
    text = kept.export_markdown(id_)
    day = kept.get(id_).created_at.strftime("%Y-%m-%d %H:%M")
    assert text == (
        "# When \\<b\\>was\\</b\\> it?\n\n"
        f"Collection default, {day} UTC\n\n"
        "## When \\<b\\>was\\</b\\> it?\n\n"
        "It was **late** [1].\n\n"
        "Sources:\n\n"
        "- [1] docs/Plan\\_A.pdf, page 3\n"
        "  > It was \\*late\\*. Very.\n"
        "- [2] b.txt (not found word for word)\n\n"
        "Feedback: 👎 too\\_short\n\n"
        "Nothing else.\n"
    )


def test_export_of_quotations_and_of_what_went_wrong(kept):
    id_ = kept.create("default")
    kept.add(id_, "assistant", "# Big <b>bold</b> [1].\n*Next* line", {"llm": "extractive"})
    kept.add(id_, "assistant", "", {"llm": "openai:x", "error": "It cannot be reached."})
    kept.add(id_, "assistant", "The pump", {"llm": "openai:x", "notices": ["You stopped *it*."]})
    text = kept.export_markdown(id_)
    assert text.partition(" UTC\n\n")[2] == (
        "\\# Big \\<b\\>bold\\</b\\> \\[1\\].\n\\*Next\\* line\n\n"
        "*It cannot be reached.*\n\n"
        "The pump\n\n"
        "*You stopped \\*it\\*.*\n"
    )


def test_several_threads_write(kept):
    ids = [kept.create("default") for _ in range(4)]

    def talk(id_: int) -> None:
        for n in range(25):
            kept.add(id_, "user", f"Question {n}?")

    threads = [threading.Thread(target=talk, args=(id_,)) for id_ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for id_ in ids:
        assert [m.text for m in kept.messages(id_)] == [f"Question {n}?" for n in range(25)]
