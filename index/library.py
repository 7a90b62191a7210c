"""The library: one SQLite file that remembers many videos, keyed by what they contain."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlite_utils import Database

from ..tools.errors import (
    LibraryBusyError,
    LibraryError,
    LibraryTooNewError,
    StorageFullError,
    UnknownVideoError,
)
from .fingerprint import fingerprint
from .records import ContentKey, Video, to_stored, to_title
from .schema import migrations

BUSY_WAIT_S = 30.0


class Library:
    """A library file, created where there is none.

    Use it as a context manager. Raises ``LibraryTooNewError`` for a file that a newer vidagent wrote,
    ``LibraryBusyError`` while another process writes for too long, ``StorageFullError`` where the disk
    is full, and ``LibraryError`` for a file that is no library or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with mapped(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Transactions are opened by hand: an implicit BEGIN would not be IMMEDIATE.
            connection = sqlite3.connect(path, timeout=BUSY_WAIT_S, isolation_level=None)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self.database = Database(connection)
        self._refuse_newer()
        self._refuse_foreign()
        _keep_a_log(connection)
        connection.execute("PRAGMA synchronous=FULL")
        if migrations.pending(self.database):
            with self.transaction():
                migrations.apply(self.database)
        connection.execute("PRAGMA foreign_keys=ON")

    def _refuse_foreign(self) -> None:
        ((n_tables,),) = self.database.conn.execute("SELECT count(*) FROM sqlite_master")
        if n_tables and not migrations.applied(self.database):
            raise LibraryError(
                f"{self.path}: a database of another program; name another file with --library"
            )

    def _refuse_newer(self) -> None:
        known = {step.name for step in migrations._migrations}
        unknown = [step.name for step in migrations.applied(self.database) if step.name not in known]
        if unknown:
            raise LibraryTooNewError(
                f"{self.path}: written by a newer vidagent (step {unknown[-1]}); "
                "update vidagent, or name another file with --library"
            )

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; further use raises."""
        self.database.conn.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write, whole or not at all; other writers wait their turn."""
        connection = self.database.conn
        with mapped(self.path):
            # Plain BEGIN takes the write lock late and then fails instead of waiting.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """All rows of a query."""
        with mapped(self.path):
            return list(self.database.conn.execute(sql, values))

    def videos(self) -> list[Video]:
        """Every remembered video, by title."""
        return [Video.from_row(row) for row in self.rows(f"{Video.SELECT} ORDER BY title, id")]

    def video(self, media_id: int) -> Video:
        """The video with this id. Raises ``UnknownVideoError`` where there is none."""
        found = self._where("id = ?", media_id)
        if not found:
            raise UnknownVideoError(f"{self.path}: the video was forgotten meanwhile")
        return found[0]

    def unfinished(self, key: ContentKey) -> Video | None:
        """The video of this content that was begun, and of which not all has been read."""
        same = self._where("sha256 = ?", key.sha256)
        alike = [v for v in same if (v.sidecar_sha256, v.tracks) == (key.sidecar_sha256, key.tracks)]
        return next((video for video in alike if not video.is_whole), None)

    def video_of_file(self, path: Path, sidecar_sha256: str, tracks: str = "") -> Video | None:
        """The remembered video with the content of this file and of the subtitles beside it, if any.

        ``tracks`` are those that it was read by, as ``Tracks`` writes them.

        A file that was moved or renamed is recognised and its new place noted; it is still the same
        video when its subtitle file was left behind. A copy without the subtitles is another one: what
        it says has to be heard.
        """
        status = path.stat()
        for video in self._whole("path = ?", to_stored(path)):
            unchanged = (video.size_bytes, video.mtime_ns) == (status.st_size, status.st_mtime_ns)
            if unchanged and (video.sidecar_sha256, video.tracks) == (sidecar_sha256, tracks):
                return video
        if not self._whole("size_bytes = ?", status.st_size):
            return None
        same = [v for v in self._whole("sha256 = ?", fingerprint(path)) if v.tracks == tracks]
        twins = [video for video in same if video.sidecar_sha256 == sidecar_sha256]
        moved = [video for video in same if not sidecar_sha256 and not video.path.exists()]
        return self._noted(path, (twins or moved)[0]) if twins or moved else None

    def _whole(self, condition: str, value: object) -> list[Video]:
        return [video for video in self._where(condition, value) if video.is_whole]

    def _where(self, condition: str, value: object) -> list[Video]:
        return [
            Video.from_row(row) for row in self.rows(f"{Video.SELECT} WHERE {condition} ORDER BY id", value)
        ]

    def _noted(self, path: Path, video: Video) -> Video:
        """The video, from now on known by the place where it was met last."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE media SET path = ?, title = ?, mtime_ns = ? WHERE id = ?",
                (to_stored(path), to_title(path), path.stat().st_mtime_ns, video.id),
            )
        return self._where("id = ?", video.id)[0]

    def find(self, name: str, tracks: str = "") -> Video:
        """The video that a user means by an id, the beginning of an id (4 or more), or of a title.

        Of one that was read by several choices of tracks, ``tracks`` names the one; see ``Tracks``.
        Raises ``UnknownVideoError`` where none or several fit.
        """
        called = [v for v in self.videos() if _is_called(v, name)]
        # What is being read anew is still remembered as it was.
        called = [v for v in called if v.is_whole or not any(o.is_whole and _is_twin(o, v) for o in called)]
        found = [v for v in called if v.tracks == tracks]
        if called and not found and not tracks:
            found = called
        exact = [v for v in found if v.title == name]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if called and not found:
            raise UnknownVideoError(f"{name}: not remembered by {tracks}; name its file to read it so")
        if found:
            titles = ", ".join(f"{v.short_id} {v.title}" for v in found[:4])
            raise UnknownVideoError(f"{name!r} fits {len(found)} videos ({titles}); name one by its id")
        raise UnknownVideoError(f"{name}: no such file, and no remembered video by this name")

    def remove(self, video: Video) -> None:
        """Forget a video; its file is left alone."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM media WHERE id = ?", (video.id,))


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite does not wait here by itself while others do the same."""
    give_up_s = time.monotonic() + BUSY_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_s:
                raise
            time.sleep(0.02)


def _is_twin(video: Video, other: Video) -> bool:
    return (video.sha256, video.sidecar_sha256, video.tracks) == (
        other.sha256, other.sidecar_sha256, other.tracks,
    )  # fmt: skip


def _is_called(video: Video, name: str) -> bool:
    if not name:
        return False
    by_id = len(name) >= 4 and video.sha256.startswith(name.lower())
    return by_id or video.title.casefold().startswith(name.casefold())


@contextmanager
def mapped(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours, each with the way out."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _operational(path, error) from error
    except sqlite3.IntegrityError as error:
        raise LibraryError(f"{path}: changed by another process meanwhile ({error}); try again") from error
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"{path}: not a vidagent library ({error}); name another file with --library"
        ) from error
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}; name another place with --library") from error


def _operational(path: Path, error: sqlite3.OperationalError) -> LibraryError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusyError(
            f"{path}: in use by another process for over {BUSY_WAIT_S:.0f} s; try again later"
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StorageFullError(f"{path}: cannot be written ({error}); make room, nothing was lost")
    return LibraryError(f"{path}: {error}; name another place with --library")
