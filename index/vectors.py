"""The FAISS index: a cache of the library's vectors, rebuilt whenever it disagrees with them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..tools.errors import StorageFullError
from ..tools.roles import Vectors
from .fingerprint import fingerprint
from .library import Library

if TYPE_CHECKING:
    import faiss

_BATCH = 4096


class VectorCache:
    """Nearest samples of one model across the library.

    SQLite holds the vectors; the file beside it only makes searching fast. ``was_rebuilt`` tells
    whether the file was missing or wrong and had to be made anew.
    """

    def __init__(self, library: Library, model_id: int, dimension: int) -> None:
        self._library = library
        self._model_id = model_id
        self._dimension = dimension
        self.was_rebuilt = False
        self.path = library.path.with_name(f"{library.path.name}.{model_id}.faiss")

    def nearest(
        self, vector: Vectors, sample_ids: npt.NDArray[np.int64] | None, n: int
    ) -> list[tuple[int, float]]:
        """(sample id, dot product) of the ``n`` nearest, best first, among ``sample_ids`` where given."""

        if not self._state()[0]:
            return []
        index = self._index()
        chosen = _only(sample_ids) if sample_ids is not None else None
        scores, ids = index.search(
            np.ascontiguousarray(vector[None], np.float32), min(n, index.ntotal), params=chosen
        )
        # FAISS fills missing places with -1, which would name the last row of an array.
        found = [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _index(self) -> faiss.Index:
        state = self._state()
        index = self._load(state)
        if index is None:
            self.was_rebuilt = True
            index = self._build()
            self._save(index, state)
        return index

    def _state(self) -> tuple[int, int]:
        query = "SELECT count(*), coalesce(max(id), 0) FROM sample WHERE model_id = ?"
        n_vectors, last_id = self._library.rows(query, self._model_id)[0]
        return int(str(n_vectors)), int(str(last_id))

    def _load(self, state: tuple[int, int]) -> faiss.Index | None:
        import faiss

        noted = self._library.rows(
            "SELECT n_vectors, last_id, sha256 FROM vector_cache WHERE model_id = ?", self._model_id
        )
        if not noted or noted[0][:2] != state or not self.path.exists():
            return None
        # FAISS itself accepts a flipped bit, so the file is read only with the hash it was saved with.
        return faiss.read_index(str(self.path)) if fingerprint(self.path) == noted[0][2] else None

    def _build(self) -> faiss.Index:
        import faiss

        index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._dimension))
        last_id = 0
        while True:
            rows = self._library.rows(
                "SELECT id, vec FROM sample WHERE model_id = ? AND id > ? ORDER BY id LIMIT ?",
                self._model_id, last_id, _BATCH,
            )  # fmt: skip
            if not rows:
                return index
            vectors = np.stack([np.frombuffer(row[1], np.float16) for row in rows])  # type: ignore[call-overload]
            ids = np.array([row[0] for row in rows], np.int64)
            index.add_with_ids(vectors.astype(np.float32), ids)
            last_id = int(ids[-1])

    def _save(self, index: faiss.Index, state: tuple[int, int]) -> None:
        import faiss

        data = faiss.serialize_index(index).tobytes()
        try:
            _replace(self.path, data)
        except OSError as error:
            raise StorageFullError(f"{self.path}: cannot be written ({error.strerror}); make room") from error
        with self._library.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO vector_cache(model_id, n_vectors, last_id, sha256) VALUES (?, ?, ?, ?)",
                (self._model_id, *state, fingerprint(self.path)),
            )


def _only(sample_ids: npt.NDArray[np.int64]) -> faiss.SearchParameters:
    import faiss

    # FAISS adds keyword arguments to its classes at run time, which no type checker sees.
    return faiss.SearchParameters(sel=faiss.IDSelectorBatch(sample_ids))  # type: ignore[call-arg]


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader meets the old bytes or the new ones, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
