"""The models that were made on this machine, who uses them, and how one is removed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag_app.embeddings import parse_spec, remove_trained, trained_models
from rag_app.embeddings.model_files import DRAFT, check_name, model_place
from rag_app.embeddings.tuned import PROVIDER as TUNED
from rag_app.errors import UsageError
from rag_app.evaluation.tune_state import begun_tunings, is_begun, open_state
from rag_app.settings import Settings
from rag_app.store import Role, Store

ROLES: Sequence[Role] = ("live", "next", "former")


@dataclass(frozen=True, slots=True)
class MadeModel:
    """A model that was made here, or what is left of one.

    Attributes:
        spec: How to name it.
        about: What it learned from, in a few words; empty where that cannot be read.
        disk_bytes: What its files take.
        state: ``begun`` is a tuning that was stopped, which can go on.
    """

    spec: str
    about: str
    disk_bytes: int
    state: Literal["whole", "damaged", "begun"] = "whole"


def made_models(settings: Settings) -> list[MadeModel]:
    """All of them in order of their specs, the damaged and the half-tuned ones as well."""
    whole = {saved.spec: saved for saved in trained_models(settings)}
    found = [MadeModel(one.spec, one.about, one.disk_bytes) for one in whole.values()]
    for folder in (settings.home / "models").glob("[!.]*/*"):
        spec = f"{folder.parent.name}:{folder.name}"
        if folder.is_dir() and spec not in whole and not folder.name.startswith(DRAFT):
            found.append(MadeModel(spec, "", _bytes(folder), "damaged"))
    for name, folder in begun_tunings(settings).items():
        if f"{TUNED}:{name}" not in whole:
            found.append(MadeModel(f"{TUNED}:{name}", "", _bytes(folder), "begun"))
    return sorted(found, key=lambda one: one.spec)


def users_of(spec: str, store: Store) -> Mapping[str, Sequence[Role]]:
    """The collections with an index that was made with a model, and which of theirs it is."""
    wanted = parse_spec(spec)
    users: dict[str, list[Role]] = defaultdict(list)
    for name in (info.name for info in store.collections()):
        generations = store.generations(name)
        for role in ROLES:
            index = generations.get(role)
            own = parse_spec(index.info.embedding.spec) if index else None
            if own and (own.provider, own.model) == (wanted.provider, wanted.model):
                users[name].append(role)
    return users


def why_kept(spec: str, store: Store) -> str:
    """Why a model cannot be removed now, and what to do first; empty where nothing needs it."""
    users = users_of(spec, store)
    answering = [f"'{name}'" for name, roles in users.items() if "live" in roles]
    going_back = [f"'{name}'" for name, roles in users.items() if "former" in roles]
    following = [f"'{name}'" for name, roles in users.items() if "next" in roles]
    parts = (
        answering
        and f"{spec} is used by {', '.join(answering)}. Switch or delete that first: a collection "
        "cannot be searched without its model.",
        following
        and f"{', '.join(following)} is being switched to {spec}. Let that end first, or drop it "
        "(under Embedding model… in the collection's menu, or with rag collections prune).",
        going_back
        and f"The former index of {', '.join(going_back)} was made with {spec}. Free that first "
        "(under Embedding model… in the collection's menu, or with rag collections prune).",
    )
    return " ".join(part for part in parts if part)


def remove_model(spec: str, settings: Settings, store: Store) -> None:
    """Deletes a model, or what a tuning that was stopped has left of it.

    Raises:
        UsageError: There is none, or a collection needs it.
        StoreBusyError: It is being tuned just now.
        EmbeddingError: It cannot be deleted.
    """
    if reason := why_kept(spec, store):
        raise UsageError(reason)
    parsed = parse_spec(spec)
    if parsed.provider == TUNED and parsed.model:
        check_name(parsed.model)
        if is_begun(settings, parsed.model):
            with open_state(settings, parsed.model) as state:
                state.drop()
            if not model_place(TUNED, parsed.model, settings).exists():
                return
    remove_trained(spec, settings)


def _bytes(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):  # a draft that is finished meanwhile
            total += file.stat().st_size if file.is_file() else 0
    return total
