"""From what a user names to a remembered video, read now where that is needed."""

from __future__ import annotations

from pathlib import Path

from ..index.ingest import Ingested, IngestSettings, ingest
from ..index.library import Library
from ..index.records import Video
from ..index.writing import sidecar_fingerprint
from ..tools.engines import embedded
from ..tools.errors import UnknownVideoError
from ..tools.plain import plain
from .progress import progress


def remembered(library: Library, name: str) -> Video:
    """The video by path, id or title; a file not met before is ingested first.

    Raises ``UnknownVideoError`` where there is neither a file nor a memory by the name.
    """
    path = Path(name)
    if path.exists():
        return remember(library, path).video
    return library.find(name)


def known(library: Library, name: str) -> Video:
    """The video by path, id or title, without reading anything new.

    Raises ``UnknownVideoError`` for a file that was never ingested, too.
    """
    path = Path(name)
    if not path.exists():
        return library.find(name)
    video = library.video_of_file(path, sidecar_fingerprint(path, IngestSettings().language))
    if video is None:
        raise UnknownVideoError(f"{path}: not remembered yet; run: vidagent ingest {path}")
    return video


def remember(
    library: Library, path: Path, afresh: bool = False, settings: IngestSettings | None = None
) -> Ingested:
    """Ingest a file with progress on a terminal."""
    with progress(plain(path.name)) as report:
        return ingest(library, path, embedded(), settings, report, afresh)
