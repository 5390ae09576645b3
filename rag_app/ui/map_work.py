"""Maps being drawn, in threads of their own, and those that are kept for the next look."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

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


class Drawing(Work[Drawn]):
    """A step on the way to a map."""


class Drawings:
    """The drawings of this process: sessions that want the same map share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Drawing] = OrderedDict()
        self._turn = threading.Semaphore(AT_ONCE)
        self._asked = threading.Semaphore(AT_ONCE)

    def get(self, key: Hashable, make: Callable[[], Drawn], *, quick: bool = False) -> Drawing:
        """The drawing with this key; begun, if there is none.

        Args:
            key: Everything that the drawing depends on.
            make: Makes it, in another thread.
            quick: It need not wait behind those that take seconds.
        """
        with self._lock:
            drawing = self._kept.get(key)
            if drawing is None:
                drawing = Drawing(lambda _: make(), self._asked if quick else self._turn)
                self._kept[key] = drawing
                drawing.start()
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return drawing

    def forget(self, drawing: Drawing) -> None:
        """Drops a drawing, so that it is made anew when it is wanted again."""
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept is drawing]:
                del self._kept[key]


@st.cache_resource(show_spinner=False)
def drawings() -> Drawings:
    """The drawings of this process."""
    return Drawings()
