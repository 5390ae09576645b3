"""Lists of keys of passages, as arrays: read from the catalog, joined, the best of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Sums = NDArray[np.float64]


def numbers(
    connection: sqlite3.Connection, column: str, source: str, values: Mapping[str, object]
) -> Keys:
    """A column of numbers; as one text, since a row each would take longer than finding them.

    Args:
        connection: In a transaction.
        column: Its name.
        source: What follows ``FROM``.
        values: What is bound.
    """
    import numpy as np  # a tenth of a second that small collections save

    statement = f"SELECT group_concat({column}) FROM {source}"  # noqa: S608 - our own names
    (text,) = connection.execute(statement, values).fetchone()
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def weighed(
    listed: Mapping[str, Keys], rarities: Mapping[str, float], passing: Keys | None
) -> tuple[Keys, Sums]:
    """Each key that is listed and passes, and the sum of the rarities of its terms."""
    import numpy as np

    lists = list(listed.values())
    if passing is not None:
        lists = [
            keys[passing.take(np.searchsorted(passing, keys), mode="clip") == keys]
            for keys in lists
        ]
    weights = np.repeat([rarities[one] for one in listed], [len(keys) for keys in lists])
    every = np.concatenate(lists)
    order = np.argsort(every, kind="stable")  # lists in order are merged, which is quick
    keys = every[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[first], np.add.reduceat(weights[order], first)


def largest(keys: Keys, sums: Sums, count: int) -> list[int]:
    """The keys with the largest sums, those first; equal ones in order."""
    import numpy as np

    if len(keys) > count:
        least = np.partition(sums, -count)[-count]
        # Of the many that may share the least sum, those that stand first.
        enough = np.flatnonzero(sums > least)
        some = np.flatnonzero(sums == least)[: count - len(enough)]
        chosen = np.sort(np.concatenate([enough, some]))
        keys, sums = keys[chosen], sums[chosen]
    return list(keys[np.argsort(-sums, kind="stable")].tolist())
