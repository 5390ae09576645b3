"""Words as an embedding model sees them: neighbours, sums, and how alike two are."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.store import CollectionInfo
from rag_app.ui import collection_choice, models_pick, waiting
from rag_app.ui.markup import quoted
from rag_app.ui.models_choice import Asking, Choice, bound
from rag_app.ui.models_spaces import answers, asked_of, space_of, spaces
from rag_app.ui.resources import Resources

if TYPE_CHECKING:
    from rag_app.evaluation import WordSpace
    from rag_app.ui.models_spaces import Found

TITLES: Mapping[Asking, str] = {
    "similar": "Similar words",
    "analogy": "A sum of words",
    "similarity": "Two words",
}
ABOUT: Mapping[Asking, str] = {
    "similar": "The words that lie nearest to a word.",
    "analogy": "The words nearest to a sum: king - man + woman asks what is to a woman as a king "
    "is to a man. None of the words that you give can be the answer.",
    "similarity": "How alike two words are: 1 for the same, 0 for nothing in common. Figures of "
    "two models cannot be compared: some hold all words to be alike.",
}


def show(shared: Resources, chosen: Choice) -> None:
    """Draws what can be asked, and the answer."""
    info = collection_choice.choose(shared)
    spec = models_pick.model(shared, info, chosen)
    st.segmented_control(
        "What to ask",
        list(TITLES),
        format_func=TITLES.__getitem__,
        required=True,
        label_visibility="collapsed",
        **bound(chosen, "asking"),
    )
    st.caption(ABOUT[chosen.asking])
    asked = _asked(chosen)
    if spec and asked and _agreed(shared, info, spec, chosen):
        _answer(shared, info, spec, chosen)


def _asked(chosen: Choice) -> bool:
    """Draws the fields; says whether all are filled in."""
    if chosen.asking == "similarity":
        with st.container(key="models_two_words"):
            st.text_input("First word", placeholder="warranty", **bound(chosen, "first"))
            st.text_input("Second word", placeholder="guarantee", **bound(chosen, "second"))
        return bool(chosen.first.strip() and chosen.second.strip())
    if chosen.asking == "analogy":
        st.text_input("Words with signs", placeholder="king - man + woman", **bound(chosen, "sum"))
        return bool(chosen.sum.strip())
    st.text_input("A word", placeholder="warranty", **bound(chosen, "word"))
    return bool(chosen.word.strip())


def _agreed(shared: Resources, info: CollectionInfo | None, spec: str, chosen: Choice) -> bool:
    from rag_app.evaluation.word_space import OWN_WORDS

    if chosen.asking == "similarity" or info is None:
        return models_pick.agreed(shared, spec, chosen, "The words that you type", 2)
    what = f"Up to {OWN_WORDS:,} words of {quoted(info.name)}, and those that you type,"
    return models_pick.agreed(shared, spec, chosen, what, OWN_WORDS)


def _answer(shared: Resources, info: CollectionInfo | None, spec: str, chosen: Choice) -> None:
    listed = chosen.asking != "similarity"
    work = space_of(shared, info, spec, listed=listed)
    space = waiting.result_of(spaces(), work, f"Getting the words of {spec} ready", page="models")
    if space is None:
        return
    found = waiting.result_of(answers(), asked_of(space, chosen), "Looking", page="models_answer")
    if found is not None:
        _show(space, found)


def _show(space: WordSpace, found: Found) -> None:
    if found.unknown:
        st.warning(quoted(found.unknown), icon=":material/help:")
    elif found.words is None:
        st.html(f'<p class="models-cosine"><b>{found.cosine:.3f}</b> cosine</p>')
    elif not found.words:
        st.caption("There is no other word to be found.")
    else:
        st.html(_list(found.words))
    if found.words is not None or found.unknown:
        st.caption(quoted(f"Searched: {space.searched}."))


def _list(words: Sequence[tuple[str, float]]) -> str:
    rows = "".join(
        f"<li><b>{html.escape(word)}</b>"
        f'<i><s style="width:{100 * max(0.0, min(1.0, cosine)):.0f}%"></s></i>'
        f"<span>{cosine:.3f}</span></li>"
        for word, cosine in words
    )
    return f'<ol class="models-words">{rows}</ol>'
