"""Vectors in 8 bits a number, in memory: exact search among the many that a filter lets through.

To compare a question with 40,000 vectors of the catalog takes 150 ms, of which nearly all goes into
reading them. Here each vector that was read under a filter leaves a code: its numbers as multiples
of a 127th of its largest one (scalar quantization), a quarter of its size. The next question is
compared with the codes, which takes 12 ms for as many, and then with those vectors alone that may
be among the nearest. None is missed: of each code it is known how far it is from its vector, and
the cosine with the one cannot be further from the cosine with the other (Cauchy and Schwarz).

A vector never changes: what another process adds has keys that are not known yet and is read then,
and what it deletes is no longer asked for.
"""

from __future__ import annotations

import json
import sqlite3
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from rag_app.store import exact
from rag_app.store.key_lists import numbers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag_app.store.chroma import Vectors
    from rag_app.store.key_lists import Keys

    Floats = NDArray[np.float32]

_BLOCK = 512
"""Vectors that are worked on at once; they stay in the processor's cache."""

_ROUNDING = 1e-5
"""What sums of 32-bit numbers may be off."""


class _Known(NamedTuple):
    """Codes; what is written stays as it is, so that any thread may read it.

    Attributes:
        keys: Keys of passages, in ascending order.
        places: The row of each in the arrays that follow, which have rows to spare.
        codes: int8 of shape (rows, dimension).
        scales: What a code's numbers are multiples of.
        errors: Distance of each code from its vector, which has length 1.
        centre: Mean of some vectors. The codes are of what a vector differs by: many models give
            all texts much in common, which would take the better part of the 8 bits.
    """

    keys: Keys
    places: Keys
    codes: NDArray[np.int8]
    scales: Floats
    errors: Floats
    centre: Floats


class Codes:
    """The codes of one collection; may be used from any thread.

    Args:
        collection: Key of the collection.
    """

    def __init__(self, collection: int) -> None:
        self._collection = collection
        self._lock = Lock()
        self._known: _Known | None = None

    def search(
        self, connection: sqlite3.Connection, keys: Keys, vector: Vectors, k: int
    ) -> list[tuple[str, float]]:
        """The k nearest of some passages: id and cosine, best first, as ``exact.search`` has them.

        Args:
            connection: In the transaction in which the keys were found.
            keys: Those of the passages, in ascending order.
            vector: The question's, of shape (dimension,).
            k: How many at most.
        """
        import numpy as np

        if not len(keys):
            return []
        known = self._with(connection, keys, len(vector))
        keys, places = _placed(known, keys)
        cosines = _cosines(known, places, exact.unit(vector))
        off = known.errors[places] + _ROUNDING
        if k < len(keys):
            least = np.partition(cosines - off, -k)[-k]
            keys = keys[cosines + off >= least]
        return exact.among(connection, keys.tolist(), vector, k)

    def _with(self, connection: sqlite3.Connection, keys: Keys, dimension: int) -> _Known:
        """What is known, with these."""
        import numpy as np

        with self._lock:
            known = self._known or _room(None, np.empty(0, np.int64), 0, dimension)
            missing = np.setdiff1d(keys, known.keys, assume_unique=True)
            if len(missing):
                known = self._read(connection, known, missing)
            self._known = known
            return known

    def _read(self, connection: sqlite3.Connection, known: _Known, missing: Keys) -> _Known:
        import numpy as np

        if len(known.keys) + len(missing) > len(known.codes):
            known = self._grown(connection, known, len(missing))
        used = len(known.keys)
        read: list[int] = []
        rows = connection.execute(
            "SELECT v.chunk, v.vector FROM json_each(?) AS k"
            " CROSS JOIN vectors AS v ON v.chunk = k.value",
            (json.dumps(missing.tolist()),),
        )
        while block := rows.fetchmany(_BLOCK):
            _encode(known, used + len(read), exact.matrix([blob for _, blob in block]))
            read += [key for key, _ in block]
        keys = np.concatenate([known.keys, np.array(read, np.int64)])
        places = np.concatenate([known.places, np.arange(used, used + len(read))])
        order = np.argsort(keys, kind="stable")
        return known._replace(keys=keys[order], places=places[order])

    def _grown(self, connection: sqlite3.Connection, known: _Known, more: int) -> _Known:
        """The same with room for so many more; codes of deleted passages are left out."""
        import numpy as np

        dimension = known.codes.shape[1]
        if not len(known.keys):
            return _room(known, known.keys, more, dimension)
        ours = "chunks WHERE collection = :collection"
        there = numbers(connection, "key", ours, {"collection": self._collection})
        kept = np.intersect1d(known.keys, there, assume_unique=True)
        size = min(max(2 * len(kept), len(kept) + more), len(there))
        return _room(known, kept, size, dimension)


def _room(known: _Known | None, kept: Keys, size: int, dimension: int) -> _Known:
    """Arrays of so many rows, with the codes of ``kept`` in the first of them."""
    import numpy as np

    made = _Known(
        kept,
        np.arange(len(kept)),
        np.empty((size, dimension), np.int8),
        np.empty(size, np.float32),
        np.empty(size, np.float32),
        np.zeros(dimension, np.float32),
    )
    if known is not None:
        _, places = _placed(known, kept)
        rows = slice(len(kept))
        made.codes[rows] = known.codes[places]
        made.scales[rows] = known.scales[places]
        made.errors[rows] = known.errors[places]
        made.centre[:] = known.centre
    return made


def _placed(known: _Known, keys: Keys) -> tuple[Keys, Keys]:
    """Those of the keys that are known, and their places; all, unless the catalog lacks vectors."""
    import numpy as np

    if not len(known.keys):
        return known.keys, known.places
    found = np.searchsorted(known.keys, keys)
    found = found[known.keys.take(found, mode="clip") == keys]
    return known.keys[found], known.places[found]


def _encode(known: _Known, first: int, vectors: Floats) -> None:
    """Writes the codes of vectors into the rows from ``first`` on."""
    import numpy as np

    units = exact.units(vectors)
    if not first:
        known.centre[:] = units.mean(axis=0)
    units = units - known.centre
    scales = np.abs(units).max(axis=1) / 127
    codes = np.rint(units / np.where(scales == 0, 1, scales)[:, None])
    rest = units - codes * scales[:, None]
    rows = slice(first, first + len(vectors))
    known.codes[rows] = codes
    known.scales[rows] = scales
    known.errors[rows] = exact.lengths(rest)


def _cosines(known: _Known, places: Keys, query: Floats) -> Floats:
    """Cosine of each code's vector, about, with a vector of length 1."""
    import numpy as np

    found = np.empty(len(places), np.float32)
    some = np.empty((_BLOCK, len(query)), np.int8)
    numbers = np.empty((_BLOCK, len(query)), np.float32)
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        rows = slice(len(block))
        # "clip" for speed: otherwise all is copied once more, in case a place were out of bounds
        np.take(known.codes, block, axis=0, out=some[rows], mode="clip")
        np.copyto(numbers[rows], some[rows])
        np.einsum("ij,j->i", numbers[rows], query, out=found[start : start + len(block)])
    return found * known.scales[places] + known.centre @ query
