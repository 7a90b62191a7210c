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
from ..tools.passages import Passage, sentences
from ..tools.probe import MediaInfo, probe
from ..tools.roles import Utterance
from ..tools.subtitles import Subtitles, read_subtitles
from .episodes import episodes, silences
from .fingerprint import fingerprint
from .library import Library
from .listening import Heard, SoundStage
from .looking import Looked, PictureStage, Stopped
from .records import LOW_TRUST, Coverage, Video
from .segmentation import SegmentationSettings
from .writing import Findings, sidecar_fingerprint, store

Report = Callable[[str, float, float | None], None]


def _silent(stage: str, done_s: float, total_s: float | None) -> None:
    """The report that tells nobody."""


@dataclass(frozen=True)
class IngestSettings:
    """How closely a video is looked at when it is remembered."""

    samples_per_s: float = 2.0
    language: str = "en"
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)

    def key(self, engines: Engines) -> str:
        """What a memory was made with, as it is noted beside it."""
        return json.dumps({"per_s": self.samples_per_s, "language": self.language, "engines": engines.names})


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

    Raises ``UnknownVideoError`` for a missing file, ``MediaError`` for one that is no usable media, and
    ``LibraryError`` where the library cannot be written.
    """
    settings = settings or IngestSettings()
    require_file(path)
    sidecar = sidecar_fingerprint(path, settings.language)
    known = None if afresh else library.video_of_file(path, sidecar)
    if known:
        return Ingested(known, is_new=False)
    findings = _read(path, probe(path), engines, settings, report)
    video = store(library, path, fingerprint(path), sidecar, settings.key(engines), findings)
    return Ingested(video, is_new=True)


def _read(
    path: Path, info: MediaInfo, engines: Engines, settings: IngestSettings, report: Report
) -> Findings:
    subtitles = read_subtitles(path, language=settings.language)
    looked, heard = _stages(path, info, engines, settings, subtitles, report)
    duration_s = max(looked.end_s if looked else 0.0, heard.end_s if heard else 0.0)
    if duration_s <= 0:
        raise MediaError(f"{path}: no picture and no sound could be decoded")
    utterances = list(subtitles.utterances) if subtitles else heard.utterances if heard else []
    passages = sentences(_inside(utterances, duration_s))
    coverage = _coverage(looked, heard, subtitles, passages, engines, duration_s)
    return Findings(
        duration_s=duration_s,
        size=(info.width, info.height),
        embedder=engines.embedder,
        looked=looked,
        heard=heard,
        passages=passages,
        events=episodes(
            looked, passages, silences(passages, heard, duration_s), duration_s, settings.segmentation
        ),
        coverage=coverage,
        notes=_notes(looked, heard, coverage, duration_s, info),
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
        return PictureStage(path, engines.embedder, reader, settings.samples_per_s, tell, stop).run()

    def listen() -> Heard | None:
        recognizer = None if subtitles else engines.recognizer
        return SoundStage(path, recognizer, tell, stop).run() if info.has_sound else None

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
    duration_s: float,
) -> list[Coverage]:
    picture_share = min(1.0, looked.end_s / duration_s) if looked else 0.0
    rows = [
        Coverage("picture", engines.embedder.name, picture_share, len(looked.times_s) if looked else 0, 1.0)
    ]
    if looked and engines.reader:
        rows.append(Coverage("screen", engines.reader.name, picture_share, looked.n_text_looks, 1.0))
    trust = sum(p.trust for p in passages) / len(passages) if passages else 1.0
    if subtitles:
        rows.append(Coverage("speech", subtitles.origin, 1.0, len(subtitles.utterances), trust))
    elif heard and engines.recognizer:
        rows.append(
            Coverage(
                "speech", engines.recognizer.name, min(1.0, heard.end_s / duration_s), len(passages), trust
            )
        )
    if heard:
        rows.append(
            Coverage("sound", "loudness", min(1.0, heard.end_s / duration_s), len(heard.loudness), 1.0)
        )
    return rows


def _notes(
    looked: Looked | None,
    heard: Heard | None,
    coverage: list[Coverage],
    duration_s: float,
    info: MediaInfo,
) -> list[str]:
    notes = []
    if not looked:
        notes.append("no picture: only the sound was remembered")
    speech = next((row for row in coverage if row.sense == "speech"), None)
    if not heard and not speech:
        notes.append("no sound: nothing could be heard")
    if speech and speech.trust < LOW_TRUST:
        notes.append(
            f"speech was recognised by {speech.engine}: low trust; a subtitle file beside it is better"
        )
    n_damaged = (looked.n_damaged if looked else 0) + (heard.n_damaged if heard else 0)
    if n_damaged:
        notes.append(f"{n_damaged} damaged packets were skipped")
    claimed_s = info.duration_s_from_header or duration_s
    if duration_s < 0.95 * claimed_s:
        notes.append(f"only {duration_s:.1f} s of the {claimed_s:.1f} s that the file claims could be read")
    return notes
