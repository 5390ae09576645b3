"""Questions that are headings: what stands below a heading answers it.

People write headings in other words than the text below, as they do questions ("Carrying leave
over", "Can I open the pump myself?"), and no rule made those words. The heading is hidden, so that
the passages are found by their text alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from rag_app.evaluation.passages import Passage, Passages
from rag_app.evaluation.questions import EvalQuestion, with_twins
from rag_app.evaluation.rewrite import is_content, split

LEAST, LONGEST = 2, 25
"""Telling words, which leaves out dates and numbers, and words in all."""

MOST_BELOW = 3
"""Passages below a heading. One that stands over more says what they share, not what they say."""

_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+)[.)]?\s+")


class Headings:
    """The headings of some passages.

    Args:
        passages: All that are compared.
        own: Those whose headings are asked.
    """

    def __init__(self, passages: Passages, own: Iterable[Passage]) -> None:
        self._passages = passages
        self._below: dict[str, list[Passage]] = defaultdict(list)
        for passage in own:
            for heading in {*passage.chunk.headings} - {passage.chunk.columns}:
                self._below[heading].append(passage)

    def question(self, passage: Passage) -> EvalQuestion | None:
        """The nearest heading as a question, or None if it would not lead to this passage alone."""
        heading = passage.chunk.section
        if not heading:
            return None
        below = self._below[heading]
        asked = self._asked(heading)
        if not asked or len(below) > MOST_BELOW or not _is_of_one_section(heading, below):
            return None
        return EvalQuestion(
            asked,
            passage.document.id,
            passage.chunk.page if len(below) == 1 else None,
            (with_twins([one.id for one in below], self._passages),),
            "offline",
            heading,
            hidden=True,
        )

    @staticmethod
    def _asked(heading: str) -> str:
        words = split(_NUMBER.sub("", heading))
        telling = sum(is_content(word) and word.isalpha() for word in words)
        return " ".join(words) + "?" if telling >= LEAST and len(words) <= LONGEST else ""


def _is_of_one_section(heading: str, below: Iterable[Passage]) -> bool:
    """Whether it is of one document, and no other heading stands between it and a passage."""
    places = {(one.document.id, one.chunk.section) for one in below}
    return len(places) == 1 and next(iter(places))[1] == heading
