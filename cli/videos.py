"""From what a user names to a remembered video, read now where that is needed."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..index.fingerprint import sidecar_fingerprint
from ..index.ingest import Ingested, IngestSettings, ingest
from ..index.library import Library
from ..index.memory import Memory
from ..index.records import Video
from ..index.transcript import ingest_transcript
from ..tools.engines import Engines, embedded
from ..tools.errors import UnknownVideoError
from ..tools.plain import plain
from ..tools.subtitles import is_subtitle_name
from ..tools.tracks import Tracks, settled
from .progress import progress

if TYPE_CHECKING:
    from ..tools.models.making import Models


@dataclass(frozen=True)
class Videos:
    """The videos of a library, read and looked up as the settings of the ``models`` say and a command asks."""

    library: Library
    models: Models
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False

    @property
    def how(self) -> IngestSettings:
        """How a video is read that is not remembered yet."""
        language = self.models.settings.language
        return IngestSettings(tracks=self.tracks, language=language, accepts_damage=self.accepts_damage)

    def remembered(self, name: str) -> Video:
        """See ``remembered``; a file is read by the models, which raise what they raise where they are missing."""
        return remembered(self.library, name, self.how, self.models.engines)

    def known(self, name: str) -> Video:
        """See ``known``."""
        return known(self.library, name, self.tracks, self.models.settings.language)

    def remember(self, path: Path, afresh: bool = False) -> Ingested:
        """See ``remember``."""
        return remember(self.library, path, self.how, self.models.engines, afresh)


@contextmanager
def memory_of(name: str, models: Models, tracks: Tracks, accepts_damage: bool) -> Iterator[Memory]:
    """The memory of a video in the user's library, which is open meanwhile; read first where it is new.

    Raises what ``Videos.remembered`` raises.
    """
    with Library(models.settings.library) as library:
        yield Memory(library, Videos(library, models, tracks, accepts_damage).remembered(name))


def required(models: Models, *roles: str) -> None:
    """Raises ``CapabilityError`` or ``RequestError`` where a model that is set for one of the roles cannot be had."""
    for role in roles:
        models.choice(role)


def remembered(
    library: Library,
    name: str,
    settings: IngestSettings | None = None,
    engines: Callable[[], Engines] = embedded,
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


def remember(
    library: Library,
    path: Path,
    settings: IngestSettings,
    engines: Callable[[], Engines] = embedded,
    afresh: bool = False,
    waits: bool = True,
) -> Ingested:
    """Ingest a file, a video or a transcript, by what ``engines`` makes, with progress on a terminal."""
    transcript = ingest_transcript(library, path, settings, afresh)
    if transcript:
        return transcript
    with progress(plain(path.name)) as report:
        return ingest(library, path, engines(), settings, report, afresh, waits)
