"""From what a user names to a remembered video, read now where that is needed."""

from __future__ import annotations

import os.path
from pathlib import Path

from ..index.fingerprint import sidecar_fingerprint
from ..index.ingest import Ingested, IngestSettings, ingest
from ..index.library import Library
from ..index.records import Video
from ..index.transcript import ingest_transcript
from ..tools.engines import Engines, embedded
from ..tools.errors import UnknownVideoError
from ..tools.plain import plain
from ..tools.subtitles import is_subtitle_name
from ..tools.tracks import Tracks, settled
from .progress import progress


def remembered(
    library: Library, name: str, settings: IngestSettings | None = None, engines: Engines | None = None
) -> Video:
    """The video by path, id or title; a file not met before is ingested first.

    While another process reads it, this is what is settled of it so far.

    Raises ``UnknownVideoError`` where there is neither a file nor a memory by the name.
    """
    settings = settings or IngestSettings()
    path = Path(name)
    if os.path.exists(path):
        return remember(library, path, settings, engines, waits=False).video
    return library.find(name, str(settings.tracks))


def known(library: Library, name: str, tracks: Tracks) -> Video:
    """The video by path, id or title, without reading anything new.

    Raises ``UnknownVideoError`` for a file that was never ingested, too.
    """
    path = Path(name)
    if not os.path.exists(path):
        return library.find(name, str(tracks))
    sidecar = "" if is_subtitle_name(path) else sidecar_fingerprint(path, IngestSettings().language)
    video = library.video_of_file(path, sidecar, str(settled(path, tracks)))
    if video is None:
        raise UnknownVideoError(f"{path}: not remembered yet; run: vidagent ingest {path}")
    return video


def remember(
    library: Library,
    path: Path,
    settings: IngestSettings,
    engines: Engines | None = None,
    afresh: bool = False,
    waits: bool = True,
) -> Ingested:
    """Ingest a file, a video or a transcript, by what is embedded or by other engines, with progress on a terminal."""
    transcript = ingest_transcript(library, path, settings, afresh)
    if transcript:
        return transcript
    with progress(plain(path.name)) as report:
        return ingest(library, path, engines or embedded(), settings, report, afresh, waits)
