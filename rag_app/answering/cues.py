"""Whether a text asks, what kind of answer it asks for, and whether a sentence holds one."""

from __future__ import annotations

import re
from collections.abc import Callable

from rag_app.answering.words import stem, stems

_ASKS = {
    "date": (
        r"\bwhen\b|\b(what|which) (year|date|decade|month|day|century|time)\b"
        r"|\bcuándo\b|\bwann\b|\bquand\b"
    ),
    "number": (
        r"\bhow (many|much|long|far|old|large|big|tall|high|often|deep|fast|wide|heavy|few|soon)\b"
        r"|\b(what|which) (is the )?(percent|percentage|number|amount|price|cost|rate|total)\b"
        r"|\bcuánt[oa]s?\b|\bwie ?viele?\b|\bcombien\b"
    ),
    "name": (
        r"\bwho(m|se)?\b|\bquién(es)?\b|\bwer\b|\bwem\b|\bqui\b"
        r"|\bwhere\b|\b(what|which) (city|country|state|region|continent|river|town|company)\b"
        r"|\bdónde\b|\bwo\b|\boù\b"
    ),
}

_DATE = re.compile(
    r"\b(1\d{3}|20\d\d)s?\b|\bcentury\b|\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b\d{1,2}:\d\d\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|billion|half|third|quarter|twice|once|daily|weekly|monthly|yearly|annually)\b",
    re.IGNORECASE,
)
# A capital inside a sentence, not at its start.
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]+")

# What may stand before the word that asks, at the beginning of a sentence.
_START = r"(?:^|[.!:;]\s+)(?:(?:and|so|but|or|also|hi|hello|hey|ok|okay|please|kindly)\b,?\s+)?"
_ASKING = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\?|\b(please|pls|wonder(s|ed|ing)?|curious)\b",
        # Whoever speaks of "me" or "you" wants something.
        r"\b(me|my|mine|we|our|you|your)\b|(?:^|[.!,:;]\s+|\b(and|but|if|when|that|because) )i\b",
        r"\b(want|need|like|wish|ask)(s|ed|ing)? (to know|if|whether|about)\b",
        _START + r"(?:(?:on|from|in|at|by|for|to|since|until|with|of|under|after|before|during) )?"
        r"(?:what|which|who|whom|whose|where|why|how)\b",
        _START + r"(?:when )?(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should"
        r"|has|have|had|may|might|must)(?:n['’]t)?\b",
        _START + r"(?:name|names|tell|give|state|say|list|show|find|describe|explain|define"
        r"|identify|mention|outline|compare|summari[sz]e|provide|write|discuss|recommend|suggest"
        r"|look|check)\b",
    )
)


def is_claim(text: str) -> bool:
    """Whether a text claims something in place of asking: it ends with a full stop, and nothing in
    it asks.

    Questions without their mark, and words to search by, seldom end so.
    """
    text = text.strip()
    return text.endswith(".") and not any(pattern.search(text) for pattern in _ASKING)


def asked_for(question: str) -> str:
    """``date``, ``number``, ``name``, or an empty string where the form of the answer is open."""
    return next(
        (kind for kind, pattern in _ASKS.items() if re.search(pattern, question, re.IGNORECASE)), ""
    )


def holds(kind: str, sentence: str, question: str) -> bool:
    """Whether ``sentence`` has something of ``kind``; a name must not stand in the question."""
    return _HOLDS[kind](sentence, question) if kind else False


def _holds_name(sentence: str, question: str) -> bool:
    known = set(stems(question))
    return any(stem(name) not in known for name in _NAME.findall(sentence))


_HOLDS: dict[str, Callable[[str, str], bool]] = {
    "date": lambda sentence, _: bool(_DATE.search(sentence)),
    "number": lambda sentence, _: bool(_NUMBER.search(sentence)),
    "name": _holds_name,
}
