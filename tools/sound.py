"""The sound of a file, read forwards once, in windows that begin at the second a player plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .container import clock_zero_s, open_media
from .roles import Samples, SoundWindow
from .tracks import sound_stream

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

JITTER_S = 0.015
"""Timestamps that differ by less from the counted samples are rounding, not gaps."""

FILL_S = 1.0
"""Longer gaps end the window instead of being filled with silence."""

BELIEF_S = 1.0
"""A leap of the timestamps counts as real once sound of this length has followed it."""


@dataclass
class SoundReader:
    """A forward pass over one sound track.

    Iterating yields windows of at most ``window_s`` in order of time: mono float32 in [-1, 1] at
    ``rate_hz``. No silence is put before the first sample; gaps inside are silence up to ``FILL_S``
    and the start of a new window beyond; sound that would play before what was already given is
    left out. A file without sound, or without ``track`` when that is None, yields nothing. While and
    after reading, ``end_s`` is the second at which the last sample given has been heard and
    ``n_damaged`` counts packets that could not be decoded.

    ``track`` counts sound tracks from 0; None takes the one a player would. Raises, while iterating,
    ``UnknownVideoError`` and ``MediaError`` like ``open_media`` and ``RequestError`` for a track that
    is not there.
    """

    path: Path
    track: int | None = None
    rate_hz: int = 16000
    window_s: float = 30.0
    end_s: float = 0.0
    n_damaged: int = 0

    def __iter__(self) -> Iterator[SoundWindow]:
        with open_media(self.path) as container:
            stream = sound_stream(container, self.track)
            if stream is None or stream.codec_context is None:
                return
            timed = _timed(self._decoded(container, stream), clock_zero_s(container))
            yield from self._windows(_resampled(_settled(timed), self.rate_hz))

    def _decoded(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        import av

        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                self.n_damaged += 1
                return
            except IndexError:
                # PyAV stumbles over a track that was not there at the start, once all has been read.
                return
            if packet is None:
                return
            yield from self._frames(packet)

    def _frames(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        import av

        try:
            return packet.decode()
        except av.error.FFmpegError:
            self.n_damaged += 1
            return []

    def _windows(self, pieces: Iterable[SoundWindow]) -> Iterator[SoundWindow]:
        line = _Line(self.rate_hz, max(1, round(self.window_s * self.rate_hz)))
        for window in chain(chain.from_iterable(map(line.place, pieces)), line.close()):
            self.end_s = window.end_s
            yield window


def read_sound(
    path: Path, *, track: int | None = None, rate_hz: int = 16000, window_s: float = 30.0
) -> Iterator[SoundWindow]:
    """The windows of ``SoundReader``, for callers who need no count of damage."""
    return iter(SoundReader(path, track, rate_hz, window_s))


@dataclass(frozen=True)
class _Timed:
    """One decoded frame on the player's clock."""

    start_s: float
    frame: AudioFrame

    @property
    def end_s(self) -> float:
        return self.start_s + self.frame.samples / self.frame.sample_rate


def _timed(frames: Iterable[AudioFrame], zero_s: float) -> Iterator[_Timed]:
    end_s = 0.0
    for frame in frames:
        if frame.samples and frame.sample_rate:
            timed = _Timed(end_s if frame.time is None else frame.time - zero_s, frame)
            end_s = timed.end_s
            yield timed


def _settled(frames: Iterable[_Timed]) -> Iterator[_Timed]:
    """Frames in order; those whose time leaps away and soon comes back are put in a row instead.

    One flipped bit in a timestamp would otherwise push all later sound out of the timeline.
    """
    claimed: list[_Timed] = []
    in_row: list[_Timed] = []
    row_s: float | None = None
    for timed in frames:
        if row_s is None or abs(timed.start_s - row_s) <= FILL_S:
            yield from [*in_row, timed]
            row_s = timed.end_s
        else:
            claimed.append(timed)
            in_row.append(_Timed(row_s, timed.frame))
            row_s = in_row[-1].end_s
            if row_s - in_row[0].start_s < BELIEF_S:
                continue
            yield from claimed
            row_s = timed.end_s
        claimed, in_row = [], []
    yield from claimed


def _resampled(frames: Iterable[_Timed], rate_hz: int) -> Iterator[SoundWindow]:
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


class _Run:
    """Frames that follow each other without a gap and share a format, through one resampler."""

    def __init__(self, rate_hz: int, first: _Timed) -> None:
        from av.audio.resampler import AudioResampler

        self._rate_hz = rate_hz
        self._resampler: AudioResampler = AudioResampler("flt", "mono", rate_hz)
        self._kind = _kind(first.frame)
        self._start_s = first.start_s
        self._n_in = 0
        self._n_out = 0

    def continues(self, timed: _Timed) -> bool:
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
        # A damaged packet can decode to NaN, which would poison every recurrent model after it.
        return SoundWindow(start_s, np.clip(np.nan_to_num(samples), -1.0, 1.0), self._rate_hz)


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


@dataclass
class _Line:
    """The line of time on which pieces are laid, cut into windows of ``n_window`` samples."""

    rate_hz: int
    n_window: int
    _start_s: float = float("-inf")
    _n_given: int = 0
    _n_waiting: int = 0
    _waiting: list[Samples] = field(default_factory=list)

    def place(self, piece: SoundWindow) -> Iterator[SoundWindow]:
        """Lay one piece; yields the windows that became full or ended at a gap."""
        gap_s = piece.start_s - (self._start_s + (self._n_given + self._n_waiting) / self.rate_hz)
        if gap_s > FILL_S:
            yield from self.close()
            self._start_s, self._n_given, gap_s = piece.start_s, 0, 0.0
        n_gap = round(gap_s * self.rate_hz)
        self._append(np.zeros(max(0, n_gap), np.float32))
        self._append(piece.samples[max(0, -n_gap) :])
        while self._n_waiting >= self.n_window:
            yield self._cut(self.n_window)

    def close(self) -> Iterator[SoundWindow]:
        """The window that was being filled, if any."""
        if self._n_waiting:
            yield self._cut(self._n_waiting)

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._waiting.append(samples)
            self._n_waiting += len(samples)

    def _cut(self, n: int) -> SoundWindow:
        joined = np.concatenate(self._waiting)
        window = SoundWindow(self._start_s + self._n_given / self.rate_hz, joined[:n], self.rate_hz)
        self._n_given += n
        self._n_waiting -= n
        self._waiting = [joined[n:]] if self._n_waiting else []
        return window
