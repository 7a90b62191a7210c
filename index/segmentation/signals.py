"""What speaks for a boundary, and the boundaries that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ...tools.clock import Span
from ...tools.roles import Vectors

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A second that speaks for a boundary by itself.

    ``origin`` is ``chapter`` for an author's mark, ``text`` where lines came that are the share ``strength``
    of all letters on screen, and ``speech`` where somebody begins to speak after a long pause.
    """

    time_s: float
    origin: str
    strength: float = 1.0


def _no_loudness() -> tuple[Numbers, npt.NDArray[np.float32]]:
    return np.zeros(0), np.zeros(0, np.float32)


@dataclass(frozen=True)
class Signals:
    """What one timeline offers for cutting.

    ``vectors`` (n, d) are unit vectors of samples at ``times_s`` (n,), in order; ``marks`` and ``pauses``,
    the stretches without speech, are in order too. ``loudness`` is (seconds, dB below full scale), (m,) each.
    """

    times_s: Numbers
    vectors: Vectors
    marks: tuple[Mark, ...] = ()
    pauses: tuple[Span, ...] = ()
    loudness: tuple[Numbers, npt.NDArray[np.float32]] = field(default_factory=_no_loudness)


@dataclass(frozen=True)
class Proposal:
    """A place for a boundary; a barrier is never merged over, and known by what comes until ``known_s``.

    ``score`` and ``long_score`` are the contrasts over the short and the long window. One that is sudden
    stands exactly where the picture changes, and a lone one is the only such change for seconds.
    """

    time_s: float
    origin: str
    score: float = 0.0
    long_score: float = 0.0
    is_barrier: bool = False
    is_sudden: bool = True
    is_lone: bool = False
    known_s: float = 0.0


@dataclass(frozen=True)
class Boundary:
    """A boundary with one ``height``, which says at which levels it stands."""

    time_s: float
    height: float
    origin: str


@dataclass(frozen=True)
class Segmentation:
    """``boundaries`` in order; those at or before ``settled_s`` are final."""

    boundaries: list[Boundary]
    settled_s: float
