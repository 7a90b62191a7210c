"""What a file holds, measured: every packet of picture and sound is counted and timed, none is decoded."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from .container import clock_zero_s, open_media
from .sound import JITTER_S
from .tracks import picture_tracks, sound_tracks

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

Seconds = npt.NDArray[np.float64]
TrackKind = Literal["picture", "sound"]

# Containers store times in ticks, and a converter may have rounded to milliseconds before.
_ROUNDING_S = 0.001
# A missing picture moves its neighbours off the even grid by a third of a step at least.
_UNEVEN_SHARE = 0.3
# No packet of sound is longer than the others by as much as this.
_STRETCHED_S = 0.1


@dataclass(frozen=True)
class TrackMeasure:
    """One track as its packets tell it; seconds lie on the player's clock, None where no packet has a time.

    ``number`` counts the tracks of its kind from 0. ``keyframe_gap_s`` is the longest way from a
    keyframe to the next, or to the end. ``is_irregular`` tells pictures that are unevenly spaced
    (a variable rate), or sound with gaps; None where there is too little to tell.
    """

    kind: TrackKind
    number: int
    stream_index: int
    n_packets: int
    start_s: float | None
    end_s: float | None
    n_keyframes: int
    keyframe_gap_s: float | None
    is_irregular: bool | None


@dataclass(frozen=True)
class Measurement:
    """All picture and sound tracks of a file, in the order of ``picture_tracks`` and ``sound_tracks``.

    ``n_damaged`` counts packets that the reader itself found damaged; ``ended_early`` tells that
    reading had to stop at one, and nothing is known of what comes after.
    """

    tracks: tuple[TrackMeasure, ...]
    n_damaged: int
    ended_early: bool

    @property
    def duration_s(self) -> float | None:
        """The second at which the last track ends; None where no packet has a time."""
        return max((track.end_s for track in self.tracks if track.end_s is not None), default=None)

    def track(self, kind: TrackKind, number: int) -> TrackMeasure:
        """One track; raises ``KeyError`` where there is none by that number."""
        return {(track.kind, track.number): track for track in self.tracks}[kind, number]


def measure(path: Path) -> Measurement:
    """What all packets of a file say, read once; takes about as long as reading the file from disk.

    Raises ``UnknownVideoError`` and ``MediaError`` like ``open_media``. A file that cannot be read to
    its end is no error: ``ended_early`` tells.
    """
    with open_media(path) as container:
        zero_s = clock_zero_s(container)
        tallies = [_Tally("picture", n, s, zero_s) for n, s in enumerate(picture_tracks(container))]
        tallies += [_Tally("sound", n, s, zero_s) for n, s in enumerate(sound_tracks(container))]
        ended_early = bool(tallies) and _count(container, tallies)
        n_damaged = sum(tally.n_damaged for tally in tallies) + ended_early
        return Measurement(tuple(tally.result() for tally in tallies), n_damaged, ended_early)


def _count(container: InputContainer, tallies: list[_Tally]) -> bool:
    """Takes every packet into its tally; true where damage ended the reading."""
    import av

    by_index = {tally.stream.index: tally for tally in tallies}
    try:
        for packet in container.demux([tally.stream for tally in tallies]):
            if packet.size:
                by_index[packet.stream_index].take(packet)
            elif packet.dts is None:
                # The last packet. Beyond it PyAV stumbles over tracks that began half way.
                break
    except av.error.FFmpegError:
        return True
    return False


@dataclass
class _Tally:
    """A track while its packets are counted; times and lengths are in ticks of the track."""

    kind: TrackKind
    number: int
    stream: VideoStream | AudioStream
    zero_s: float
    n_packets: int = 0
    n_damaged: int = 0
    n_keyframes: int = 0
    last_dts: int | None = None
    starts: array[int] = field(default_factory=lambda: array("q"))
    lengths: array[int] = field(default_factory=lambda: array("q"))
    keyframes: array[int] = field(default_factory=lambda: array("q"))

    def take(self, packet: Packet[Stream]) -> None:
        """Count a packet; one that an edit list cuts away is counted, but has no time."""
        self.n_packets += 1
        self.n_damaged += packet.is_corrupt
        self.n_keyframes += packet.is_keyframe
        self.last_dts = packet.dts
        start = packet.pts if packet.pts is not None else packet.dts
        if start is None:
            return
        if packet.is_keyframe:
            self.keyframes.append(start)
        if not packet.is_discard:
            self.starts.append(start)
            self.lengths.append(max(0, packet.duration or 0))

    def result(self) -> TrackMeasure:
        starts_s, lengths_s = self._timed()
        # What begins before the clock is not played: the silence that sound encoders put first.
        start_s = max(0.0, float(starts_s[0])) if len(starts_s) else None
        end_s = max(start_s, float((starts_s + lengths_s).max())) if start_s is not None else None
        return TrackMeasure(
            kind=self.kind,
            number=self.number,
            stream_index=self.stream.index,
            n_packets=self.n_packets,
            start_s=start_s,
            end_s=end_s,
            n_keyframes=self.n_keyframes,
            keyframe_gap_s=self._keyframe_gap_s(end_s),
            is_irregular=self._is_irregular(*self._settled(starts_s, lengths_s)),
        )

    def _timed(self) -> tuple[Seconds, Seconds]:
        """Start and length of each packet in order of time; an unknown length is the usual spacing."""
        starts_s = self._seconds(self.starts) - self.zero_s
        lengths_s = self._seconds(self.lengths)
        order = np.argsort(starts_s, kind="stable")
        starts_s, lengths_s = starts_s[order], lengths_s[order]
        return starts_s, np.where(lengths_s > 0, lengths_s, self._spacing_s(starts_s))

    def _seconds(self, ticks: array[int]) -> Seconds:
        return np.asarray(ticks, np.float64) * self._tick_s

    @property
    def _tick_s(self) -> float:
        return float(self.stream.time_base or 1)

    def _spacing_s(self, starts_s: Seconds) -> float:
        if len(starts_s) > 1:
            return float(np.median(np.diff(starts_s)))
        rate = getattr(self.stream, "average_rate", None)
        return 1 / float(rate) if rate else 0.0

    def _keyframe_gap_s(self, end_s: float | None) -> float | None:
        if end_s is None or not self.keyframes:
            return None
        keyframes_s = np.minimum(np.sort(self._seconds(self.keyframes) - self.zero_s), end_s)
        return float(np.diff(np.append(keyframes_s, end_s)).max())

    def _settled(self, starts_s: Seconds, lengths_s: Seconds) -> tuple[Seconds, Seconds]:
        """Without what lies beyond the last time of decoding: in a file that was cut, neighbours are missing there."""
        if self.last_dts is None:
            return starts_s, lengths_s
        is_settled = starts_s <= self.last_dts * self._tick_s - self.zero_s
        return starts_s[is_settled], lengths_s[is_settled]

    def _is_irregular(self, starts_s: Seconds, lengths_s: Seconds) -> bool | None:
        if len(starts_s) < 3:
            return None
        if self.kind == "picture":
            return _is_uneven(starts_s, self._tick_s)
        return _has_gaps(starts_s, lengths_s, self._tick_s)


def _is_uneven(starts_s: Seconds, tick_s: float) -> bool:
    """Whether times stray from an even grid by more than the rounding of the container."""
    step_s = (starts_s[-1] - starts_s[0]) / (len(starts_s) - 1)
    stray_s = np.abs(starts_s - (starts_s[0] + step_s * np.arange(len(starts_s)))).max()
    return bool(stray_s > min(1.01 * max(tick_s, _ROUNDING_S), _UNEVEN_SHARE * step_s))


def _has_gaps(starts_s: Seconds, lengths_s: Seconds, tick_s: float) -> bool:
    """Whether a packet begins neither where the one before it ends nor a usual step after it."""
    steps_s = np.diff(starts_s)
    usual_s = float(np.median(steps_s))
    # MP4 has no gaps: the packet before one is stretched instead.
    believed_s = np.minimum(lengths_s[:-1], usual_s + _STRETCHED_S)
    stray_s = np.minimum(np.abs(steps_s - believed_s), np.abs(steps_s - usual_s))
    return bool(stray_s.max() > max(1.5 * tick_s, JITTER_S))
