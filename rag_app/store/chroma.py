"""The only module that touches chromadb: starting it, and the few calls that the store makes.

Chroma is started as a component system of its own rather than through ``PersistentClient`` and
``HttpClient``: those share one hidden engine for each path in the process, which cannot be
reopened while another holds it, and the HTTP one asks the server questions before a timeout can
be set. Telemetry is off, tracing is off, no ``.env`` file is read, and no embedding function is
ever configured, so nothing is fetched or sent but to the server that the user named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    import numpy as np
    from chromadb import Collection
    from chromadb.api import ServerAPI
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SYNC_THRESHOLD = 1000
"""Embedded Chroma writes an index to disk after this many changes; until then they are in a log."""

HNSW: dict[str, Any] = {
    "space": "cosine",
    "max_neighbors": 64,
    "ef_construction": 200,
    "ef_search": 1000,
}
"""Graph parameters (Malkov and Yashunin 2018): M, efConstruction, efSearch.

With the usual M of 16, one build in dozens left passages that no link leads to, so that not even
their own vector found them (seen by the crash tests, and for 24 of 16,000 passages of real sets in
four builds; it is rare: ``benchmarks/index_reach.py`` met none in six builds of SciFact, whatever
the M). With 64 none was ever seen. It costs 400 bytes a passage, and no time that was measurable.

Passages that are near copies of each other make islands that a search of few steps does not
reach. Among 20,000 windows of real texts, recall@10 was 0.983 with efConstruction 128 and efSearch
200, 0.997 with 800, 0.999 with 400 and 800; among 100,000 it was 0.929 with 128 and 200, 0.965 with
400, 0.985 with 800 and 0.996 with 1600, which took 3, 7, 11 and 19 ms. More of efConstruction is
paid for by each passage stored (a thousand take 0.6, 0.75 or 0.95 s with 128, 200 or 400), and
again by up to a thousand whenever an index is opened: Chroma keeps the last changes in a log.
"""


WELL_FOUND = 125_000
"""Passages up to which efSearch is as above: recall@10 is 0.9945 among 100,000."""

WIDEST = 16_000


def breadth(passages: int) -> int:
    """How many links are followed at once (efSearch) among so many passages.

    Among 1,000,000 (windows of the same texts, of which many are near copies), recall@10 is 0.965
    with 1000, 0.968 with 2000, 0.982 with 4000 and 0.992 with 8000, in 6 to 22 ms.
    """
    searched = int(HNSW["ef_search"])
    while passages > WELL_FOUND and searched < WIDEST:
        passages, searched = (passages + 1) // 2, 2 * searched
    return searched


class VectorRow(NamedTuple):
    """One passage for the index: its id, its vector of shape (dimension,), what it is kept with."""

    id: str
    vector: Vectors
    metadata: dict[str, str | int]


class Engine:
    """A Chroma client.

    Args:
        **options: Fields of ``chromadb.config.Settings``.
    """

    def __init__(self, **options: str | bool | None) -> None:
        from chromadb.api import ServerAPI
        from chromadb.config import Settings, System

        fixed: dict[str, Any] = {
            "_env_file": None,
            "anonymized_telemetry": False,
            "chroma_otel_granularity": "none",
            "chroma_otel_collection_endpoint": "",
        }
        self._system = System(Settings(**fixed | options))
        self._server: ServerAPI = self._system.instance(ServerAPI)  # type: ignore[type-abstract]
        self._started = False

    def start(self, timeout_s: float | None = None) -> None:
        """Opens the files, or the connection.

        Args:
            timeout_s: Give up on a server that is silent for this long; Chroma itself would wait
                for ever.
        """
        if timeout_s is not None:
            cast("Any", self._server)._session.timeout = timeout_s  # noqa: SLF001 - no other way
        self._system.start()
        self._started = True
        self._batch = self._server.get_max_batch_size()

    def close(self) -> None:
        """Lets go of files and connections."""
        if self._started:
            self._started = False
            self._system.stop()
        if session := getattr(self._server, "_session", None):
            session.close()  # Chroma's own stop forgets it

    def put(self, name: str, rows: Sequence[VectorRow]) -> None:
        """Adds or replaces rows; makes the index if there is none."""
        configuration: Any = {"hnsw": HNSW | {"sync_threshold": SYNC_THRESHOLD}}
        collection = self._wrap(
            self._server.get_or_create_collection(name, configuration=configuration)
        )
        for start in range(0, len(rows), self._batch):
            batch = rows[start : start + self._batch]
            collection.upsert(
                ids=[row.id for row in batch],
                embeddings=cast("Any", [row.vector for row in batch]),
                metadatas=[row.metadata for row in batch],
            )

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """Takes out rows."""
        collection = self._collection(name)
        for start in range(0, len(ids), self._batch):
            collection.delete(ids=list(ids[start : start + self._batch]))

    def search(self, name: str, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest: id and cosine (Chroma's cosine distance is 1 - cosine), best first."""
        found = self._collection(name).query(
            query_embeddings=cast("Any", [vector]), n_results=k, include=["distances"]
        )
        distances = cast("list[list[float]]", found["distances"])
        return [(id_, 1.0 - float(d)) for id_, d in zip(found["ids"][0], distances[0], strict=True)]

    def settle(self, name: str) -> None:
        """Returns when every change so far has reached the index in memory, and on disk if due."""
        model = self._server.get_collection(name)
        if model.dimension:
            self._wrap(model).query(
                query_embeddings=cast("Any", [[1.0] + [0.0] * (model.dimension - 1)]),
                n_results=1,
                include=[],
            )

    def breadth(self, name: str) -> int | None:
        """The index's efSearch."""
        configured = self._server.get_collection(name).configuration_json.get("hnsw") or {}
        return cast("int | None", configured.get("ef_search"))

    def widen(self, name: str, breadth: int) -> None:
        """Sets it; Chroma takes it up when it opens the index anew."""
        model = self._server.get_collection(name)
        # Collection.modify warns of the embedding function that is not configured.
        cast("Any", self._server)._modify(  # noqa: SLF001
            model.id, new_configuration={"hnsw": {"ef_search": breadth}}
        )

    def ids(self, name: str) -> set[str]:
        """All ids in the index."""
        return set(self._collection(name).get(include=[])["ids"])

    def count(self, name: str) -> int:
        """How many rows it holds."""
        return self._collection(name).count()

    def drop(self, name: str) -> None:
        """Removes the index."""
        self._server.delete_collection(name)

    def _collection(self, name: str) -> Collection:
        return self._wrap(self._server.get_collection(name))

    def _wrap(self, model: Any) -> Collection:  # noqa: ANN401 - chromadb's own type
        from chromadb import Collection

        return Collection(client=self._server, model=model, embedding_function=None)
