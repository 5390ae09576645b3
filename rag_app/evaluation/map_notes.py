"""What the reader of a map should know: how much of it is there, how far to believe it."""

from __future__ import annotations

from rag_app.evaluation.project import NAMES, Method, Projection

_BELIEVED = (
    (0.95, "points that are near here are near for the model"),
    (0.85, "points that are near here are mostly near for the model"),
    (0.0, "points that are near here are often not near for the model"),
)


def sample_note(shown: int, total: int) -> tuple[str, ...]:
    """Says that the map shows a part."""
    if shown >= total:
        return ()
    return (
        f"The map shows {shown:,} of {total:,} passages, drawn at random (the same each time).",
    )


def zero_note(blank: int, model: str) -> tuple[str, ...]:
    """Says that passages without any known word are left out."""
    if not blank:
        return ()
    return (f"{model} knows no word of {blank:,} of the passages; they are left out.",)


def drawing_note(model: str, projection: Projection) -> tuple[str, ...]:
    """Says how far a drawing may be believed."""
    sentences = []
    name = NAMES[projection.method]
    if projection.explained:
        kept = sum(projection.explained)
        axes = {2: "two", 3: "three"}[projection.dimensions]
        sentences.append(f"{name}'s {axes} axes keep {kept:.0%} of the variance of the vectors")
    if projection.trustworthiness is not None:
        trust = projection.trustworthiness
        meaning = next(text for least, text in _BELIEVED if trust >= least)
        sentences.append(f"trustworthiness {trust:.2f} of 1: {meaning}")
    if not sentences:
        return ()
    text = "; ".join(sentences)
    if projection.method != "pca":
        text += ". Gaps between groups, and their sizes, mean little"
    return (f"{model}: {text}.",)


def question_note(method: Method, *, searched: bool, outside: int) -> tuple[str, ...]:
    """Says how the question and its hits came to their places."""
    notes = [
        "The numbered passages are what a search finds, by meaning and by keywords."
        if searched
        else "The numbered passages are those nearest to the question by meaning alone, among "
        "those shown."
    ]
    if method != "pca":
        notes.append(
            f"{NAMES[method]} places no new point without moving the others: the question stands "
            "at the weighted mean of the five passages nearest to it."
        )
    if outside:
        there = "was" if outside == 1 else "were"
        notes.append(f"{outside} of them {there} not in the sample and {there} added.")
    return tuple(notes)
