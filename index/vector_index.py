"""How vectors are laid out for searching: all of them as they are, or compressed where they are very many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..tools.roles import Vectors

if TYPE_CHECKING:
    import faiss

Ids = npt.NDArray[np.int64]
Batches = Iterable[tuple[Ids, Vectors]]
EXACT_MAX = 1_000_000
_SEED = 7
_TRAINED_BY_MAX = 64
_SHARE_LOOKED_AT = 8


def exact_index(dimension: int) -> faiss.Index:
    """An empty index that keeps vectors as the half floats that the library holds, and compares with all."""
    import faiss

    half = faiss.ScalarQuantizer.QT_fp16
    return faiss.IndexIDMap2(faiss.IndexScalarQuantizer(dimension, half, faiss.METRIC_INNER_PRODUCT))


def compressed_index(sample: Vectors, n_vectors: int) -> faiss.Index:
    """An empty index of one byte a number, in cells learnt from a sample (n, d); the nearest cells are searched.

    The same sample gives the same cells (inverted file, Jégou et al. 2011).
    """
    import faiss

    dimension = sample.shape[1]
    n_cells = max(1, min(int(4 * n_vectors**0.5), len(sample) // 39))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, n_cells, faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )  # fmt: skip
    index.cp.seed = _SEED
    index.train(sample)
    index.nprobe = max(1, n_cells // _SHARE_LOOKED_AT)
    return faiss.IndexIDMap2(index)


def n_to_learn_from(n_vectors: int) -> int:
    """How many vectors the cells of a compressed index are learnt from."""
    return min(n_vectors, int(4 * n_vectors**0.5) * _TRAINED_BY_MAX)


def is_compressed(index: faiss.Index) -> bool:
    """Whether an index compresses, and gives about the nearest only."""
    import faiss

    return isinstance(_inner(index), faiss.IndexIVF)


def add(index: faiss.Index, batches: Batches) -> faiss.Index:
    """The index, with more vectors by their ids."""
    for ids, vectors in batches:
        index.add_with_ids(vectors, ids)
    return index


def search(index: faiss.Index, vector: Vectors, among: Ids | None, n: int) -> list[tuple[int, float]]:
    """(id, dot product) of the ``n`` nearest, in no order, among some ids where given."""
    chosen = _only(index, among) if among is not None else None
    scores, ids = index.search(
        np.ascontiguousarray(vector[None], np.float32), min(n, index.ntotal), params=chosen
    )
    # FAISS fills missing places with -1, which would name the last row of an array.
    return [(int(i), float(s)) for i, s in zip(ids[0], scores[0], strict=True) if i >= 0]


def _only(index: faiss.Index, among: Ids) -> faiss.SearchParameters:
    import faiss

    # FAISS adds keyword arguments to its classes at run time, which no type checker sees.
    selector = faiss.IDSelectorBatch(among)
    if is_compressed(index):
        n_cells = _inner(index).nprobe
        return faiss.SearchParametersIVF(sel=selector, nprobe=n_cells)  # type: ignore[call-arg]
    return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]


def _inner(index: faiss.Index) -> Any:
    """The index inside the one that keeps ids; its attributes exist at run time only."""
    import faiss

    return faiss.downcast_index(index.index)  # type: ignore[attr-defined]
