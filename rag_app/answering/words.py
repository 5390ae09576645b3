"""Words of a question and of a text: stems and telling words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag_app.store import terms
from rag_app.types.languages import DEFAULT

_WORD = re.compile(r"[^\W_]+")

# Words that carry the form of a question and not its subject. A collection's own frequencies
# cannot tell: few documents say "what", so it would count as a rare and telling word. English,
# Spanish, German, French; without "die" and "war", which English questions are about.
_FUNCTION_WORDS = """
a about after all also am an and any are as at be because been before being between both but by
can could did do does doing done during each for from further give had has have having he her
hers him his how i if in into is it its itself just kind many may me might more most much must
my name no nor not of off on once only or other our out over own please s same shall she should
so some such t tell than that the their them then there these they this those through to too
under until up upon us very was we were what when where whether which while who whom whose why
will with would you your

al algo alguna alguno como cual cuales cuando cuanta cuantas cuanto cuantos cuál cuáles cuándo
cuánta cuántas cuánto cuántos cómo de del desde donde dónde durante e el ella ellas ellos en
entre era es esa ese eso esta este esto están está fue ha hace hacia han hasta hay la las le les
lo los más me mi muy ni nos o para pero por porque que quien quién quiénes qué se ser si sin
sobre son su sus también tiene tienen tu un una unas uno unos y ya

aber als am auf aus bei bin bis da das dass dem den der des durch ein eine einem einen einer
für gegen hat ich ihr im ist kann mit nach nicht oder sich sie sind so um und uns von vor wann
warum was welche welchem welchen welcher welches wem wen wenn wer werden wie wieviel wir wird wo
woher wohin zu zum zur über

au aux avec ce ces cette comment combien dans des du elle est et eux il ils je leur lequel ma
mais mes mon notre nous où par pas pour pourquoi qu quand quel quelle quelles quels qui quoi sa
sans ses sont sur ta te toi très une votre vous à ça été être
"""
_IS_FUNCTION_WORD = frozenset(_FUNCTION_WORDS.split())


def stem(word: str) -> str:
    """The stem of one word, as the keyword index has it (English; harmless to other languages)."""
    return terms.term(word.casefold(), DEFAULT)


def words(text: str) -> list[str]:
    """The runs of letters and digits, as written."""
    return _WORD.findall(text)


def stems(text: str) -> list[str]:
    """The stems of all words, in order; of Chinese and Japanese the pairs of characters."""
    return terms.terms(text, DEFAULT)


def is_function_word(word: str) -> bool:
    """Whether a word carries form and not subject."""
    return word.casefold() in _IS_FUNCTION_WORD


def content_words(question: str) -> dict[str, str]:
    """What a question is about: stem → the word, lower case, in the order of the question.

    A question of nothing but function words keeps them all.
    """
    every = list(terms.words(question))
    found: dict[str, str] = {}
    for word in [word for word in every if word not in _IS_FUNCTION_WORD] or every:
        found.setdefault(stem(word), word)
    return found


def bigrams(sequence: Sequence[str]) -> set[tuple[str, str]]:
    """Neighbouring pairs."""
    return set(pairwise(sequence))
