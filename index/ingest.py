"""From a file to a memory: pictures and sound are read side by side, stored batch by batch, cut into events."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..tools.clock import Span
from ..tools.container import require_file
from ..tools.engines import Engines
from ..tools.errors import MediaError
from ..tools.guarded import guarded_probe
from ..tools.media_info import MediaInfo
from ..tools.passages import Passage, sentences
from ..tools.roles import Utterance
from ..tools.subtitles import Subtitles, read_subtitles
from ..tools.tracks import Tracks, settled
from .account import LENGTH_S_MAX, Accountant, refuse_damaged, refuse_unbelievable, refuse_unread
from .fingerprint import fingerprint, sidecar_fingerprint
from .library import Library
from .looking import BATCH_S
from .records import ContentKey, Video
from .segmentation import SegmentationSettings, settings_for
from .stages import Stages
from .turn import Turn
from .unfinished import UnfinishedVideo, begun
from .watching import Report, silent

__all__ = ["LENGTH_S_MAX", "IngestSettings", "Ingested", "ingest"]


@dataclass(frozen=True)
class IngestSettings:
    """How closely a video is looked at when it is remembered.

    A video is refused of whose pictures, or of whose sound where it has no pictures, more than a tenth
    cannot be decoded, unless ``accepts_damage``. What was found is stored every ``batch_s`` of video. Without
    a ``segmentation`` events are cut in the way that suits what the embedder sees.
    """

    samples_per_s: float = 2.0
    batch_s: float = BATCH_S
    language: str = "en"
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False
    segmentation: SegmentationSettings | None = None

    def key(self, engines: Engines) -> str:
        """What a memory was made with, as it is noted beside it."""
        return json.dumps({"per_s": self.samples_per_s, "language": self.language, "engines": engines.names})


_POLL_S = 0.2


@dataclass(frozen=True)
class Ingested:
    """A remembered video, and whether this call had to do the work."""

    video: Video
    is_new: bool


def ingest(
    library: Library,
    path: Path,
    engines: Engines,
    settings: IngestSettings | None = None,
    report: Report = silent,
    afresh: bool = False,
    waits: bool = True,
) -> Ingested:
    """Remember a video, once: a file whose content is already remembered costs nothing.

    What was found is stored batch by batch, so that a call that is broken off, even by the end of its
    process, is gone on with by the next one. ``report`` is told (stage, seconds done, seconds in all or
    None). ``afresh`` does the work again, and then forgets what was there. While another process reads the
    same video, this one ``waits`` for it, or else gives what is settled of it as soon as there is anything.

    Raises ``UnknownVideoError`` for a missing file, ``MediaError`` for one that is no usable media or too
    damaged, ``RequestError`` for a track that is not there, and ``LibraryError`` where the library cannot
    be written.
    """
    settings = settings or IngestSettings()
    require_file(path)
    settings = replace(settings, tracks=settled(path, settings.tracks))
    sidecar, tracks = sidecar_fingerprint(path, settings.language), str(settings.tracks)
    known = None if afresh else library.video_of_file(path, sidecar, tracks)
    if known:
        return Ingested(known, is_new=False)
    info = guarded_probe(path)
    key = ContentKey(fingerprint(path), sidecar, tracks)
    turn = Turn.of(library.path, key)
    while not turn.taken():
        ahead = _settled_of(library, key, waits)
        if ahead:
            return Ingested(ahead, is_new=False)
        time.sleep(_POLL_S)
    with turn:
        known = None if afresh else library.video_of_file(path, sidecar, tracks)
        if known:
            return Ingested(known, is_new=False)
        return Ingested(_read(library, path, key, info, engines, settings, report, afresh), is_new=True)


def _settled_of(library: Library, key: ContentKey, waits: bool) -> Video | None:
    """What another process has stored of the same video so far; None where that is to be waited for."""
    begun_there = None if waits else library.unfinished(key)
    if not begun_there:
        return None
    n_events = library.rows("SELECT count(*) FROM event WHERE media_id = ?", begun_there.id)[0][0]
    return begun_there if n_events else None


def _read(
    library: Library,
    path: Path,
    key: ContentKey,
    info: MediaInfo,
    engines: Engines,
    settings: IngestSettings,
    report: Report,
    afresh: bool,
) -> Video:
    subtitles = read_subtitles(path, language=settings.language)
    media_id = begun(library, path, key, settings.key(engines), _size(info, settings.tracks), afresh)
    absent = {"pictures"} if not info.has_picture else set()
    absent |= {"sound"} if not info.has_sound else set()
    segmentation = settings.segmentation or settings_for(
        engines.embedder.name if info.has_picture else "speech"
    )
    video = UnfinishedVideo(library, media_id, engines.embedder, segmentation, frozenset(absent))
    accountant = Accountant(info, settings.tracks, engines, subtitles)
    try:
        if "known" not in video.progress.done:
            passages = _passages(subtitles, info.duration_s_from_header or LENGTH_S_MAX)
            with video.step() as connection:
                video.add_known(connection, passages, list(info.chapters))
                video.update(connection, accountant.account(video, is_over=False))
        stages = Stages(path, info, engines, settings, subtitles is None, video.progress, report)
        with closing(stages.batches()) as batches:
            for batch in batches:
                with video.step() as connection:
                    batch.add_to(video, connection)
                    # Before weeks of nothing are cut into events.
                    refuse_unbelievable(path, video.progress)
                    video.update(connection, accountant.account(video, is_over=False))
        return _finished(path, key, video, accountant, settings.accepts_damage)
    except BaseException as failure:
        # A file that is refused leaves nothing behind, and neither does a failure before the first batch.
        if isinstance(failure, MediaError) or video.is_untouched:
            video.discard()
        raise


def _finished(
    path: Path, key: ContentKey, video: UnfinishedVideo, accountant: Accountant, accepts_damage: bool
) -> Video:
    refuse_unread(path, video.progress)
    if not accepts_damage:
        refuse_damaged(path, video.progress)
    account, subtitles = accountant.account(video, is_over=True), accountant.subtitles
    passages = _passages(subtitles, account.duration_s) if subtitles else None
    return video.finish(path, key, account, passages)


def _passages(subtitles: Subtitles | None, duration_s: float) -> list[Passage]:
    """Sentences of subtitles within the video; they may run past its end."""
    return sentences(_inside(subtitles.utterances, duration_s)) if subtitles else []


def _inside(utterances: tuple[Utterance, ...], duration_s: float) -> list[Utterance]:
    return [
        replace(u, span=Span(u.span.start_s, min(u.span.end_s, duration_s)))
        for u in utterances
        if u.span.start_s < duration_s
    ]


def _size(info: MediaInfo, tracks: Tracks) -> tuple[int, int]:
    """Width and height in pixels, as shown, of the picture track that was read."""
    if tracks.picture is None:
        return info.width, info.height
    chosen = info.picture_tracks[tracks.picture]
    return chosen.shown_width or 0, chosen.shown_height or 0
