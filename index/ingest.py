"""From a file to a memory: pictures and sound are read side by side, cut into events, and stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

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
from .captions import read_captions
from .episodes import episodes, silences
from .extent import Extent
from .fingerprint import fingerprint
from .library import Library
from .listening import Heard, SoundStage
from .looking import Looked, PictureStage, Stopped
from .records import LOW_TRUST, Coverage, Video
from .segmentation import SegmentationSettings
from .writing import ContentKey, Findings, sidecar_fingerprint, store

Report = Callable[[str, float, float | None], None]


def _silent(stage: str, done_s: float, total_s: float | None) -> None:
    """The report that tells nobody."""


@dataclass(frozen=True)
class IngestSettings:
    """How closely a video is looked at when it is remembered.

    A video is refused of whose pictures, or of whose sound where it has no pictures, more than
    ``DAMAGED_SHARE_MAX`` cannot be decoded, unless ``accepts_damage``.
    """

    samples_per_s: float = 2.0
    language: str = "en"
    tracks: Tracks = field(default_factory=Tracks)
    accepts_damage: bool = False
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)

    def key(self, engines: Engines) -> str:
        """What a memory was made with, as it is noted beside it."""
        return json.dumps({"per_s": self.samples_per_s, "language": self.language, "engines": engines.names})


DAMAGED_SHARE_MAX = 0.1
"""A video with a larger share of damage is refused unless the user says otherwise."""
LENGTH_S_MAX = 31 * 86400.0
"""A file that is longer than this by its own clock has a false clock."""
_SPANS_NAMED = 5


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
    report: Report = _silent,
    afresh: bool = False,
) -> Ingested:
    """Remember a video, once: a file whose content is already remembered costs nothing.

    ``report`` is told (stage, seconds done, seconds in all or None). ``afresh`` forgets what is there
    and does the work again. Nothing is stored unless everything was read.

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
    findings = _read(path, guarded_probe(path), engines, settings, report)
    key = ContentKey(fingerprint(path), sidecar, tracks)
    return Ingested(store(library, path, key, settings.key(engines), findings), is_new=True)


def _read(
    path: Path, info: MediaInfo, engines: Engines, settings: IngestSettings, report: Report
) -> Findings:
    subtitles = read_subtitles(path, language=settings.language)
    looked, heard = _stages(path, info, engines, settings, subtitles, report)
    duration_s = max(looked.end_s if looked else 0.0, heard.end_s if heard else 0.0)
    _refuse_unbelievable(path, duration_s)
    if not settings.accepts_damage:
        _refuse_damaged(path, looked, heard)
    utterances = list(subtitles.utterances) if subtitles else heard.utterances if heard else []
    passages = sentences(_inside(utterances, duration_s))
    extent = Extent.of(info, settings.tracks, looked, heard)
    coverage = _coverage(looked, heard, subtitles, passages, engines, extent)
    return Findings(
        duration_s=duration_s,
        size=_size(info, settings.tracks),
        embedder=engines.embedder,
        looked=looked,
        heard=heard,
        passages=passages,
        events=episodes(
            looked, passages, silences(passages, heard, duration_s), duration_s, settings.segmentation
        ),
        coverage=coverage,
        notes=_notes(looked, heard, coverage, extent),
    )


def _stages(
    path: Path,
    info: MediaInfo,
    engines: Engines,
    settings: IngestSettings,
    subtitles: Subtitles | None,
    report: Report,
) -> tuple[Looked | None, Heard | None]:
    stop = threading.Event()

    def tell(stage: str, done_s: float) -> None:
        report(stage, done_s, info.duration_s_from_header)

    def look() -> Looked | None:
        if not info.has_picture:
            return None
        reader = engines.reader.make() if engines.reader else None
        track = settings.tracks.picture
        stage = PictureStage(path, engines.embedder, reader, settings.samples_per_s, tell, stop, track)
        looked = stage.run()
        if reader and info.has_bitmap_subtitles:
            looked.add(read_captions(path, reader, settings.language, stop))
        return looked

    def listen() -> Heard | None:
        recognizer = None if subtitles else engines.recognizer
        stage = SoundStage(path, recognizer, tell, stop, settings.tracks.sound)
        return stage.run() if info.has_sound else None

    return _side_by_side(stop, look, listen)


def _side_by_side(
    stop: threading.Event, look: Callable[[], Looked | None], listen: Callable[[], Heard | None]
) -> tuple[Looked | None, Heard | None]:
    """Both stages at once; a failure of one, or Ctrl-C, stops the other."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        looking, listening = pool.submit(look), pool.submit(listen)
        try:
            futures: list[Future[Any]] = [looking, listening]
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
    failures = [f for f in (looking.exception(), listening.exception()) if f]
    # A stage that was stopped says less than the one that failed.
    for failure in sorted(failures, key=lambda f: isinstance(f, Stopped)):
        raise failure
    return looking.result(), listening.result()


def _inside(utterances: list[Utterance], duration_s: float) -> list[Utterance]:
    """Utterances within the video; subtitles may run past its end."""
    return [
        replace(u, span=Span(u.span.start_s, min(u.span.end_s, duration_s)))
        for u in utterances
        if u.span.start_s < duration_s
    ]


def _coverage(
    looked: Looked | None,
    heard: Heard | None,
    subtitles: Subtitles | None,
    passages: list[Passage],
    engines: Engines,
    extent: Extent,
) -> list[Coverage]:
    picture_share = extent.share(looked.end_s, looked.lost) if looked else 0.0
    sound_share = extent.share(heard.end_s, heard.lost) if heard else 0.0
    rows = [
        Coverage("picture", engines.embedder.name, picture_share, len(looked.times_s) if looked else 0, 1.0)
    ]
    if looked and engines.reader:
        rows.append(Coverage("screen", engines.reader.name, picture_share, looked.n_text_looks, 1.0))
    trust = sum(p.trust for p in passages) / len(passages) if passages else 1.0
    if subtitles:
        rows.append(Coverage("speech", subtitles.origin, 1.0, len(subtitles.utterances), trust))
    elif heard and engines.recognizer:
        rows.append(Coverage("speech", engines.recognizer.name, sound_share, len(passages), trust))
    if heard:
        rows.append(Coverage("sound", "loudness", sound_share, len(heard.loudness), 1.0))
    return rows


def _notes(
    looked: Looked | None,
    heard: Heard | None,
    coverage: list[Coverage],
    extent: Extent,
) -> list[str]:
    notes = []
    if not looked or not len(looked.times_s):
        notes.append("no picture: only the sound was remembered")
    speech = next((row for row in coverage if row.sense == "speech"), None)
    if not heard and not speech:
        notes.append("no sound: nothing could be heard")
    if speech and not speech.n_looks:
        notes.append(f"no speech was heard ({speech.engine} listened)")
    if speech and speech.trust < LOW_TRUST:
        notes.append(
            f"speech was recognised by {speech.engine}: low trust; a subtitle file beside it is better"
        )
    return notes + _notes_of_damage(looked, heard, extent)


def _notes_of_damage(looked: Looked | None, heard: Heard | None, extent: Extent) -> list[str]:
    notes = []
    if looked and looked.lost:
        notes.append(f"damaged: {_listed(looked.lost)} could not be seen")
    if heard and heard.lost:
        notes.append(f"damaged: {_listed(heard.lost)} could not be heard")
    n_damaged = (looked.n_damaged + looked.n_damaged_captions if looked else 0) + (
        heard.n_damaged if heard else 0
    )
    if n_damaged:
        often = "once" if n_damaged == 1 else f"{n_damaged} times"
        notes.append(f"decoding failed {often}: what is damaged, or rests on it, was left out")
    if extent.missing_s:
        notes.append(
            f"only {extent.measured_s:.1f} s of the {extent.total_s:.1f} s that the file claims could be read"
        )
    return notes


def _listed(spans: list[Span]) -> str:
    more = f" and {len(spans) - _SPANS_NAMED} more" if len(spans) > _SPANS_NAMED else ""
    return ", ".join(str(span) for span in spans[:_SPANS_NAMED]) + more


def _size(info: MediaInfo, tracks: Tracks) -> tuple[int, int]:
    """Width and height in pixels, as shown, of the picture track that was read."""
    if tracks.picture is None:
        return info.width, info.height
    chosen = info.picture_tracks[tracks.picture]
    return chosen.shown_width or 0, chosen.shown_height or 0


def _refuse_unbelievable(path: Path, duration_s: float) -> None:
    if duration_s <= 0:
        raise MediaError(f"{path}: no picture and no sound could be decoded")
    if duration_s > LENGTH_S_MAX:
        raise MediaError(f"{path}: its clock cannot be believed: it tells of {duration_s / 86400:.0f} days")


def _refuse_damaged(path: Path, looked: Looked | None, heard: Heard | None) -> None:
    share = looked.damaged_share if looked else heard.damaged_share if heard else 0.0
    if share > DAMAGED_SHARE_MAX:
        what = "pictures are" if looked else "sound is"
        raise MediaError(f"{path}: {share:.0%} of its {what} damaged; --accept-damage remembers the rest")
