"""The file that an export points to: where it lies, its clock, its rate and what tracks it has."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ...tools.errors import MediaError, RequestError

if TYPE_CHECKING:
    from ...index.records import Video
    from ...tools.media_info import MediaInfo
    from ...tools.tracks import Tracks


@dataclass(frozen=True)
class Source:
    """A video file as players and editors find it.

    ``start_s`` is where the file's own clock stands when the player's shows 0. ``rate_hz`` is the average
    rate of the pictures that were looked at, None where there are none or the file does not say.
    """

    path: Path
    title: str
    duration_s: float
    start_s: float
    rate_hz: Fraction | None
    has_picture: bool
    has_sound: bool

    @property
    def uri(self) -> str:
        """Its address, in which every odd character is an escape."""
        return self.path.absolute().as_uri()

    @property
    def frame_rate(self) -> Fraction:
        """The rate by which editors count; raises ``RequestError`` where there are no pictures to count."""
        if not self.rate_hz:
            raise RequestError(f"{self.path}: has no rate of pictures to count by (write .vtt, .csv or .m3u)")
        return self.rate_hz


def source_of(video: Video) -> Source:
    """The file of a remembered video; raises what ``require_there`` and ``guarded_probe`` raise."""
    from ...tools.guarded import guarded_probe
    from ...tools.tracks import Tracks

    require_there(video)
    info = guarded_probe(video.path)
    return Source(
        path=video.path,
        title=video.title,
        duration_s=video.duration_s,
        start_s=info.start_s,
        rate_hz=_rate_hz(info, Tracks.parse(video.tracks)),
        has_picture=info.has_picture,
        has_sound=info.has_sound,
    )


def require_there(video: Video) -> None:
    """Nothing, where the file of a remembered video lies where it was met.

    Raises ``RequestError`` for a transcript, ``UnknownVideoError`` where there is no file any more, and
    ``MediaError`` where another one lies at its place.
    """
    from ...index.fingerprint import is_there
    from ...tools.container import require_file
    from ...tools.subtitles import is_subtitle_name

    if is_subtitle_name(video.path):
        raise RequestError(
            f"{video.path}: a transcript, which no player shows by itself (write .vtt or .csv)"
        )
    require_file(video.path)
    if not is_there(video):
        raise MediaError(f"{video.path}: has changed since it was read; run: vidagent ingest {video.path}")


def _rate_hz(info: MediaInfo, tracks: Tracks) -> Fraction | None:
    rates_hz = [
        track.frame_rate
        for track in info.picture_tracks
        if (track.is_default if tracks.picture is None else track.number == tracks.picture)
    ]
    rate_hz = next(iter(rates_hz), None)
    # 30000/1001 came as a decimal fraction, and is found again.
    return Fraction(rate_hz).limit_denominator(100_000) if rate_hz else None
