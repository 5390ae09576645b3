"""Codes of a question (model numbers, faults, clauses) in texts that part them in another way.

The keyword index finds E-1001 and E 1001 for E1001; what weighs the sentences of its hits must not
take them for other words then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag_app.answering.words import is_function_word
from rag_app.store.asked import JOINTS, RUN, codes

Respell = Callable[[str], str]

_NAMED = re.compile(
    rf"\b(?:[A-Za-z]{{1,5}}\d{{1,5}}"
    rf"|[A-Z]{{1,5}}[{JOINTS}]\d{{1,5}}(?:[{JOINTS}]?[A-Z]{{1,3}})?(?:[{JOINTS}][A-Z\d]{{1,5}}){{0,2}})\b"
)
"""H12, e1001, E-1001, XK-78-B; no compounds (24-hour, top-10), and nothing with a space: EUR 500
and EBIT 2025 are said in other words as well."""


def named_codes(question: str) -> list[str]:
    """The codes without which nothing can be an answer, as they are written."""
    found: list[str] = _NAMED.findall(question)
    return list(dict.fromkeys(found))


def respelling(question: str) -> Respell:
    """What writes the codes of ``question`` in a text as the question does.

    A text that has them so already stays as it is, and so does any where the question has no code.
    """
    every = {code.written: code.spellings for code in codes(question)}
    forms = [(pattern(max(every[one], key=len)), one) for one in every]

    def respelled(text: str) -> str:
        for form, written in forms:
            text = form.sub(lambda _, written=written: written, text)  # type: ignore[misc]
        return text

    return respelled


def stands_in(code: str, text: str) -> bool:
    """Whether a text has a code, however it is parted."""
    return bool(pattern(RUN.findall(code)).search(text))


def pattern(parts: Sequence[str]) -> re.Pattern[str]:
    """Finds a code of these parts: joined, with a hyphen or the like between, or with a space."""
    inner = "".join(map(_before_a_joint, parts[:-1]))
    return re.compile(rf"(?<![^\W_]){inner}(?i:{re.escape(parts[-1])})(?![^\W_])")


def _before_a_joint(part: str) -> str:
    """A part and what may follow it. Before a space "a" and "in" are words, "A" and "IN" not."""
    as_part = rf"(?i:{re.escape(part)})"
    if is_function_word(part):
        return rf"(?:{as_part}[{JOINTS}]?|{re.escape(part.upper())}\s)"
    return rf"{as_part}[{JOINTS}\s]?"


def parted(question: str) -> dict[str, list[str]]:
    """For each joined code of a question the ways to part it: e1001 → e 1001."""
    return {
        code.joined: [" ".join(one) for one in code.spellings if len(one) > 1]
        for code in codes(question)
    }
