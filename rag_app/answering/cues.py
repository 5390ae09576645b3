"""What kind of answer a question asks for, and whether a sentence holds one of that kind."""

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

_ASKING = re.compile(
    r"\?|\b(want|wants|like|need|wish|wonder|ask) (to know|if|whether|you)\b"
    # The beginning of a sentence, a word like "please", "on" or "from" before it.
    r"|(?:^|[.!?:,]\s+)(?:\w+ )?(?:what|which|who(m|se)?|when|where|why|how|name|tell|give|state"
    r"|say|list|show|find|describe|explain|define|identify|mention|outline|compare|summari[sz]e)\b"
    r"|(?:^|[.!?:]\s+)(?:is|are|was|were|do|does|did|can|could|will|would|shall|should|has|have|had"
    r"|may|must)\b",
    re.IGNORECASE,
)


def is_claim(text: str) -> bool:
    """Whether a text claims something in place of asking: it ends with a full stop, and nothing in
    it asks.

    A question without its mark, or a few words to search by, end without a full stop.
    """
    return text.rstrip().endswith(".") and not _ASKING.search(text.lstrip())


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
