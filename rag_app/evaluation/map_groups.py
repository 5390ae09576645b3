"""The colours of a map: one group of points for each document, or for each cluster."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, get_args

from rag_app.errors import UsageError
from rag_app.evaluation.collection_map import CollectionMap
from rag_app.types import DocumentRecord

Colour = Literal["document", "cluster"]
COLOURS: tuple[Colour, ...] = get_args(Colour)

# Of middling lightness, to be told apart on white and on black, by most eyes.
PALETTE = (
    "#1f9e89", "#e07b39", "#5479d4", "#c44f8e", "#b3902a",
    "#7d5fc4", "#3f9fc7", "#6f9a32", "#d1574b", "#8a7768",
)  # fmt: skip
SYMBOLS = ("circle", "diamond")
REST = "#9aa0a4"


def check_colour(name: str) -> Colour:
    """Reads what to colour by.

    Raises:
        UsageError: It is neither ``document`` nor ``cluster``.
    """
    for known in COLOURS:
        if name == known:
            return known
    raise UsageError(f"A map is coloured by {' or '.join(COLOURS)}, not by '{name}'.")


@dataclass(frozen=True, slots=True)
class Group:
    """Points of one colour.

    Attributes:
        name: For the legend.
        colour: As #rrggbb.
        symbol: ``circle`` or ``diamond``; after ten colours they come again as diamonds.
        members: Places of its points in the map.
    """

    name: str
    colour: str
    symbol: str
    members: tuple[int, ...]


def groups(drawn: CollectionMap, colour: Colour = "document") -> list[Group]:
    """The groups of a map, the largest first; documents beyond the twentieth are one group."""
    keys, titles = _by_cluster(drawn) if colour == "cluster" else _by_document(drawn)
    members: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    ordered = sorted(members, key=lambda key: (-len(members[key]), titles[key], key))
    most = len(PALETTE) * len(SYMBOLS)
    shown = ordered if len(ordered) <= most else ordered[: most - 1]
    made = [
        Group(
            titles[key],
            PALETTE[number % len(PALETTE)],
            SYMBOLS[number // len(PALETTE)],
            tuple(members[key]),
        )
        for number, key in enumerate(shown)
    ]
    rest = [place for key in ordered[len(shown) :] for place in members[key]]
    if rest:
        name = f"{len(ordered) - len(shown)} other documents"
        made.append(Group(name, REST, SYMBOLS[0], tuple(sorted(rest))))
    return made


def _by_cluster(drawn: CollectionMap) -> tuple[list[str], dict[str, str]]:
    clusters = drawn.clusters
    titles = {str(label): clusters.title(label) for label in range(len(clusters.names))}
    return [str(label) for label in clusters.labels], titles


def _by_document(drawn: CollectionMap) -> tuple[list[str], dict[str, str]]:
    documents = {passage.document.id: passage.document for passage in drawn.passages}
    names = Counter(document.name for document in documents.values())
    titles = {
        id_: document.name if names[document.name] == 1 else _with_folder(document)
        for id_, document in documents.items()
    }
    return [passage.document.id for passage in drawn.passages], titles


def _with_folder(document: DocumentRecord) -> str:
    """Two documents of one name are told apart by their folders."""
    return "/".join(PurePath(document.source).parts[-2:])
