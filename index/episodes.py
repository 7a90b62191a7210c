"""An event as it is remembered: what it tells, and how much it stands out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .gist import Content, GistMaker, gist_of, n_content_words, shortened

# So many different words are as good as any number, and so is such a range of loudness.
_MANY_WORDS, _WIDE_DB = 25.0, 40.0
_FROM_CONTRAST, _FROM_WORDS, _FROM_SOUND = 0.5, 0.3, 0.2


@dataclass(frozen=True)
class Episode:
    """What an event tells in a line, and how much it stands out, in [0, 1]."""

    gist: str
    salience: float


def episode_of(
    content: Content, levels_db: npt.NDArray[np.float32], contrast: float, gist: GistMaker | None = None
) -> Episode:
    """The episode of a stretch whose loudness was ``levels_db`` and which differs by ``contrast`` from its neighbours.

    Salience is 0.5 c + 0.3 (1 - exp(-w / 25)) + 0.2 min(1, r / 40): c the contrast in [0, 1], w how many
    different telling words are said or shown, r the dB between the 5th and the 95th percentile of loudness.
    """
    told = shortened(gist(content)) if gist else ""
    words = 1 - math.exp(-n_content_words([*content.said, *content.shown]) / _MANY_WORDS)
    salience = _FROM_CONTRAST * contrast + _FROM_WORDS * words + _FROM_SOUND * _liveliness(levels_db)
    return Episode(told or gist_of(content), round(min(1.0, salience), 4))


def _liveliness(levels_db: npt.NDArray[np.float32]) -> float:
    if len(levels_db) < 2:
        return 0.0
    low, high = np.percentile(levels_db, [5, 95])
    return min(1.0, float(high - low) / _WIDE_DB)
