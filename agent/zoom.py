"""Zooming: things that a question names are looked for in pictures of the video by a detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..index.memory import Memory
from ..tools.roles import Detector
from .methods.schedule import Numbers, Seconds
from .question import Question
from .showing import frames_at

_N_TARGETS_MAX = 8


def targets_of(question: Question) -> tuple[str, ...]:
    """Names of things that a question asks for, those that carry it first; none where it names nothing."""
    return tuple(dict.fromkeys((*question.words, *question.asides)))[:_N_TARGETS_MAX]


@dataclass(frozen=True)
class DetectorScorer:
    """How surely a detector finds each of some targets in the pictures of a video: a ``Scorer`` for T*."""

    memory: Memory
    detector: Detector
    targets: tuple[str, ...]

    def scores(self, times_s: Seconds) -> Numbers:
        """The best score of each target in the picture shown at each second, (n, n_targets) in [0, 1].

        A second whose picture is gone or damaged scores 0. Raises ``ModelError`` where the detector fails.
        """
        scores = np.zeros((len(times_s), len(self.targets)))
        frames = list(frames_at(self.memory, [float(t) for t in times_s]))
        if not frames:
            return scores
        found = self.detector.detect([frame.image for frame in frames], self.targets)
        # The picture shown at a second is the last one that begins at it or before.
        starts_s = np.array([frame.time_s for frame in frames])
        place_of = np.searchsorted(starts_s, times_s, side="right") - 1
        for row, place in enumerate(place_of):
            for detection in found[place] if place >= 0 else ():
                column = self.targets.index(detection.target)
                scores[row, column] = max(scores[row, column], detection.score)
        return scores
