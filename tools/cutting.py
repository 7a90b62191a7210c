"""Exact cuts: stretches of a video as a file of their own, each picture at its second and the sound in time with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .clock import Span, format_time, merge_spans
from .container import open_media
from .cut_file import FORMS, RATE_HZ, CutFile
from .cut_sound import SoundRow
from .errors import MediaError, RequestError
from .guarded import GuardedPictures, GuardedSound
from .picture import Picture
from .selection import HAIR_S
from .tracks import Tracks, picture_stream, sound_stream

HELD_S = 0.5
"""A picture that stays for longer than this beyond the start of a stretch is not left out, but shown from there on."""

# Far below the length of any picture, so that none is passed over.
_EVERY_S = 1e-6
_SOUND_WINDOW_S = 1.0
_USUAL_RATE_HZ = 25.0


@dataclass(frozen=True)
class Piece:
    """What became of one stretch: the seconds of the video that were taken, and where they lie in the cut.

    ``lost`` are the seconds of the whole stretch, of what could not be taken too, that damage hid from eye or ear.
    """

    span: Span
    at_s: float
    n_pictures: int
    lost: tuple[Span, ...] = ()

    @property
    def end_s(self) -> float:
        """Where it ends in the cut."""
        return self.at_s + self.span.duration_s


def cut(
    path: Path, wanted: Sequence[Span], target: Path, ending: str, tracks: Tracks | None = None
) -> list[Piece]:
    """Write stretches of a video, one after the other in the given order, to ``target``; tells what was cut.

    A piece begins with the first picture at or after the start of its stretch; where the picture shown at
    the start stays for longer than ``HELD_S``, it begins at the start itself with that one. It ends at the
    end of the stretch, or where the video's last picture ends. Pictures keep their distances to the tick
    of the container (1/90000 s, in mkv and webm a millisecond), sound its place to the sample; sound is
    written as one channel. ``ending`` is one of ``FORMS``.

    Raises ``RequestError`` for another ending and for a stretch without a picture, ``VidagentError`` where
    the target cannot be written, and what ``GuardedPictures`` raises.
    """
    if ending not in FORMS:
        raise RequestError(f"{ending or 'no ending'}: not a kind of clip (write {', '.join(FORMS)})")
    chosen = tracks or Tracks()
    has_sound, rate_hz = _header(path, chosen)
    pieces: list[Piece] = []
    with CutFile(target, FORMS[ending], has_sound, rate_hz) as file:
        for span in wanted:
            at_s = pieces[-1].end_s if pieces else 0.0
            pieces.append(_Cutting(path, chosen, span, file, at_s, has_sound).done())
    return pieces


def _header(path: Path, tracks: Tracks) -> tuple[bool, float]:
    """Whether there is sound, and how many pictures a second the file claims to have."""
    with open_media(path) as container:
        pictures, sound = picture_stream(container, tracks.picture), sound_stream(container, tracks.sound)
        if pictures is None:
            raise MediaError(f"{path}: has no picture that can be decoded")
        return sound is not None, float(pictures.average_rate or _USUAL_RATE_HZ)


@dataclass(frozen=True)
class _Cutting:
    """The work of one stretch, which begins in the cut at ``at_s``."""

    path: Path
    tracks: Tracks
    span: Span
    file: CutFile
    at_s: float
    has_sound: bool

    def done(self) -> Piece:
        """Write the stretch; tells what was written."""
        reader = GuardedPictures(self.path, self.tracks.picture, (self.span,), every_s=_EVERY_S)
        with closing(iter(reader)) as every:
            pictures = self._taken(every)
            first = next(pictures, None)
            if first is None:
                ends = format_time(self.span.start_s, 3), format_time(self.span.end_s, 3)
                raise RequestError(f"{self.path}: no undamaged picture is shown from {ends[0]} to {ends[1]}")
            start_s = max(first.pts_s, self.span.start_s)
            heard = self._heard(start_s)
            with closing(iter(heard)) as windows:
                row = SoundRow(windows, start_s, RATE_HZ)
                n_pictures, end_s = self._written(chain([first], pictures), row, start_s)
                # Only at its end does a reader tell what damage hid; there may be sound behind the last picture.
                deque(windows, maxlen=0)
        lost = merge_spans([span.inside(self.span) for span in [*reader.lost, *heard.lost]])
        lost = [span for span in lost if span.duration_s > HAIR_S]
        return Piece(Span(start_s, end_s), self.at_s, n_pictures, tuple(lost))

    def _heard(self, start_s: float) -> GuardedSound:
        span = Span(start_s, self.span.end_s)
        sound = self.tracks.sound
        return GuardedSound(self.path, sound, (span,), rate_hz=RATE_HZ, window_s=_SOUND_WINDOW_S)

    def _taken(self, pictures: Iterator[Picture]) -> Iterator[Picture]:
        """The pictures of the stretch, without one that was there before and soon goes."""
        begins_s, late_s = self.span.start_s - HAIR_S, min(self.span.start_s + HELD_S, self.span.end_s)
        last_s = float("-inf")
        for picture in pictures:
            soon_goes = picture.pts_s < begins_s and picture.end_s < late_s
            # Where reading had to begin anew, the picture that it had come to comes again.
            if last_s < picture.pts_s < self.span.end_s - HAIR_S and not soon_goes:
                last_s = picture.pts_s
                yield picture

    def _written(self, pictures: Iterator[Picture], row: SoundRow, start_s: float) -> tuple[int, float]:
        """Write pictures, sound following them closely; how many there were, and the second at which they end."""
        n_pictures, end_s = 0, start_s
        for picture in pictures:
            begin_s, end_s = max(picture.pts_s, start_s), min(picture.end_s, self.span.end_s)
            self.file.show(picture, self.at_s + begin_s - start_s, end_s - begin_s)
            self._play(row, end_s - start_s)
            n_pictures += 1
        return n_pictures, end_s

    def _play(self, row: SoundRow, until_s: float) -> None:
        """Write the sound up to so many seconds of the piece, a second of it at a time."""
        n_end = round((self.at_s + until_s) * RATE_HZ)
        while self.has_sound and (n := min(RATE_HZ, n_end - self.file.n_samples)) > 0:
            self.file.play(row.take(n))
