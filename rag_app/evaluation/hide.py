"""Takes what questions were made of out of their passages, before these are embedded.

This is the inverse cloze task (Lee, Chang and Toutanova, ACL 2019): a sentence has to be found by
what stands around it, so equal words alone do not give the passage away. Everything that is fitted
or searched gets the passages without the sentences: a model that was fitted on them whole would
have learned the words of a sentence and of its passage together, and find it nearly always
(truncated SVD on SQuAD: nDCG@10 0.99 where it has 0.78 for people's questions).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.chunk import contextual_text
from rag_app.evaluation.passages import Passage, Passages
from rag_app.evaluation.questions import EvalQuestion

MOST = 0.4
"""The largest part of a passage that may be taken out of it; more would leave another passage."""


def hide(passages: Passages, questions: Iterable[EvalQuestion]) -> Passages:
    """The passages without the sentences and headings of the questions that are marked as hidden.

    The words of a heading go from its passages wherever they stand there together: a passage often
    begins with its heading, and is to be found by what it says of it.
    """
    wanted: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        for id_ in question.chunk_ids if question.hidden else ():
            wanted[id_].append(question.text)
    if not wanted:
        return passages
    return replace(
        passages,
        all=tuple(
            _without(one, wanted[one.id]) if one.id in wanted else one for one in passages.all
        ),
    )


def can_hide(sentence: str, text: str) -> bool:
    """Whether enough of a passage is left without a sentence."""
    return 0 < len(sentence) <= MOST * len(text)


def _without(passage: Passage, hidden: Sequence[str]) -> Passage:
    text = passage.chunk.text
    for words in dict.fromkeys(hidden):
        # The white space of a sentence was collapsed when it was taken out.
        pattern = r"\s+".join(map(re.escape, words.split()))
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    text = re.sub(r"[ \t]{2,}", " ", text).strip()
    headings = tuple(one for one in passage.chunk.headings if one not in hidden)
    chunk = replace(passage.chunk, headings=headings)  # its text stays whole for readers
    embedded = contextual_text(replace(chunk, text=text))
    return replace(passage, chunk=chunk, embedded=embedded, text=text)
