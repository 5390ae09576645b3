"""Which words of a passage become a question: a clause, a definition or a heading."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from rag_app.evaluation.rewrite import Vocabulary, is_content, split

LEAST = 3
"""A clause has at least so many words that carry a meaning."""

_BORDER = re.compile(r"[,;:()\[\]–—\"“”«»]\s*|\s-\s")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_DEFINITIONS = tuple(
    re.compile(rf"^(?P<term>[^,;:.]{{2,60}}?) (?:{verbs}) (?P<what>(?:{articles}) .+)$")
    for verbs, articles in (
        ("is|are|means|was", "an?|the"),
        ("es|son|significa", "una?|el|la"),
        ("ist|sind|bedeutet", "eine?|der|die|das"),
        ("est|sont|signifie", "une?|le|la"),
    )
)
_LONGEST_TERM = 5

_ASKING: dict[str, dict[str, tuple[str, ...]]] = {
    "english": {
        "year": ("When",),
        "number": ("How many", "How much"),
        "name": ("Who", "Which", "Where"),
        "other": ("What", "Which"),
    },
    "spanish": {
        "year": ("Cuándo",),
        "number": ("Cuántos", "Cuánto"),
        "name": ("Quién", "Dónde"),
        "other": ("Qué", "Cuál"),
    },
    "german": {
        "year": ("Wann",),
        "number": ("Wie viele", "Wie viel"),
        "name": ("Wer", "Wo"),
        "other": ("Was", "Welche"),
    },
    "french": {
        "year": ("Quand",),
        "number": ("Combien",),
        "name": ("Qui", "Où"),
        "other": ("Que", "Quel"),
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question will be made of.

    Attributes:
        words: In their order; the answer is not among them.
        asking: Words that ask for the answer; none in languages whose words we do not know.
        answer: The word that is asked for.
    """

    words: tuple[str, ...]
    asking: tuple[str, ...]
    answer: str


def ask_definition(sentence: str, vocabulary: Vocabulary, longest: int) -> Asked | None:
    """For "X is a Y that …": what is said of X, without its name; None for another sentence."""
    for pattern in _DEFINITIONS:
        found = pattern.match(sentence.strip().rstrip("."))
        if found and len(split(found["term"])) <= _LONGEST_TERM:
            term = {vocabulary.stem(word) for word in split(found["term"]) if is_content(word)}
            said = [word for word in split(found["what"]) if vocabulary.stem(word) not in term]
            if term and _weight(said[:longest]) >= LEAST:
                asking = _ASKING.get(vocabulary.language, {}).get("other", ())
                return Asked(tuple(said[:longest]), asking[:1], found["term"])
    return None


def ask_clause(sentence: str, vocabulary: Vocabulary, random: Random, longest: int) -> Asked | None:
    """A clause of a sentence without the word that is asked for; None where there is too little.

    The answer is a number where there is one, else the word that the fewest passages have: the
    rarest word would give the passage away, and people ask for just that.
    """
    clauses = [part for part in _clauses(sentence, longest) if _weight(part) > LEAST]
    if not clauses:
        return None
    clause = random.choice(clauses)
    content = [word for word in clause if is_content(word)]
    numbers = [word for word in content if any(sign.isdigit() for sign in word)]
    answer = min(numbers or content, key=lambda word: (vocabulary.passages_with(word), word))
    rest = tuple(word for word in clause if word != answer)
    kind = _kind(answer, first=answer == clause[0])
    return Asked(rest, _ASKING.get(vocabulary.language, {}).get(kind, ()), answer)


def _clauses(sentence: str, longest: int) -> list[list[str]]:
    """Parts between punctuation; short ones are joined with the next, long ones are cut."""
    found: list[list[str]] = []
    for piece in _BORDER.split(sentence):
        words = split(piece)
        if found and (len(found[-1]) + len(words) <= longest or not _weight(words)):
            found[-1] = (found[-1] + words)[:longest]
        elif words:
            found += [words[at : at + longest] for at in range(0, len(words), longest)]
    return found


def _weight(words: Sequence[str]) -> int:
    return sum(map(is_content, words))


def _kind(answer: str, *, first: bool) -> str:
    kinds: tuple[tuple[str, Callable[[], object]], ...] = (
        ("year", lambda: _YEAR.fullmatch(answer)),
        ("number", lambda: any(sign.isdigit() for sign in answer)),
        ("name", lambda: answer[:1].isupper() and not first),
    )
    return next((kind for kind, holds in kinds if holds()), "other")
