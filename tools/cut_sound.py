"""Sound of a stretch as one even row of samples, whatever gaps the file has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .roles import Samples, SoundWindow


class SoundRow:
    """The samples from ``start_s`` on, in order, with silence wherever ``windows`` have nothing.

    ``windows`` come in order of time and do not overlap; they are taken as they are needed.
    """

    def __init__(self, windows: Iterator[SoundWindow], start_s: float, rate_hz: int) -> None:
        self._windows, self._start_s, self._rate_hz = windows, start_s, rate_hz
        self._waiting: SoundWindow | None = None
        self._n_given = 0

    def take(self, n: int) -> Samples:
        """The next ``n`` samples, float32 of shape (n,)."""
        row: Samples = np.zeros(n, np.float32)
        first, end = self._n_given, self._n_given + n
        while (window := self._next()) is not None:
            begins = round((window.start_s - self._start_s) * self._rate_hz)
            ends = begins + len(window.samples)
            low, high = max(first, begins), min(end, ends)
            if low < high:
                row[low - first : high - first] = window.samples[low - begins : high - begins]
            if ends > end:
                break
            self._waiting = None
        self._n_given = end
        return row

    def _next(self) -> SoundWindow | None:
        if self._waiting is None:
            self._waiting = next(self._windows, None)
        return self._waiting
