"""Passages and collections for the tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from answering_samples import build, record
from embeddings_samples import prepared_cache

from rag_app.evaluation.passages import Passage, Passages
from rag_app.settings import Settings, load_settings
from rag_app.store import Store

_SUBJECTS = {
    "harbour": "boats ropes anchors tides fishermen",
    "bakery": "bread ovens flour yeast customers",
    "railway": "trains tracks signals stations passengers",
    "museum": "paintings statues visitors rooms curators",
    "hospital": "nurses patients wards medicines surgeons",
    "vineyard": "grapes barrels harvests cellars growers",
    "library": "books shelves readers catalogues desks",
    "theatre": "actors stages curtains tickets rehearsals",
    "orchard": "apples pears ladders baskets pickers",
    "brewery": "barley kettles hops bottles brewers",
    "airport": "planes runways gates pilots luggage",
    "school": "teachers pupils lessons classrooms exams",
}


def texts() -> dict[str, tuple[str, ...]]:
    """Twelve documents of three passages, each about one place."""
    return {f"{place}.txt": _passages(place, things.split()) for place, things in _SUBJECTS.items()}


_TEXTS = (
    """The {place} was built by the town in the year of the great flood. Most of the {a} were
    bought from a neighbour who had no use for them. The {b} are checked every morning before the
    {e} arrive. Nobody may touch the {c} without a written permit.""",
    """Work at the {place} begins early, because the {e} need the {a} before noon. The {d} are
    kept in a dry place behind the {b}. Two people carry the {c} to the gate each evening. A new
    roof was paid for with the money that the {d} had brought in.""",
    """Visitors of the {place} often ask about the {c} and the {d}. They are shown around by the
    {e} on the first Sunday of a month. Children see the {a} without paying. The tour ends beside
    the {b}, where tea is served in the winter.""",
)


def _passages(place: str, things: Sequence[str]) -> tuple[str, ...]:
    named = dict(zip("abcde", things, strict=True))
    return tuple(" ".join(text.format(place=place, **named).split()) for text in _TEXTS)


def passages(given: Mapping[str, Sequence[str]] | None = None) -> Passages:
    """The same without a store."""
    found = []
    for name, own in (given or texts()).items():
        document, chunks = record(name, tuple(own))
        found += [Passage(chunk, document, chunk.text, chunk.text) for chunk in chunks]
    found.sort(key=lambda passage: passage.id)
    return Passages(tuple(found), len(found))


def settings_for(folder: Path, **flags: object) -> Settings:
    """Settings of their own, with the bundled model ready."""
    own = {"home": folder / "home", "cache": prepared_cache(folder / "cache"), "collection": "town"}
    return load_settings({**own, **flags}, environ={})


def built(settings: Settings, given: Mapping[str, Sequence[str]] | None = None) -> Store:
    """A real collection of the texts, embedded with the bundled model."""
    return build(settings, {name: tuple(own) for name, own in (given or texts()).items()})
