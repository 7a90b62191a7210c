"""Events that look like an earlier one of the same video, found out in order of time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from ..tools.roles import Vectors

GAMMA = 0.85
"""HippoMM's value, for vectors of what is meant."""

_ROOM = 16
_GAMMAS = {"appearance-1": 0.96}


def gamma_for(model: str) -> float:
    """The cosine over which two events look the same to a model; colours and layout are always much alike."""
    return _GAMMAS.get(model, GAMMA)


class Consolidation:
    """The means of events that were kept because they looked like none before them.

    Greedy in order of time (HippoMM's consolidation, arXiv 2504.10739: an event is kept whose cosine to all
    that were kept is under ``gamma``), so that it can go on as a video grows. Nothing is deleted: "when
    else" and counts need those that look the same, too.
    """

    def __init__(self, gamma: float, ids: Sequence[int], means: Vectors) -> None:
        self._gamma, self._ids, self._means = gamma, list(ids), means

    @classmethod
    def of(cls, connection: sqlite3.Connection, media_id: int, gamma: float, dimension: int) -> Consolidation:
        """That of the final events of a video, for means of this dimension."""
        rows = connection.execute(
            "SELECT id, mean FROM event WHERE media_id = ? AND is_final AND duplicate_of IS NULL"
            " AND length(mean) = ? ORDER BY start_us",
            (media_id, 2 * dimension),
        ).fetchall()
        means = np.frombuffer(b"".join(mean for _, mean in rows), np.float16).astype(np.float32)
        return cls(gamma, [event_id for event_id, _ in rows], means.reshape(len(rows), dimension))

    def twin(self, mean: Vectors) -> int | None:
        """The id of the kept event that looks most like this unit mean (d,), None where none looks the same."""
        if not self._ids:
            return None
        likeness = self._means[: len(self._ids)] @ mean
        best = int(np.argmax(likeness))
        return self._ids[best] if likeness[best] >= self._gamma else None

    def keep(self, event_id: int, mean: Vectors) -> None:
        """Take an event that has no twin among those that later ones are compared with."""
        if len(self._ids) == len(self._means):
            # Doubled, so that keeping one costs the same on average however many there are.
            room = np.zeros((max(_ROOM, len(self._means)), len(mean)), np.float32)
            self._means = np.concatenate([self._means, room]) if self._ids else room
        self._means[len(self._ids)] = mean
        self._ids.append(event_id)
