"""Maps being drawn, in threads of their own, and those that are kept for the next look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.ui.shelf import Shelf
from rag_app.ui.work import Work

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation import CollectionMap

KEPT = 12
"""Maps kept; one of 2,000 passages takes about 6 MB."""

AT_ONCE = 2
"""t-SNE keeps a core busy for seconds: others that use the pages want one, too."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map as far as it is.

    Attributes:
        map: It.
        second: The model of its second view, which a question is put to as well.
        notices: What there is to say of the question.
    """

    map: CollectionMap
    second: IdentifiedEmbeddings | None = None
    notices: tuple[str, ...] = ()


Drawing = Work[Drawn]
"""A step on the way to a map."""


class Drawings(Shelf[Drawn]):
    """The drawings of this process."""

    def __init__(self) -> None:
        super().__init__(KEPT, AT_ONCE)


@st.cache_resource(show_spinner=False)
def drawings() -> Drawings:
    """The drawings of this process."""
    return Drawings()
