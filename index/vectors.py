"""The FAISS index: a cache of the library's vectors, mended whenever it disagrees with them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

from ..tools.plain import plain
from ..tools.roles import Vectors
from .library import Library
from .vector_file import Kept, VectorFile
from .vector_index import (
    EXACT_MAX,
    Ids,
    add,
    compressed_index,
    exact_index,
    is_compressed,
    n_to_learn_from,
    search,
)
from .vector_rows import VectorKind, VectorRows

if TYPE_CHECKING:
    import faiss

_log = logging.getLogger("vidagent")
_OVER_FETCHED = 4
# A file that lacks less than this share is good enough to begin with: writing it costs more than adding.
_LACKING_MAX = 0.05


@dataclass(frozen=True)
class _Open:
    index: faiss.Index
    stamp: tuple[int, ...]
    change: tuple[int, int]


_opened: WeakKeyDictionary[Library, dict[tuple[int, str], _Open]] = WeakKeyDictionary()
# Where no index could be had once, it is not tried again at every question.
_without_index: WeakSet[Library] = WeakSet()


class VectorCache:
    """Nearest pictures, or events, of one model across the library.

    SQLite holds the vectors; the file beside it only makes searching fast. ``was_rebuilt`` tells whether
    the index had to be made anew, ``notices`` what a user ought to know of it; they are logged as well.
    Up to ``exact_max`` vectors all are compared, beyond that an index of one byte a number finds candidates.
    Where FAISS is missing or the memory is short all are compared in SQLite's own rows, a block at a time.
    """

    def __init__(
        self,
        library: Library,
        model_id: int,
        dimension: int,
        kind: VectorKind = "sample",
        exact_max: int = EXACT_MAX,
    ) -> None:
        self._library, self._dimension, self._exact_max = library, dimension, exact_max
        self._rows = VectorRows(library, model_id, dimension, kind)
        self._file = VectorFile(library, model_id, kind)
        self._key = (model_id, kind)
        self.was_rebuilt = False
        self.notices: list[str] = []
        self.path = self._file.path

    def nearest(self, vector: Vectors, ids: Ids | None, n: int) -> list[tuple[int, float]]:
        """(id, dot product) of the ``n`` nearest, best first, among ``ids`` where given.

        Raises ``ValueError`` for a vector of another dimension, or with numbers that are not finite.
        """
        if vector.shape != (self._dimension,) or not np.isfinite(vector).all():
            raise ValueError(f"not a finite vector of {self._dimension} numbers")
        if n < 1:
            return []
        found = self._by_index(vector, ids, n)
        if found is None:
            found = self._rows.nearest(vector, ids, n)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:n]

    def _by_index(self, vector: Vectors, ids: Ids | None, n: int) -> list[tuple[int, float]] | None:
        """What the index finds, in no order; None where there is no working with one."""
        if self._library in _without_index:
            return None
        try:
            index = self._index()
            return [] if index is None else self._found(index, vector, ids, n)
        # FAISS reports whatever it cannot do as a RuntimeError.
        except (ImportError, MemoryError, RuntimeError) as error:
            _opened.pop(self._library, None)
            _without_index.add(self._library)
            reason = "the memory is short" if isinstance(error, MemoryError) else str(error)
            self._notice(f"cannot be used ({reason}): all vectors are compared, which takes longer")
            return None

    def _found(self, index: faiss.Index, vector: Vectors, ids: Ids | None, n: int) -> list[tuple[int, float]]:
        if is_compressed(index):
            return self._exactly(vector, [i for i, _ in search(index, vector, ids, n * _OVER_FETCHED)])
        return search(index, vector, ids, n)

    def _exactly(self, vector: Vectors, ids: list[int]) -> list[tuple[int, float]]:
        known, vectors = self._rows.of(ids)
        return list(zip(known.tolist(), (vectors @ vector).tolist(), strict=True))

    def _index(self) -> faiss.Index | None:
        """The index of all vectors, None where there are none; what was opened serves until something changes."""
        opened = _opened.setdefault(self._library, {})
        held, change = opened.get(self._key), self._rows.change()
        if held is not None and (held.change, held.stamp) == (change, self._file.stamp()):
            return held.index
        state = self._rows.state()
        if not state[0]:
            return None
        index = self._mended(self._file.noted(), state)
        # Only this connection's own writing counts on: what others wrote meanwhile is looked at next time.
        opened[self._key] = _Open(index, self._file.stamp(), (change[0], self._rows.change()[1]))
        return index

    def _mended(self, kept: Kept | None, state: tuple[int, int]) -> faiss.Index:
        """The index in the file where it may be used, with what it lacks; else one made anew."""
        index = self._file.read(kept) if kept else None
        if kept and index is None:
            self._notice("did not fit its library and was made anew")
        if kept is None or index is None or not self._can_grow(index, kept, state):
            self.was_rebuilt = True
            index = self._built(state[0])
        elif state != (kept.n_vectors, kept.last_id):
            add(index, self._rows.batches(kept.last_id))
        if self.was_rebuilt or kept is None or state[0] * (1 - _LACKING_MAX) > kept.n_vectors:
            self._keep(index, state)
        return index

    def _can_grow(self, index: faiss.Index, kept: Kept, state: tuple[int, int]) -> bool:
        is_whole = index.ntotal == kept.n_vectors == self._rows.count_until(kept.last_id)
        return (
            is_whole
            and index.d == self._dimension
            and is_compressed(index) == self._is_to_be_compressed(state[0])
        )

    def _is_to_be_compressed(self, n_vectors: int) -> bool:
        return n_vectors > self._exact_max

    def _built(self, n_vectors: int) -> faiss.Index:
        if not self._is_to_be_compressed(n_vectors):
            return add(exact_index(self._dimension), self._rows.batches())
        sample = self._rows.sample(n_to_learn_from(n_vectors), n_vectors)
        return add(compressed_index(sample, n_vectors), self._rows.batches())

    def _keep(self, index: faiss.Index, state: tuple[int, int]) -> None:
        if problem := self._file.write(index, state):
            self._notice(f"could not be kept ({problem}) and will be made again")

    def _notice(self, what: str) -> None:
        self.notices.append(plain(f"{self.path.name}: the cache of vectors {what}"))
        _log.warning("%s", self.notices[-1])
