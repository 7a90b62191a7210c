"""Decoded frames as windows of sound: at one rate, on one line of time, cut to the wanted seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .clock import Span
from .roles import Samples, SoundWindow
from .sound_track import FILL_S, Timed

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler

JITTER_S = 0.015
"""Timestamps that differ by less from the counted samples are rounding, not gaps."""


def resampled(frames: Iterable[Timed], rate_hz: int) -> Iterator[SoundWindow]:
    """Sound at ``rate_hz``, anchored anew to the timestamps wherever counted samples drift from them."""
    run: _Run | None = None
    for timed in frames:
        if run is None or not run.continues(timed):
            if run is not None:
                yield from run.feed(None)
            run = _Run(rate_hz, timed)
        yield from run.feed(timed.frame)
    if run is not None:
        yield from run.feed(None)


@dataclass
class Line:
    """The line of time on which pieces are laid: short gaps become silence, what would overlap is left out."""

    rate_hz: int
    _start_s: float = float("-inf")
    _n: int = 0

    def place(self, piece: SoundWindow) -> Iterator[SoundWindow]:
        """Lay one piece; yields what it adds, which follows what was laid before or lies beyond a long gap."""
        gap_s = piece.start_s - (self._start_s + self._n / self.rate_hz)
        if gap_s > FILL_S:
            self._start_s, self._n, gap_s = piece.start_s, 0, 0.0
        n_gap = round(gap_s * self.rate_hz)
        for samples in (np.zeros(max(0, n_gap), np.float32), piece.samples[max(0, -n_gap) :]):
            if len(samples):
                yield SoundWindow(self._start_s + self._n / self.rate_hz, samples, self.rate_hz)
                self._n += len(samples)


def inside(pieces: Iterable[SoundWindow], spans: list[Span]) -> Iterator[SoundWindow]:
    """The samples of pieces in order that lie inside spans in order."""
    waiting = deque(spans)
    for piece in pieces:
        while waiting and waiting[0].end_s <= piece.start_s:
            waiting.popleft()
        for span in waiting:
            first, last = _place(piece, span.start_s), _place(piece, span.end_s)
            if first == len(piece.samples):
                break
            if first < last:
                start_s = piece.start_s + first / piece.rate_hz
                yield SoundWindow(start_s, piece.samples[first:last], piece.rate_hz)


@dataclass
class Windows:
    """Cuts pieces into windows of ``n_window`` samples, each with the last ``n_overlap`` of the one before."""

    rate_hz: int
    n_window: int
    n_overlap: int
    _start_s: float = 0.0
    _n_passed: int = 0
    _n_repeated: int = 0
    _n_waiting: int = 0
    _waiting: list[Samples] = field(default_factory=list)

    def fill(self, piece: SoundWindow) -> Iterator[SoundWindow]:
        """Take one piece; yields the windows that became full, or ended because it does not follow."""
        if abs(piece.start_s - self._at(self._n_waiting)) * self.rate_hz > 0.5:
            yield from self.close()
            self._start_s = piece.start_s
        rest = piece.samples
        while len(rest):
            fitting, rest = np.split(rest, [self.n_window - self._n_waiting])
            self._waiting.append(fitting)
            self._n_waiting += len(fitting)
            if self._n_waiting == self.n_window:
                yield self._cut()

    def close(self) -> Iterator[SoundWindow]:
        """The window that was being filled, if there is anything new in it."""
        if self._n_waiting > self._n_repeated:
            yield self._cut()
        self._n_passed = self._n_repeated = self._n_waiting = 0
        self._waiting = []

    def _at(self, n: int) -> float:
        return self._start_s + (self._n_passed + n) / self.rate_hz

    def _cut(self) -> SoundWindow:
        """All that waits, of which the end goes on waiting to be repeated."""
        window = SoundWindow(self._at(0), _tamed(np.concatenate(self._waiting)), self.rate_hz)
        self._n_repeated = min(self._n_waiting, self.n_overlap)
        n_passed = self._n_waiting - self._n_repeated
        self._waiting = [window.samples[n_passed:].copy()]
        self._n_passed += n_passed
        self._n_waiting = self._n_repeated
        return window


class _Run:
    """Frames that follow each other without a gap and share a format, through one resampler."""

    def __init__(self, rate_hz: int, first: Timed) -> None:
        from av.audio.resampler import AudioResampler

        self._rate_hz = rate_hz
        # Given out by the second, sound costs a third less than frame by frame.
        self._resampler: AudioResampler = AudioResampler("flt", "mono", rate_hz, frame_size=rate_hz)
        self._kind = _kind(first.frame)
        self._start_s = first.start_s
        self._n_in = 0
        self._n_out = 0

    def continues(self, timed: Timed) -> bool:
        expected_s = self._start_s + self._n_in / timed.frame.sample_rate
        return _kind(timed.frame) == self._kind and abs(timed.start_s - expected_s) <= JITTER_S

    def feed(self, frame: AudioFrame | None) -> Iterator[SoundWindow]:
        """Sound that comes out for one frame, or what was left inside for None."""
        if frame is not None:
            self._n_in += frame.samples
        for out in self._resampler.resample(frame):
            yield self._placed(np.asarray(out.to_ndarray(), np.float32).reshape(-1))

    def _placed(self, samples: Samples) -> SoundWindow:
        # Counted, since the timestamps of a resampler know nothing of where its first sample belongs.
        start_s = self._start_s + self._n_out / self._rate_hz
        self._n_out += len(samples)
        return SoundWindow(start_s, samples, self._rate_hz)


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _place(piece: SoundWindow, time_s: float) -> int:
    """The place of the first sample at or after a moment; one that misses it by rounding counts too."""
    place = math.ceil((time_s - piece.start_s) * piece.rate_hz - 1e-3)
    return min(max(0, place), len(piece.samples))


def _tamed(samples: Samples) -> Samples:
    """The same array with every sample a number in [-1, 1]."""
    np.clip(samples, -1.0, 1.0, out=samples)
    # A damaged packet can decode to NaN, which would poison every recurrent model after it.
    samples[np.isnan(samples)] = 0.0
    return samples
