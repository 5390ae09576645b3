"""What a switch to another embedding model would do, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest.recut import chunking_after
from rag_app.settings import Settings
from rag_app.types import ChunkingIdentity, EmbeddingIdentity

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.store import CollectionInfo, Store


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What a switch would do; nothing is changed yet.

    Attributes:
        name: The collection.
        asked: The spec as the user named it; the model may have been fitted for it.
        before: The live index.
        identity: The model to switch to.
        chunking: How passages will be cut.
        begun: A next index that an earlier run has left.
    """

    name: str
    asked: str
    before: CollectionInfo
    identity: EmbeddingIdentity
    chunking: ChunkingIdentity
    begun: CollectionInfo | None

    @property
    def specs(self) -> tuple[str, str]:
        """The models before and after."""
        return self.before.embedding.spec, self.identity.spec

    @property
    def is_needed(self) -> bool:
        """Whether the live index is of another model, or cut otherwise."""
        return not self._is(self.before)

    @property
    def resumes(self) -> bool:
        """Whether what an earlier run has built is of use."""
        return self.begun is not None and self._is(self.begun)

    def _is(self, info: CollectionInfo) -> bool:
        same = replace(info.embedding, spec=self.identity.spec) == self.identity
        return same and info.chunking == self.chunking


def plan_switch(
    store: Store, settings: Settings, name: str, embeddings: IdentifiedEmbeddings, asked: str
) -> SwitchPlan:
    """Looks at a collection that is to be switched to the model ``embeddings``.

    Raises:
        CollectionNotFoundError: There is none of this name.
        UsageError: A chunk overlap that was set does not fit the model.
    """
    generations = store.generations(name)
    before = generations.live.info
    begun = generations.get("next")
    identity = embeddings.identity
    chunking = chunking_after(settings, before.chunking, before.embedding, identity)
    return SwitchPlan(name, asked, before, identity, chunking, begun.info if begun else None)
