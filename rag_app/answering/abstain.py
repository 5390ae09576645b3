"""What is said when the documents do not tell."""

from __future__ import annotations

from collections.abc import Sequence

from rag_app.types import Hit, page_name

SENTENCE = "The documents do not say."
"""The sentence that a language model is asked to write, and that our own answer starts with."""


def abstention(
    collection: str, documents: int, hits: Sequence[Hit], unknown: Sequence[str] = ()
) -> str:
    """Says that the documents do not tell, what was searched, and what came nearest.

    Args:
        collection: Its name.
        documents: How many documents were searched.
        hits: The nearest passages, best first.
        unknown: Codes of the question that were not found.
    """
    noun = "document" if documents == 1 else "documents"
    searched = f"I searched the collection “{collection}” ({documents:,} {noun})"
    near = list(dict.fromkeys(_place(hit) for hit in hits))[:2]
    if not near:
        return f"{SENTENCE} {searched} and found nothing near the question."
    if unknown:
        searched += f" and found no {either(unknown)}"
    return f"{SENTENCE} {searched}; what came nearest is in {' and in '.join(near)}."


def either(codes: Sequence[str]) -> str:
    """Some codes as they are named in a sentence that says no."""
    return " and no ".join(f"“{code}”" for code in codes)


def is_abstention(text: str) -> bool:
    """Whether an answer says nothing but that the documents do not tell."""
    plain = " ".join(text.replace("*", "").replace('"', "").split()).casefold()
    sentence = SENTENCE.casefold().rstrip(".")
    return plain.startswith(sentence) and len(plain) <= 2 * len(sentence) + 10


def _place(hit: Hit) -> str:
    page = f", {page_name(hit.chunk.page, hit.chunk.label)}" if hit.document.paginated else ""
    heading = f" (“{hit.chunk.section}”)" if hit.chunk.section else ""
    return f"{hit.document.name}{page}{heading}"
