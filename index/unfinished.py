"""A video that is being remembered: batches go in, each in one transaction with how far it has come."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ..tools.media_info import Chapter
from ..tools.passages import Passage
from ..tools.roles import ImageTextEmbedder
from .captions import Captions
from .episode_writing import update_events
from .freezing import FrozenStateError, frozen, thawed
from .library import Library
from .listening import SoundBatch, SoundCursor
from .picture_batches import PictureBatch, PictureCursor
from .records import ContentKey, Coverage, Video, to_us
from .rows import (
    delete_media,
    model_row,
    write_coverage,
    write_length,
    write_lost,
    write_marks,
    write_media,
    write_passages,
    write_samples,
    write_sightings,
    write_signal,
    write_sound,
)
from .segmentation import SegmentationSettings

# Words are noticed so long after they came, at most.
TEXT_LAG_S = 6.0


@dataclass(frozen=True)
class Account:
    """What can be said of a video as far as it was read: its length, what was looked at, what to know of it."""

    duration_s: float
    coverage: list[Coverage]
    notes: list[str]


@dataclass
class Progress:
    """How far the stages have come; None for one that has not begun, and those that are done."""

    pictures: PictureCursor | None = None
    sound: SoundCursor | None = None
    n_captions: int = 0
    n_damaged_captions: int = 0
    done: frozenset[str] = frozenset()

    @property
    def settled_s(self) -> float:
        """Until here nothing that the stages find can come to light any more."""
        reached_s = []
        if "pictures" not in self.done:
            reached_s.append(self.pictures.last_s - TEXT_LAG_S if self.pictures else 0.0)
        if "sound" not in self.done:
            reached_s.append(min(self.sound.measured_s, self.sound.heard_s) if self.sound else 0.0)
        return max(0.0, min(reached_s, default=float("inf")))

    @property
    def end_s(self) -> float:
        """The second at which the last thing that was read ends."""
        ends_s = [stage.totals.end_s for stage in (self.pictures, self.sound) if stage]
        return max(ends_s, default=0.0)


def begun(
    library: Library, path: Path, key: ContentKey, settings: str, size: tuple[int, int], afresh: bool = False
) -> int:
    """The id of the unfinished video of this content: where it was left off, if with the same settings.

    ``afresh`` begins from the beginning. Raises ``LibraryBusyError`` and ``StorageFullError``.
    """
    known = None if afresh else library.unfinished(key)
    if known and known.settings == settings and _can_go_on(library, known.id):
        return known.id
    with library.transaction() as connection:
        delete_media(connection, path, key, "partial")
        return write_media(connection, path, key, settings, size, "partial")


def _can_go_on(library: Library, media_id: int) -> bool:
    try:
        _progress_of(library, media_id)
    except FrozenStateError:
        return False
    return True


class UnfinishedVideo:
    """The rows of a video until all of it has been read; ``progress`` tells where to go on.

    What is found is added within a ``step``, together with what can be said of the video by then.
    """

    def __init__(
        self,
        library: Library,
        media_id: int,
        engine: ImageTextEmbedder,
        segmentation: SegmentationSettings,
        absent: frozenset[str] = frozenset(),
    ) -> None:
        self._library, self.media_id, self._segmentation = library, media_id, segmentation
        self._embedder = engine
        self.progress = _progress_of(library, media_id)
        # What the file does not have keeps nothing waiting.
        self.progress.done |= absent
        self._has_picture = "pictures" not in absent

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was found yet."""
        return self.progress.pictures is None and self.progress.sound is None

    def speech(self) -> tuple[int, float]:
        """How many sentences were heard, and how far they may be trusted in the mean."""
        row = self._library.rows(
            "SELECT count(*), avg(trust) FROM text WHERE media_id = ? AND sense = 'speech'", self.media_id
        )[0]
        return int(str(row[0])), float(str(row[1])) if row[0] else 1.0

    @contextmanager
    def step(self) -> Iterator[sqlite3.Connection]:
        """One transaction; where it fails the progress, too, is what it was before."""
        before = replace(self.progress)
        try:
            with self._library.transaction() as connection:
                yield connection
        except BaseException:
            self.progress = before
            raise

    def add_known(
        self, connection: sqlite3.Connection, passages: list[Passage], chapters: list[Chapter]
    ) -> None:
        """What is known before anything is decoded: subtitles, and the author's chapters."""
        write_passages(connection, self.media_id, passages)
        write_marks(connection, self.media_id, chapters)
        self._reach(connection, "known", 0.0, True, b"")

    def add_pictures(self, connection: sqlite3.Connection, batch: PictureBatch) -> None:
        """What the picture stage found in a row."""
        cursor, model_id = batch.cursor, model_row(connection, self._embedder)
        write_samples(connection, self.media_id, model_id, batch.times_s, batch.vectors)
        write_sightings(connection, self.media_id, batch.sightings)
        write_signal(connection, self.media_id, "text", batch.novelties)
        write_lost(connection, self.media_id, "picture", cursor.totals.lost)
        self._reach(connection, "pictures", cursor.last_s, batch.is_last, cursor.to_bytes())
        self._reach(connection, "text", cursor.last_s, batch.is_last, cursor.watch)
        self.progress.pictures = cursor

    def add_sound(self, connection: sqlite3.Connection, batch: SoundBatch) -> None:
        """What the sound stage found in a row."""
        cursor = batch.cursor
        write_sound(connection, self.media_id, batch.voice, batch.loudness)
        write_passages(connection, self.media_id, batch.passages)
        write_lost(connection, self.media_id, "sound", cursor.totals.lost)
        self._reach(connection, "sound", cursor.totals.end_s, batch.is_last, cursor.to_bytes())
        self.progress.sound = cursor

    def add_captions(self, connection: sqlite3.Connection, captions: Captions) -> None:
        """What subtitles that are pictures say."""
        counts = {"n_pictures": captions.n_pictures, "n_damaged": captions.n_damaged}
        write_sightings(connection, self.media_id, captions.sightings)
        self._reach(connection, "captions", 0.0, True, frozen(counts))
        self.progress.n_captions, self.progress.n_damaged_captions = captions.n_pictures, captions.n_damaged

    def update(self, connection: sqlite3.Connection, account: Account) -> None:
        """Note what can be said by now, and cut into events what is settled."""
        write_length(connection, self.media_id, account.duration_s, account.notes)
        write_coverage(connection, self.media_id, account.coverage)
        self._update_events(connection, min(self.progress.settled_s, account.duration_s), is_over=False)

    def finish(
        self, path: Path, key: ContentKey, account: Account, passages: Iterable[Passage] | None
    ) -> Video:
        """All of it has been read; ``passages`` take the place of those that were known at the beginning."""
        with self._library.transaction() as connection:
            if passages is not None:
                connection.execute(
                    "DELETE FROM text WHERE media_id = ? AND sense = 'speech'", (self.media_id,)
                )
                write_passages(connection, self.media_id, passages)
            write_length(connection, self.media_id, account.duration_s, account.notes)
            write_coverage(connection, self.media_id, account.coverage)
            self._update_events(connection, account.duration_s, is_over=True)
            delete_media(connection, path, key, "whole")
            connection.execute("DELETE FROM progress WHERE media_id = ?", (self.media_id,))
            connection.execute("UPDATE media SET state = 'whole' WHERE id = ?", (self.media_id,))
        return self._library.video(self.media_id)

    def discard(self) -> None:
        """Forget what was read of it."""
        with self._library.transaction() as connection:
            connection.execute("DELETE FROM media WHERE id = ?", (self.media_id,))

    def _update_events(self, connection: sqlite3.Connection, until_s: float, is_over: bool) -> None:
        model_id = model_row(connection, self._embedder) if self._has_picture else None
        update_events(connection, self.media_id, model_id, until_s, is_over, self._segmentation)

    def _reach(
        self, connection: sqlite3.Connection, stage: str, cursor_s: float, is_done: bool, state: bytes
    ) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO progress(media_id, stage, cursor_us, is_done, state) VALUES (?, ?, ?, ?, ?)",
            (self.media_id, stage, to_us(cursor_s), is_done, state),
        )
        if is_done:
            self.progress.done |= {stage}


def _progress_of(library: Library, media_id: int) -> Progress:
    rows = library.rows("SELECT stage, is_done, state FROM progress WHERE media_id = ?", media_id)
    states = {str(stage): bytes(state) for stage, _, state in rows}  # type: ignore[call-overload]
    progress = Progress(done=frozenset(str(stage) for stage, is_done, _ in rows if is_done))
    if "pictures" in states:
        progress.pictures = PictureCursor.from_bytes(states["pictures"], states.get("text", b""))
    if "sound" in states:
        progress.sound = SoundCursor.from_bytes(states["sound"])
    if "captions" in states:
        counts = thawed(states["captions"])
        progress.n_captions, progress.n_damaged_captions = counts["n_pictures"], counts["n_damaged"]
    return progress
