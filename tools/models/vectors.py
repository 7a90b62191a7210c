"""What adapters that give vectors have in common, whatever they see or hear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import ModelError, first_line
from ..roles import Vectors


def mean_direction(vectors: Vectors) -> Vectors:
    """The unit vector (d,) in the direction of the mean of vectors (n, d)."""
    mean = np.asarray(vectors, np.float64).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def finite(vectors: Vectors, place: Path, kind: str) -> Vectors:
    """The vectors; raises ``ModelError`` where a model of some ``kind`` gives what are no numbers."""
    if not np.isfinite(vectors).all():
        raise ModelError(f"{place}: the {kind} model gives no numbers; pull it again, or try --device cpu")
    return vectors


@contextmanager
def failing(place: Path, kind: str) -> Iterator[None]:
    """Errors of a model at work as ``ModelError``; ``kind`` says what it sees or hears."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        raise ModelError(f"{place}: the {kind} model failed: {first_line(error)}") from error
