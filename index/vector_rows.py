"""The vectors of one model as the library holds them: of every picture, or of every event as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from ..tools.roles import Vectors
from .library import Library
from .vector_index import Ids

VectorKind = Literal["sample", "event"]

_BATCH = 4096
_MARKS_MAX = 500
# An event's mean has no model of its own: it is of the model by which its video was looked at.
_SOURCES = {
    "sample": "SELECT id, vec FROM sample WHERE model_id = ?",
    "event": (
        "SELECT id, mean AS vec FROM event WHERE mean IS NOT NULL AND media_id IN"
        " (SELECT DISTINCT media_id FROM sample WHERE model_id = ?)"
    ),
}
_COUNTS = {
    "sample": "SELECT count(*), coalesce(max(id), 0) FROM sample WHERE model_id = ?",
    "event": f"SELECT count(*), coalesce(max(id), 0) FROM ({_SOURCES['event']})",
}


class VectorRows:
    """Reads vectors (n, d) and their ids in order of the ids."""

    def __init__(self, library: Library, model_id: int, dimension: int, kind: VectorKind) -> None:
        self._library, self._model_id, self._kind = library, model_id, kind
        self._dimension = dimension

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
        """All vectors behind an id, some thousands at a time."""
        query = f"SELECT id, vec FROM ({_SOURCES[self._kind]}) WHERE id > ? ORDER BY id LIMIT ?"
        while rows := self._library.rows(query, self._model_id, after_id, _BATCH):
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

    def _arrays(self, rows: list[tuple[object, ...]]) -> tuple[Ids, Vectors]:
        data = b"".join(row[1] for row in rows)  # type: ignore[misc]
        vectors = np.frombuffer(data, np.float16).reshape(len(rows), self._dimension)
        return np.array([row[0] for row in rows], np.int64), vectors.astype(np.float32)
