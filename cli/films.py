"""From what a user names to a file with pictures, remembered or not: what cuts and pictures are taken from."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..tools.clock import Span
from ..tools.errors import MediaError, UnknownVideoError
from ..tools.plain import plain
from ..tools.tracks import Tracks

if TYPE_CHECKING:
    from ..index.records import Video
    from ..tools.guarded import GuardedSeeker
    from ..tools.settings import Settings


@dataclass(frozen=True)
class Film:
    """A file whose pictures can be read; ``sha256`` is that of a remembered video, else empty."""

    path: Path
    title: str
    duration_s: float
    tracks: Tracks
    sha256: str = ""

    @property
    def span(self) -> Span:
        """From the first second to the last."""
        return Span(0.0, self.duration_s)

    @property
    def seeker(self) -> GuardedSeeker:
        """What reads its pictures."""
        from ..tools.guarded import GuardedSeeker

        return GuardedSeeker(self.path, self.tracks.picture)

    def to_json(self) -> dict[str, object]:
        """Which video it is; ``id`` is null for one that is not remembered."""
        seconds = round(self.duration_s, 3)
        return {
            "id": self.sha256[:8] or None,
            "title": self.title,
            "path": str(self.path),
            "duration_s": seconds,
        }


def film_of(name: str, settings: Settings, tracks: Tracks) -> Film:
    """The video by path, id or title; a file not met before is measured, and not remembered for that.

    Raises ``UnknownVideoError`` where there is none, or its file is gone or another one by now, and
    ``MediaError`` for one without pictures.
    """
    known = _known(name, settings, tracks)
    film = _measured(Path(name), tracks) if known is None else _filmed(known)
    if film is None:
        raise MediaError(f"{plain(name)}: has no picture")
    return film


def _known(name: str, settings: Settings, tracks: Tracks) -> Video | None:
    """The remembered video; None for a file that is none. A library is never made for it."""
    is_file = os.path.exists(name)
    if not settings.library.exists():
        if is_file:
            return None
        raise UnknownVideoError(f"{name}: no such file, and no remembered video by this name")
    from ..index.library import Library
    from ..tools.models.making import Models
    from .videos import Videos

    with Library(settings.library) as library:
        try:
            return Videos(library, Models(settings), tracks).known(name)
        except UnknownVideoError:
            if not is_file:
                raise
    return None


def _filmed(video: Video) -> Film | None:
    """A remembered video, as far as its file is still there; None for one without pictures."""
    from ..index.fingerprint import is_there

    if not is_there(video):
        raise UnknownVideoError(
            f"{video.path}: is gone, or another file by now; name the file of {video.title}"
        )
    if not video.width:
        return None
    if not video.is_whole:
        # While it is being read, its memory does not reach to the end.
        film = _measured(video.path, Tracks.parse(video.tracks))
        return film and replace(film, title=video.title, sha256=video.sha256)
    return Film(video.path, video.title, video.duration_s, Tracks.parse(video.tracks), video.sha256)


def _measured(path: Path, tracks: Tracks) -> Film | None:
    """A file as its packets tell it; None for one without pictures."""
    from ..index.records import to_title
    from ..tools.measure import measure
    from ..tools.subtitles import is_subtitle_name
    from ..tools.tracks import settled

    if is_subtitle_name(path):
        return None
    settled(path, tracks)
    measured = measure(path)
    if measured.duration_s is None or not any(track.kind == "picture" for track in measured.tracks):
        return None
    return Film(path, to_title(path), measured.duration_s, tracks)
