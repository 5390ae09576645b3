"""What is said of documents that are in, and may be found less well for their language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rag_app.types import FileOutcome
from rag_app.types.kinds import LANGUAGES
from rag_app.types.languages import uncovered


def language_notice(code: str, spec: str, covered: Sequence[str] | None) -> str:
    """A sentence on one document, where its language is none of the model's; else nothing.

    Args:
        code: ISO 639-1 code of its language; empty where that is not known.
        spec: Of the embedding model.
        covered: The languages that it was made for; None where that is not known.
    """
    if not code or not uncovered([code], covered):
        return ""
    return f"It is in {_named(code)}, which the embedding model {spec} was not made for."


def language_notices(outcomes: Iterable[FileOutcome]) -> tuple[str, ...]:
    """A sentence for each language with documents that have such a notice."""
    counts = Counter(one.language for one in outcomes if one.notice)
    return tuple(
        f"{count} {'document is' if count == 1 else 'documents are'} in {_named(code)}, which the "
        "embedding model was not made for: questions may miss passages. `rag models` lists the "
        "languages of others."
        for code, count in sorted(counts.items())
    )


def _named(code: str) -> str:
    return LANGUAGES.get(code, code).capitalize()
