"""The commonest function words of languages, and which of these lists a text asks for.

The lists are our own: the function words (articles, pronouns, prepositions, auxiliaries, question
words) that lead any frequency count of the language. They are short on purpose; a word is dropped
from a question only when other words remain. ``rag_app.store.languages`` tells the language of a
document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

DEFAULT = "english"
"""For a text whose language is not told."""

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "english": "a about an and any are as at be been but by can could did do does for from had "
        "has have he her his how i if in is it its me my no not of on or our she should so than "
        "that the their them then there these they this those to us was we were what when where "
        "which who whom whose why will with would you your",
        "german": "als am an auch auf aus bei bis das dass dem den der des die du durch ein eine "
        "einem einen einer eines er es für hat haben ich ihr im in ist kann mit nach nicht noch "
        "nur oder sein sich sie sind so um und unter vom von vor war warum was welche welchem "
        "welchen welcher welches wenn wer werden wie wird wo wurde zu zum zur über",
        "spanish": "a al como con cuando cuál cuáles cuándo cuánto cuántos cómo de del desde donde "
        "dónde el ella ellos en entre era es esta este está fue ha han hay la las le les lo los "
        "más no o para pero por porque qué que quién quiénes se ser si sin sobre son su sus "
        "también tiene un una uno y ya",
        "french": "a au aux avec ce ces cette comme comment dans de des du elle elles en est et "
        "eu il ils je la le les leur lui mais ne nous on ont ou où par pas plus pour pourquoi "
        "qu quand que quel quelle quelles quels qui sa se ses son sont sur un une vous été était",
        "italian": "a ai al alla anche che chi ci come con cosa da dal dalla dei del della delle "
        "di dove e era gli ha hanno i il in la le lo ma nei nel nella non o per perché più quale "
        "quali quando questa questo si sono su sua sul suo un una è",
        "portuguese": "a ao aos as com como da das de do dos e ela ele em entre era essa esta este "
        "está foi há isso mais mas na nas no nos não o onde os ou para pela pelo por porque "
        "qual quais quando que quem se sem ser seu sua são também tem um uma à é",
        "dutch": "aan als bij dan dat de deze die dit door een en er had heeft het hij hoe hun ik "
        "in is kan maar meer met naar niet nog of om onder ook op over te tot uit van voor waar "
        "waarom wanneer was wat welke werd wie worden wordt ze zich zijn",
        "swedish": "att av de den det dem detta du där efter eller en ett från för ha han har hon "
        "hur i in inte jag kan man med men nu när och om på sig sin som så till under upp ut vad "
        "var vara varför vem vid vilka vilken är",
        "russian": "а без бы был была были было в во все вы где да для до его ее если есть еще же "
        "за и из или их к как какая какие какой когда кто ли мы на не но о он она они от по "
        "почему при с так также то только у что чтобы это",
    }.items()
}

_SAID_IN: dict[str, tuple[str, ...]] = {
    word: tuple(language for language, stop_words in STOP_WORDS.items() if word in stop_words)
    for word in frozenset().union(*STOP_WORDS.values())
}


def guess(words: Iterable[str]) -> str:
    """The list whose function words are met most often; ``DEFAULT`` when none leads.

    It is for dropping them: of a text in another language, it is the list that fits best.

    Args:
        words: Of the text, in lower case.
    """
    met = _met(words)
    best = max(STOP_WORDS, key=lambda language: met[language])
    # A language must win clearly: a table of names and numbers has a stray "a" or "de".
    return best if met[best] > 1.2 * met[DEFAULT] and met[best] >= 3 else DEFAULT


def _met(words: Iterable[str]) -> Counter[str]:
    """How often function words of each language are met."""
    return Counter(language for word in words for language in _SAID_IN.get(word, ()))


def is_english(words: Sequence[str]) -> bool:
    """Whether a few words, as of a question, may be English; it is where nothing speaks against it.

    Against it speak letters of another script, and function words of another language: at least
    two, and more than there are of English.

    Args:
        words: In lower case.
    """
    letters = "".join(words)
    if 2 * sum(map(str.isascii, letters)) < len(letters):
        return False
    met = _met(words)
    most = max(met.values(), default=0)
    return most < 2 or met[DEFAULT] == most


def is_stop_word(word: str, languages: Iterable[str]) -> bool:
    """Whether ``word`` (in lower case) is a function word of one of ``languages``."""
    return any(word in STOP_WORDS.get(language, ()) for language in languages)


def uncovered(languages: Iterable[str], covered: Sequence[str] | None) -> dict[str, int]:
    """Documents by language, of the languages that a model was not made for.

    Args:
        languages: Of the documents.
        covered: The model's; None, where that is not known, covers all.
    """
    if covered is None:
        return {}
    return dict(sorted(Counter(code for code in languages if code not in covered).items()))
