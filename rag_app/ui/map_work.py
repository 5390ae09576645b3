"""Maps being drawn, in threads of their own, and those that are kept for the next look."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag_app.errors import RagError
from rag_app.ui.problems import UNEXPECTED

if TYPE_CHECKING:
    from rag_app.embeddings import IdentifiedEmbeddings
    from rag_app.evaluation import CollectionMap

KEPT = 12
"""Maps kept; one of 2,000 passages takes about 6 MB."""

AT_ONCE = 2
"""t-SNE keeps a core busy for seconds: others that use the pages want one, too."""

_log = logging.getLogger(__name__)


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


class Drawing:
    """A step on the way to a map. It goes on whichever page is looked at.

    Attributes:
        result: What came of it, once it has ended well.
        error: Why nothing came of it, in a sentence; empty otherwise.
        finished: Set at its end.
    """

    def __init__(self, make: Callable[[], Drawn], turn: threading.Semaphore) -> None:
        self.result: Drawn | None = None
        self.error = ""
        self.finished = threading.Event()
        self._make = make
        self._turn = turn
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it was asked for."""
        return time.monotonic() - self._began

    def start(self) -> None:
        """Begins, or waits for its turn."""
        threading.Thread(target=self._run, name="map", daemon=True).start()

    def _run(self) -> None:
        try:
            with self._turn:
                self.result = self._make()
        except RagError as error:
            self.error = str(error)
        except Exception:  # noqa: BLE001 - an edge: whatever went wrong, the reader is told
            _log.exception("Drawing a map failed.")
            self.error = UNEXPECTED
        finally:
            self.finished.set()


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
                drawing = Drawing(make, self._asked if quick else self._turn)
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
