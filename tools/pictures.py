"""Pictures of a video, read forwards, each with the second at which a player shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .clock import Span, merge_spans
from .container import Pulse, no_pulse
from .decoding import Pass, PictureTrack, Quick, opened
from .forwards import Lenient, Plain
from .picture import Picture
from .schedule import IrregularError
from .selection import EveryStep, EveryStepWithin, Selection


@dataclass
class PictureReader:
    """A forward pass over a video's picture track.

    Iterating yields one picture per ``every_s`` seconds: the first one shown at or after each step,
    steps counted from the first picture. With ``spans`` only these are read, and each of them begins
    with the picture shown at its start. ``keyframes_only`` reads pictures that stand for themselves,
    many times quicker. ``track`` counts picture tracks from 0; None takes the one a player would.

    While and after reading, ``end_s`` is the second at which the last picture ends, ``n_pictures``
    counts those of the track that were passed, ``n_damaged`` packets that could not be decoded, and
    ``lost`` holds the stretches of which nothing can be shown for that reason.

    Raises, while iterating, ``MediaError`` where the file has no picture or one over the size limit,
    ``UnknownVideoError`` for a missing file and ``RequestError`` for a track that is not there.
    """

    path: Path
    every_s: float
    track: int | None = None
    spans: tuple[Span, ...] = ()
    keyframes_only: bool = False
    pulse: Pulse = no_pulse
    end_s: float = field(default=0.0, init=False)
    n_pictures: int = field(default=0, init=False)
    n_damaged: int = field(default=0, init=False)
    lost: list[Span] = field(default_factory=list, init=False)

    def __iter__(self) -> Iterator[Picture]:
        selection = EveryStepWithin(self.every_s, self.spans) if self.spans else EveryStep(self.every_s)
        yield from self.selected(selection)

    def selected(self, selection: Selection) -> Iterator[Picture]:
        """The pictures of a selection, in order of time."""
        last_s = float("-inf")
        for way in (Quick, Plain, Lenient):
            try:
                for picture in self._read(way, selection, last_s):
                    last_s = picture.pts_s
                    yield picture
            except IrregularError:
                continue
            return

    def _read(self, way: type[Pass], selection: Selection, after_s: float) -> Iterator[Picture]:
        track = PictureTrack(self.path, self.track, self.keyframes_only, self.pulse)
        with opened(track, way) as reading:
            try:
                for picture in reading.pictures(selection, after_s):
                    self._note(reading)
                    yield picture
            finally:
                self._note(reading)

    def _note(self, reading: Pass) -> None:
        self.end_s, self.n_pictures = reading.end_s, reading.n_pictures
        self.n_damaged = reading.n_damaged
        # Healthy files, which are nearly all, have nothing to merge at each picture.
        self.lost = merge_spans(reading.lost) if reading.lost else []
