"""A question as the keyword index is asked: its telling words and its phrases, as terms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from rag_app.store.terms import term, words
from rag_app.types.languages import is_stop_word

MAX_TERMS = 64
"""Longest query; the terms after it add little and cost time."""

MAX_CHARACTERS = 20_000
"""What is read of a question."""

_CODE = re.compile(r"\d|[^\W\d_a-z]{2}")
"""Marks a piece with a hyphen or the like as a code (AB-1234, NF-kB) rather than a compound
(two-dimensional), whose parts may as well stand apart."""

JOINTS = r"-\u2010-\u2015_"
"""What may stand between the parts of a code, or not: AB-1234, AB1234. Not the point of 3.5."""

_JOINT = re.compile(rf"(?<=\w)[{JOINTS}](?=\w)")

_AROUND = re.compile(r"^\W+|\W+$")
"""Brackets, commas and the like about a code."""

_APART = re.compile(r"\b(([A-Z]{1,5})\s+(\d{2,}))\b")
"""A code with a space: E 1001."""

RUN = re.compile(r"\d+|[^\W\d_]+")
"""Digits or letters that stand together in a code."""

_MOST_RUNS = 3
"""What has more runs of letters and digits (a key, a checksum) is one word."""

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')


class Code(NamedTuple):
    """A code of a question.

    Attributes:
        written: As the question has it: ``E-1001``.
        spellings: The words of each of its spellings, of the joined one last.
    """

    written: str
    spellings: list[list[str]]

    @property
    def joined(self) -> str:
        """In one word: ``e1001``."""
        return self.spellings[-1][0]


def asked_terms(question: str, languages: Sequence[str]) -> dict[str, str]:
    """What to look for: terms, and phrases of several terms with spaces between.

    Function words are left out when others remain (half the time, and nDCG@10 of SciFact,
    Cranfield and XQuAD up by 0.002 to 0.005). A passage in quotation marks, and a code of
    several parts ("AB-1234", "3.5"), is a phrase, so that exact matches come first; the words of
    the phrase are searched as well. A code is looked for with and without what parts it (AB1234,
    AB 1234). Every language of the collection stems in its own way, so a word may give several
    terms.

    Returns:
        Each with what it is a form of: the stems that languages give to one word share it, and so
        do the spellings of a code.
    """
    question = question[:MAX_CHARACTERS]
    found = [
        *((spelling, code.joined) for code in codes(question) for spelling in code.spellings),
        *((phrase, " ".join(phrase)) for phrase in _phrases(question)),
        *(([word], word) for word in telling_words(question, languages)),
    ]
    unique: dict[str, str] = {}
    for phrase, whole in found:
        for language in languages:
            unique.setdefault(" ".join(term(word, language) for word in phrase), whole)
        if len(unique) >= MAX_TERMS:
            break
    return dict(list(unique.items())[:MAX_TERMS])


def expression(asked: Iterable[str]) -> str:
    """The FTS5 query for passages that have any of the terms.

    Any text is safe: terms hold nothing but letters, digits and spaces, and each stands in
    quotation marks.
    """
    return " OR ".join(f'"{text}"' for text in asked)


def telling_words(question: str, languages: Sequence[str]) -> list[str]:
    """The words of a question without function words, unless there are no others."""
    found = list(_single_words(question[:MAX_CHARACTERS]))
    return [word for word in found if not is_stop_word(word, languages)] or found


def shown_words(question: str, languages: Sequence[str]) -> dict[str, list[list[str]]]:
    """What a passage can have of a question, as it is shown, each with the words to look for.

    Codes and figures as they are written (E-1001, 3.5), codes in all their spellings; then the
    telling words.
    """
    question = question[:MAX_CHARACTERS]
    found = {code.written: code.spellings for code in codes(question)}
    for piece, phrase in _figures(question):
        found.setdefault(_AROUND.sub("", piece), [phrase])
    parts = {word for phrases in found.values() for phrase in phrases for word in phrase}
    known = {one.casefold() for one in found} | {one for one in parts if len(one) == 1}
    known |= {one for one in parts if one.isdecimal()}
    singly = (word for word in telling_words(question, languages) if word not in known)
    return found | {word: [[word]] for word in singly}


def _phrases(question: str) -> Iterator[list[str]]:
    """Word sequences that are to stand together: quoted passages, and codes of several parts."""
    for groups in _QUOTED.findall(question):
        phrase = list(words("".join(groups)))
        if len(phrase) > 1:
            yield phrase[:MAX_TERMS]
    for _, phrase in _figures(question):
        yield phrase


def _figures(question: str) -> Iterator[tuple[str, list[str]]]:
    """Codes and numbers of several parts: the piece of the question, and its words."""
    for piece in question.split():
        code = list(words(piece))
        if len(code) > 1 and _CODE.search(piece):
            yield piece, code[:MAX_TERMS]


def codes(question: str) -> Iterator[Code]:
    """The codes of a question that may be written in one or in parts, with all their spellings."""
    apart = ((whole, f"{letters}-{digits}") for whole, letters, digits in _APART.findall(question))
    for written, piece in (*((piece, piece) for piece in question.split()), *apart):
        given, joined = list(words(piece)), list(words(_JOINT.sub("", piece)))
        if len(joined) != 1 or not _CODE.search(piece) or joined[0].isdecimal():
            continue
        runs = RUN.findall(joined[0])
        if len(given) > 1:
            yield Code(_AROUND.sub("", written), [given, joined])
        elif 1 < len(runs) <= _MOST_RUNS:
            yield Code(_AROUND.sub("", written), [*_cut(runs), joined])


def _cut(runs: list[str]) -> Iterator[list[str]]:
    """The ways to part a code between its runs: il 6r, il6 r and il 6 r."""
    for cuts in range(1, len(runs)):
        for places in combinations(range(1, len(runs)), cuts):
            ends = (0, *places, len(runs))
            yield ["".join(runs[start:end]) for start, end in pairwise(ends)]


def _single_words(question: str) -> Iterator[str]:
    for piece in question.split():
        parts = list(words(piece))
        # The "3" and "5" of "3.5" mean nothing alone, nor does the "s" of "year's".
        yield from (
            parts
            if len(parts) == 1
            else (part for part in parts if len(part) > 1 and not part.isdigit())
        )
