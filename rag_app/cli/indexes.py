"""The indexes beside the one that answers: told by ``collections show``, freed by ``prune``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rag_app.cli.output import counted, say, show, when
from rag_app.errors import StoreError

if TYPE_CHECKING:
    from rag_app.store import CollectionInfo, Debts, Generations


@dataclass(frozen=True, slots=True)
class OtherIndexes:
    """What is beside the live index of a collection.

    Attributes:
        next: An index that a switch is building, or has left.
        former: The one that answered before.
        owed: What the live one has not taken over since a rollback.
    """

    next: CollectionInfo | None
    former: CollectionInfo | None
    owed: Debts

    def to_json(self) -> dict[str, object]:
        """What ``--json`` prints of them."""
        return {
            "next": _json(self.next),
            "former": _json(self.former),
            "owed_since_rollback": self.owed.total,
        }


@dataclass(frozen=True, slots=True)
class Freed:
    """An index that was deleted."""

    collection: str
    index: str
    embedding: str
    passages: int
    bytes: int


def other_indexes(generations: Generations) -> OtherIndexes:
    """Looks what there is."""
    following, former = generations.get("next"), generations.get("former")
    return OtherIndexes(
        following.info if following else None,
        former.info if former else None,
        generations.debts(),
    )


def show_others(name: str, others: OtherIndexes) -> None:
    """Shows them on standard output, with what can be done."""
    if one := others.next:
        show(
            f"next index: {one.embedding.spec}, {counted(one.chunks, 'passage')} built since "
            f"{when(one.created_at)}; goes on with: rag switch {name} --to "
            f"'{one.asked or one.embedding.spec}'"
        )
    if one := others.former:
        show(
            f"former index: {one.embedding.spec}, {counted(one.chunks, 'passage')}, kept since "
            f"{when(one.since)}; returns with: rag rollback {name}"
        )
    if others.owed.total:
        show(
            f"not taken over since the rollback: {counted(others.owed.total, 'file')}; goes on "
            f"with: rag rollback {name} --catch-up"
        )


def prune_others(generations: Generations) -> list[Freed]:
    """Deletes them and says what that frees; one that is in use stays."""
    freed: list[Freed] = []
    for role in ("next", "former"):
        one = generations.get(role)
        if one is None:
            continue
        spec = one.info.embedding.spec
        try:
            size = generations.discard(role)
        except StoreError as error:
            say(f"Kept the {role} index of '{generations.name}': {error}")
            continue
        freed.append(Freed(generations.name, role, spec, size.passages, size.bytes))
        say(
            f"Freed the {role} index of '{generations.name}' ({spec}): "
            f"{counted(size.passages, 'passage')}, about {size.bytes / 1e6:.1f} MB, which new "
            "documents will fill again."
        )
    return freed


def _json(info: CollectionInfo | None) -> dict[str, object] | None:
    if info is None:
        return None
    return {
        "embedding": asdict(info.embedding),
        "chunking": asdict(info.chunking),
        "documents": info.documents,
        "chunks": info.chunks,
        "since": info.since.isoformat(),
    }
