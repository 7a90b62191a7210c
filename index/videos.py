"""From what a user names to a remembered video, read now where that is needed."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..tools.engines import Engines, embedded
from ..tools.errors import UnknownVideoError
from ..tools.plain import plain
from ..tools.subtitles import is_subtitle_name
from ..tools.tracks import Tracks, settled
from .fingerprint import sidecar_fingerprint
from .ingest import Ingested, IngestSettings, ingest
from .library import Library
from .records import ContentKey, Video
from .transcript import ingest_transcript
from .watching import Watch, unwatched

if TYPE_CHECKING:
    from ..tools.models.making import Models


@dataclass(frozen=True)
class Videos:
    """The videos of a library, read and looked up as the settings of the ``models`` say and somebody asks."""

    library: Library
    models: Models
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False
    watch: Watch = unwatched

    @property
    def how(self) -> IngestSettings:
        """How a video is read that is not remembered yet."""
        language = self.models.settings.language
        return IngestSettings(tracks=self.tracks, language=language, accepts_damage=self.accepts_damage)

    def remembered(self, name: str) -> Video:
        """See ``remembered``; a file is read by the models, which raise what they raise where they are missing."""
        return remembered(self.library, name, self.how, self.models.engines, self.watch)

    def known(self, name: str) -> Video:
        """See ``known``."""
        return known(self.library, name, self.tracks, self.models.settings.language)

    def all_known(self) -> list[Video]:
        """See ``all_known``."""
        return all_known(self.library, self.tracks)

    def remember(self, path: Path, afresh: bool = False) -> Ingested:
        """See ``remember``."""
        return remember(self.library, path, self.how, self.models.engines, afresh, watch=self.watch)


def remembered(
    library: Library,
    name: str,
    settings: IngestSettings | None = None,
    engines: Callable[[], Engines] = embedded,
    watch: Watch = unwatched,
) -> Video:
    """The video by path, id or title; a file not met before is ingested first.

    While another process reads it, this is what is settled of it so far.

    Raises ``UnknownVideoError`` where there is neither a file nor a memory by the name.
    """
    settings = settings or IngestSettings()
    path = Path(name)
    if os.path.exists(path):
        return remember(library, path, settings, engines, waits=False, watch=watch).video
    return library.find(name, str(settings.tracks))


def known(library: Library, name: str, tracks: Tracks, language: str = IngestSettings.language) -> Video:
    """The video by path, id or title, without reading anything new.

    Raises ``UnknownVideoError`` for a file that was never ingested, too.
    """
    path = Path(name)
    if not os.path.exists(path):
        return library.find(name, str(tracks))
    sidecar = "" if is_subtitle_name(path) else sidecar_fingerprint(path, language)
    video = library.video_of_file(path, sidecar, str(settled(path, tracks)))
    if video is None:
        raise UnknownVideoError(f"{path}: not remembered yet; run: vidagent ingest {path}")
    return video


def all_known(library: Library, tracks: Tracks) -> list[Video]:
    """Every remembered video, those read by the chosen ``tracks`` where any are chosen.

    What is being read anew is there as it was before. Raises ``UnknownVideoError`` where there is none.
    """
    videos = [video for video in library.videos() if str(tracks) in ("", video.tracks)]
    whole = {content_of(video) for video in videos if video.is_whole}
    found = [video for video in videos if video.is_whole or content_of(video) not in whole]
    if not found:
        by = f" by {tracks}" if str(tracks) else ""
        raise UnknownVideoError(
            f"{library.path}: no video is remembered{by}; name one, or run: vidagent ingest"
        )
    return found


def content_of(video: Video) -> ContentKey:
    """What stays the same of a video while it is being read, and remembered anew as it grows."""
    return ContentKey(video.sha256, video.sidecar_sha256, video.tracks)


def remember(
    library: Library,
    path: Path,
    settings: IngestSettings,
    engines: Callable[[], Engines] = embedded,
    afresh: bool = False,
    waits: bool = True,
    watch: Watch = unwatched,
) -> Ingested:
    """Ingest a file, a video or a transcript, by what ``engines`` makes; ``watch`` sees how far it has come."""
    transcript = ingest_transcript(library, path, settings, afresh)
    if transcript:
        return transcript
    with watch(plain(path.name)) as report:
        return ingest(library, path, engines(), settings, report, afresh, waits)
