"""Zooming: things that a question names are looked for in pictures of the video by a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..index.memory import Memory
from ..tools.roles import Detector, Pixels
from .methods.schedule import Numbers, Seconds
from .question import Question
from .showing import frames_at
from .tiles import Tile

_N_TARGETS_MAX = 8
N_COLUMNS = 4
"""As many pictures in a row of a tile, and as many rows, as T* has."""


def targets_of(question: Question) -> tuple[str, ...]:
    """Names of things that a question asks for, those that carry it first; none where it names nothing."""
    return tuple(dict.fromkeys((*question.words, *question.asides)))[:_N_TARGETS_MAX]


@dataclass(frozen=True)
class DetectorScorer:
    """How surely a detector finds each of some targets in the pictures of a video: a ``Scorer`` for T*.

    With ``n_columns`` above 1 it is shown tiles of so many rows of so many pictures, which takes a fraction of the
    time and misses what is small; with 1 each picture by itself. Source: T* (arXiv 2504.02259).
    """

    memory: Memory
    detector: Detector
    targets: tuple[str, ...]
    n_columns: int = N_COLUMNS

    def scores(self, times_s: Seconds) -> Numbers:
        """The best score of each target in the picture shown at each second, (n, n_targets) in [0, 1].

        A second whose picture is gone or damaged scores 0. Raises ``ModelError`` where the detector fails.
        """
        frames = list(frames_at(self.memory, [float(t) for t in times_s]))
        # The picture shown at a second is the last one that begins at it or before; before the first there is none.
        starts_s = np.array([frame.time_s for frame in frames])
        places = np.searchsorted(starts_s, times_s, side="right") - 1
        found = self._found([frame.image for frame in frames])
        return (
            np.where(places[:, None] >= 0, found[places], 0.0) if len(found) else self._nothing(len(times_s))
        )

    def _found(self, pictures: list[Pixels]) -> Numbers:
        """The best score of each target in each of some pictures, (n, n_targets)."""
        n_each = self.n_columns**2
        parts = [pictures[first : first + n_each] for first in range(0, len(pictures), n_each)]
        tiles = [
            Tile.of(part, self.n_columns) if self.n_columns > 1 else Tile(part[0], 1, 1) for part in parts
        ]
        scores = self._nothing(len(pictures))
        for k, detections in enumerate(self.detector.detect([tile.image for tile in tiles], self.targets)):
            for detection in detections:
                place = tiles[k].place_of(detection.box)
                if place is not None:
                    row, column = k * n_each + place, self.targets.index(detection.target)
                    scores[row, column] = max(scores[row, column], detection.score)
        return scores

    def _nothing(self, n: int) -> Numbers:
        return np.zeros((n, len(self.targets)))
