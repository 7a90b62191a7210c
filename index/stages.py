"""The stages of an ingestion side by side: what they find arrives in batches, in one place."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..tools.engines import Engines
from ..tools.media_info import MediaInfo
from .captions import Captions, read_captions
from .listening import SoundBatch, SoundCursor, SoundStage
from .looking import PictureStage, Stopped
from .picture_batches import PictureBatch
from .unfinished import Progress, UnfinishedVideo

if TYPE_CHECKING:
    from .ingest import IngestSettings
    from .watching import Report

_Add = Callable[[UnfinishedVideo, sqlite3.Connection, Any], None]
# Batches that wait to be stored keep their stage waiting.
_BATCHES_MAX = 2
_WAIT_S = 0.2


class Batch(Protocol):
    """Something that was found, and knows where it belongs."""

    def add_to(self, video: UnfinishedVideo, connection: sqlite3.Connection) -> None:
        """Store it, in a transaction that the caller holds."""
        ...


@dataclass(frozen=True)
class _Found:
    """A batch with the way to store it."""

    what: Any
    add: _Add

    def add_to(self, video: UnfinishedVideo, connection: sqlite3.Connection) -> None:
        self.add(video, connection, self.what)


@dataclass
class Stages:
    """Reads a file from where ``progress`` says; a failure of one stage, or Ctrl-C, stops the other."""

    path: Path
    info: MediaInfo
    engines: Engines
    settings: IngestSettings
    recognizes: bool
    progress: Progress
    report: Report
    _stop: threading.Event = field(default_factory=threading.Event)
    _found: queue.Queue[_Found] = field(default_factory=lambda: queue.Queue(_BATCHES_MAX))

    def batches(self) -> Generator[Batch, None, None]:
        """What the stages find, in the order in which it was found; within a stage that of time."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            try:
                # Leaving the pool waits for its threads, so from the first one on all ways out stop them.
                futures: list[Future[None]] = [pool.submit(self._look), pool.submit(self._listen)]
                while not all(future.done() for future in futures) or not self._found.empty():
                    if any(future.done() and future.exception() for future in futures):
                        break
                    try:
                        yield self._found.get(timeout=_WAIT_S)
                    except queue.Empty:
                        continue
            finally:
                self._stop.set()
        # What was found before a failure is kept: the next run goes on from there.
        while not self._found.empty():
            yield self._found.get()
        failures = [f for f in (future.exception() for future in futures) if f]
        # A stage that was stopped says less than the one that failed.
        for failure in sorted(failures, key=lambda f: isinstance(f, Stopped)):
            raise failure

    def _look(self) -> None:
        if not self.info.has_picture:
            return
        if "pictures" not in self.progress.done:
            self._look_at_pictures()
        if self.engines.reader and self.info.has_bitmap_subtitles and "captions" not in self.progress.done:
            captions = read_captions(
                self.path, self.engines.reader.make(), self.settings.language, self._stop
            )
            self._deliver(captions, UnfinishedVideo.add_captions)

    def _look_at_pictures(self) -> None:
        PictureStage(
            self.path,
            self.engines.embedder,
            self.engines.reader.make() if self.engines.reader else None,
            self.settings.samples_per_s,
            self._tell,
            self._stop,
            lambda batch: self._deliver(batch, UnfinishedVideo.add_pictures),
            self.settings.tracks.picture,
            self.progress.pictures,
            self.settings.batch_s,
        ).run()

    def _listen(self) -> None:
        if not self.info.has_sound or "sound" in self.progress.done:
            return
        SoundStage(
            self.path,
            self.engines.recognizer if self.recognizes else None,
            self._tell,
            self._stop,
            lambda batch: self._deliver(batch, UnfinishedVideo.add_sound),
            self.settings.tracks.sound,
            self.progress.sound or SoundCursor(),
            self.settings.batch_s,
        ).run()

    def _tell(self, stage: str, done_s: float) -> None:
        self.report(stage, done_s, self.info.duration_s_from_header)

    def _deliver(self, what: PictureBatch | SoundBatch | Captions, add: _Add) -> None:
        while True:
            if self._stop.is_set():
                raise Stopped
            try:
                self._found.put(_Found(what, add), timeout=_WAIT_S)
            except queue.Full:
                continue
            return
