"""The vectors of one model as the library holds them: of every picture, every event as a whole, or every text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ..tools.roles import Vectors
from .library import Library
from .vector_index import Ids

VectorKind = Literal["sample", "event", "text"]

# Vectors that are read at once: so many, and so many bytes of them, at most.
_BATCH, _BATCH_BYTES = 4096, 1 << 20
_MARKS_MAX = 500
# An event's mean has no model of its own: it is of the model by which its video was looked at.
_SOURCES = {
    "sample": "SELECT id, vec FROM sample WHERE model_id = ?",
    "event": (
        "SELECT id, mean AS vec FROM event WHERE mean IS NOT NULL AND media_id IN"
        " (SELECT DISTINCT media_id FROM sample WHERE model_id = ?1)"
        " AND length(mean) = 2 * (SELECT dimension FROM model WHERE id = ?1)"
    ),
    "text": "SELECT text_id AS id, vec FROM text_vector WHERE model_id = ?",
}
_COUNTS = {
    "sample": "SELECT count(*), coalesce(max(id), 0) FROM sample WHERE model_id = ?",
    "event": f"SELECT count(*), coalesce(max(id), 0) FROM ({_SOURCES['event']})",
    "text": "SELECT count(*), coalesce(max(text_id), 0) FROM text_vector WHERE model_id = ?",
}


class VectorRows:
    """Reads vectors (n, d) and their ids in order of the ids."""

    def __init__(self, library: Library, model_id: int, dimension: int, kind: VectorKind) -> None:
        self._library, self._model_id, self._kind = library, model_id, kind
        self._dimension = dimension
        self._n_at_once = max(1, min(_BATCH, _BATCH_BYTES // max(1, 2 * dimension)))

    def state(self) -> tuple[int, int]:
        """How many vectors there are, and the highest id."""
        n_vectors, last_id = self._library.rows(_COUNTS[self._kind], self._model_id)[0]
        return int(str(n_vectors)), int(str(last_id))

    def change(self) -> tuple[int, int]:
        """Two numbers of which one is another as soon as anybody has written to the library."""
        ((version,),) = self._library.rows("PRAGMA data_version")
        return int(str(version)), self._library.database.conn.total_changes

    def count_until(self, last_id: int) -> int:
        """How many vectors there are up to an id."""
        query = f"SELECT count(*) FROM ({_SOURCES[self._kind]}) WHERE id <= ?"
        return int(str(self._library.rows(query, self._model_id, last_id)[0][0]))

    def batches(self, after_id: int = 0) -> Iterator[tuple[Ids, Vectors]]:
        """All vectors behind an id, a block at a time."""
        query = f"SELECT id, vec FROM ({_SOURCES[self._kind]}) WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self._library.rows(query, self._model_id, after_id, self._n_at_once):
            yield self._arrays(rows)
            after_id = int(str(rows[-1][0]))

    def sample(self, n: int, n_vectors: int) -> Vectors:
        """Every k-th vector, about ``n`` of all."""
        every = max(1, n_vectors // max(1, n))
        query = f"SELECT id, vec FROM ({_SOURCES[self._kind]}) WHERE id % ? = 0 ORDER BY id"
        rows = self._library.rows(query, self._model_id, every)
        return self._arrays(rows)[1]

    def of(self, ids: list[int]) -> tuple[Ids, Vectors]:
        """The vectors with these ids, those that are there."""
        rows = []
        for first in range(0, len(ids), _MARKS_MAX):
            some = ids[first : first + _MARKS_MAX]
            query = f"SELECT id, vec FROM ({_SOURCES[self._kind]}) WHERE id IN ({','.join('?' * len(some))})"
            rows += self._library.rows(query, self._model_id, *some)
        return self._arrays(rows)

    def nearest(self, vector: Vectors, among: Ids | None, n: int) -> list[tuple[int, float]]:
        """(id, dot product) of the ``n`` nearest, best first, among some ids where given, without any index.

        All vectors are compared, a block at a time; that is slow, and needs hardly any memory.
        """
        best, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        for ids, vectors in self.batches():
            chosen = slice(None) if among is None else np.isin(ids, among)
            best = np.concatenate([best, ids[chosen]])
            scores = np.concatenate([scores, vectors[chosen] @ vector])
            order = np.lexsort((best, -scores))[:n]
            best, scores = best[order], scores[order]
        return list(zip(best.tolist(), scores.tolist(), strict=True))

    def _arrays(self, rows: list[tuple[object, ...]]) -> tuple[Ids, Vectors]:
        data = b"".join(row[1] for row in rows)  # type: ignore[misc]
        vectors = np.frombuffer(data, np.float16).reshape(len(rows), self._dimension)
        return np.array([row[0] for row in rows], np.int64), vectors.astype(np.float32)
