"""The sound of a file, read forwards, in windows that begin at the second a player plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from pathlib import Path

from .clock import Span, merge_spans
from .container import Pulse, no_pulse, open_media
from .roles import SoundWindow
from .sound_track import FILL_S, READ_ON_S, SoundTrack, Timed, settled
from .sound_windows import JITTER_S, Line, Windows, inside, resampled

__all__ = ["JITTER_S", "SoundReader", "read_sound"]

# Timestamps in whole milliseconds leave holes of up to one between healthy packets.
_HAIR_S = 0.002


@dataclass
class SoundReader:
    """A forward pass over one sound track, or over the parts of it that lie inside ``spans``.

    Iterating yields windows of at most ``window_s`` in order of time: mono float32 in [-1, 1] at
    ``rate_hz``. No silence is put before the first sample; gaps inside are silence up to ``FILL_S``
    and the start of a new window beyond; sound that would play before what was already given is
    left out. A window repeats the last ``overlap_s`` of the one before where it follows it without a
    gap; none consists of repeated sound alone. ``spans`` are half-open and taken merged and in order;
    without any, all is read. A file without sound, or without ``track`` when that is None, yields
    nothing.

    While and after reading, ``end_s`` is the second at which the last sample given has been heard,
    ``n_damaged`` counts packets that could not be decoded, and ``lost`` are the seconds that were not
    heard because of them, as far as that is known; both tell of ``spans`` only.

    ``track`` counts sound tracks from 0; None takes the one a player would. Raises ``ValueError`` for
    an overlap that is negative or no shorter than a window, and, while iterating,
    ``UnknownVideoError`` and ``MediaError`` like ``open_media`` and ``RequestError`` for a track that
    is not there.
    """

    path: Path
    track: int | None = None
    rate_hz: int = 16000
    window_s: float = 30.0
    overlap_s: float = 0.0
    spans: tuple[Span, ...] = ()
    pulse: Pulse = no_pulse
    end_s: float = 0.0
    n_damaged: int = 0
    lost: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_s < self.window_s:
            raise ValueError(f"windows of {self.window_s} s cannot overlap by {self.overlap_s} s")

    def __iter__(self) -> Iterator[SoundWindow]:
        self.end_s, self.n_damaged, self.lost = 0.0, 0, []
        n_window = max(1, round(self.window_s * self.rate_hz))
        windows = Windows(self.rate_hz, n_window, min(round(self.overlap_s * self.rate_hz), n_window - 1))
        for window in chain(chain.from_iterable(map(windows.fill, self._pieces())), windows.close()):
            self.end_s = window.end_s
            yield window

    def _pieces(self) -> Iterator[SoundWindow]:
        """The wanted sound, cut to the sample."""
        line = Line(self.rate_hz)
        runs = (resampled(frames, self.rate_hz) for frames in self._parts())
        pieces = chain.from_iterable(map(line.place, chain.from_iterable(runs)))
        return inside(pieces, merge_spans(list(self.spans))) if self.spans else pieces

    def _parts(self) -> Iterator[Iterator[Timed]]:
        """For each part of the file that is worth reading in one go, its frames in order."""
        with open_media(self.path) as container:
            track = SoundTrack.of(container, self.track, self.pulse)
            if track is None:
                return
            if not self.spans:
                yield self._wanted(track, track.frames())
            # What plays before zero lies at the beginning, from where the first part is read.
            spans = [Span(max(0.0, span.start_s), max(0.0, span.end_s)) for span in self.spans]
            for part in merge_spans(spans, READ_ON_S if track.has_index else float("inf")):
                yield from self._part(track, part)

    def _part(self, track: SoundTrack, part: Span) -> Iterator[Iterator[Timed]]:
        frames = track.frames_before(part.start_s)
        if frames is not None:
            yield self._wanted(track, frames, part.end_s)
            return
        with open_media(self.path) as container:
            afresh = SoundTrack.of(container, self.track, self.pulse)
            if afresh is not None:
                yield self._wanted(afresh, afresh.frames(), part.end_s)

    def _wanted(
        self, track: SoundTrack, frames: Iterator[Timed], end_s: float = float("inf")
    ) -> Iterator[Timed]:
        # What begins later than this has no part in the sound before the end, not even beyond a short gap.
        return takewhile(lambda timed: timed.start_s <= end_s + FILL_S, self._noted(track, settled(frames)))

    def _noted(self, track: SoundTrack, frames: Iterable[Timed]) -> Iterator[Timed]:
        """The same frames; what was damaged before, between and after them is noted."""
        end_s: float | None = None
        for timed in frames:
            if timed.missed:
                self._miss(timed.missed, _begin_s(end_s, timed.missed), timed.start_s)
            end_s = timed.end_s if end_s is None else max(end_s, timed.end_s)
            yield timed
        if missed := track.missed():
            self._miss(missed, _begin_s(end_s, missed), _reached_s(_begin_s(end_s, missed), missed))

    def _miss(self, missed: Sequence[Span], after_s: float, before_s: float) -> None:
        """Count packets without sound; what lies between the sound before and after them is lost."""
        self.n_damaged += sum(not self.spans or _touches(self.spans, packet) for packet in missed)
        if before_s - after_s > _HAIR_S:
            self.lost = merge_spans([*self.lost, *self._shared(Span(after_s, before_s))], _HAIR_S)

    def _shared(self, span: Span) -> list[Span]:
        """The parts of a span that are to be read."""
        met = [wanted for wanted in self.spans if wanted.overlap_s(span) > 0]
        cut = [Span(max(w.start_s, span.start_s), min(w.end_s, span.end_s)) for w in met]
        return cut if self.spans else [span]


def read_sound(
    path: Path,
    *,
    track: int | None = None,
    rate_hz: int = 16000,
    window_s: float = 30.0,
    overlap_s: float = 0.0,
    spans: tuple[Span, ...] = (),
) -> Iterator[SoundWindow]:
    """The windows of ``SoundReader``, for callers who need no count of damage."""
    return iter(SoundReader(path, track, rate_hz, window_s, overlap_s, spans))


def _begin_s(end_s: float | None, missed: Sequence[Span]) -> float:
    """Where damage begins: at the end of the sound before it, or at its own where there was none."""
    return missed[0].start_s if end_s is None else end_s


def _reached_s(begin_s: float, missed: Sequence[Span]) -> float:
    """How far damage reaches that no sound follows; a packet that states a far-off second is not believed."""
    for packet in missed:
        if abs(packet.start_s - begin_s) <= FILL_S:
            begin_s = max(begin_s, packet.end_s)
    return begin_s


def _touches(spans: Iterable[Span], packet: Span) -> bool:
    return any(s.start_s <= packet.start_s < s.end_s or s.overlap_s(packet) > 0 for s in spans)
