"""Says words of a passage in other words, so that a question does not give the passage away.

Three rules, in this order, for each word that carries a meaning: a synonym that the passage does
not have; another form of the word that the collection uses somewhere (``released`` → ``release``);
or, now and then, nothing. Function words stay, for the order of words is what a model of
sentences reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from rag_app.answering.words import is_function_word
from rag_app.store.terms import term

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each rule is used where it can be, from 0 to 1; found on SQuAD v1.1 alone.

    Attributes:
        synonym: A synonym takes the word's place.
        form: Another form does.
        drop: The word is left out, if it has no synonym.
        function: A function word is left out: questions have others than statements.
    """

    synonym: float = 1.0
    form: float = 1.0
    drop: float = 0.3
    function: float = 0.25


class Vocabulary:
    """The words of some passages of one language.

    Args:
        texts: The passages.
        language: Name of its stemmer.
    """

    def __init__(self, texts: Iterable[str], language: str) -> None:
        self.language = language
        self.count = 0
        self._passages: Counter[str] = Counter()
        self._forms: dict[str, Counter[str]] = {}
        for text in texts:
            self.count += 1
            own = split(text)
            self._passages.update({self.stem(word) for word in own})
            for word in own:
                if word.islower():
                    self._forms.setdefault(self.stem(word), Counter())[word] += 1

    def stem(self, word: str) -> str:
        """The word's stem, as the keyword index has it."""
        return term(word.casefold(), self.language)

    def passages_with(self, word: str) -> int:
        """In how many passages the word stands, in any form."""
        return self._passages[self.stem(word)]

    def forms(self, word: str) -> list[str]:
        """All forms that the passages use, in alphabetical order."""
        return sorted(self._forms.get(self.stem(word), ()))

    def synonyms(self, word: str) -> tuple[str, ...]:
        """Words that often mean the same; none for a name or a word that is not in the list."""
        if word[:1].isupper():
            return ()
        return _synonyms(self.language).get(self.stem(word), ())


class Rewriter:
    """Rewrites words of one passage.

    Args:
        vocabulary: Of the passages of its language.
        passage: Its text.
        random: Decides.
        shares: How often each rule is used.
    """

    def __init__(
        self, vocabulary: Vocabulary, passage: str, random: Random, shares: Shares
    ) -> None:
        self._vocabulary, self._random, self._shares = vocabulary, random, shares
        own = split(passage)
        self._words = {word.casefold() for word in own}
        self._stems = {vocabulary.stem(word) for word in own}

    def rewrite(self, words: Sequence[str]) -> list[str]:
        """The words that are left, in their order, in other words where there are any."""
        found = [
            self._function(word) if is_function_word(word) else self._other(word, at == 0)
            for at, word in enumerate(words)
        ]
        return [word for word in found if word]

    def _function(self, word: str) -> str:
        return "" if self._random.random() < self._shares.function else word

    def _other(self, word: str, first: bool) -> str:
        shares, random = self._shares, self._random
        plain = word.lower() if first and word.istitle() else word
        synonyms = [
            other
            for other in self._vocabulary.synonyms(plain)
            if self._vocabulary.stem(other) not in self._stems
        ]
        if synonyms and random.random() < shares.synonym:
            return random.choice(synonyms)
        if random.random() < shares.drop:
            return ""
        forms = [form for form in self._vocabulary.forms(word) if form not in self._words]
        return random.choice(forms) if forms and random.random() < shares.form else word


def split(text: str) -> list[str]:
    """The words of a text, as written; a hyphen or an apostrophe inside one stays."""
    return _WORD.findall(text)


def is_content(word: str) -> bool:
    """Whether a word says what a text is about."""
    return not is_function_word(word) and (len(word) > 1 or word.isdigit())


@cache
def _synonyms(language: str) -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("synonyms.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, None]] = {}
    for group in json.loads(text).get(language, []):
        words = group.split()
        for word in words:
            own = term(word, language)
            others = [other for other in words if term(other, language) != own]
            found.setdefault(own, {}).update(dict.fromkeys(others))
    return {stem: tuple(others) for stem, others in found.items()}
