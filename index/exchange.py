"""Videos that change libraries: taken out into a file of their own, and put in from such files."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..tools.errors import LibraryError, RequestError
from .library import Library, mapped
from .records import Video
from .relocation import Relocation
from .snapshot import Snapshot
from .soundness import findings

_LOGS = ("-wal", "-shm", "-journal")


@dataclass
class Merged:
    """What became of the videos of some files.

    ``kept`` were there already, ``replaced`` took the place of what was there, read less closely, and
    ``left_out`` were not read to their end.
    """

    added: list[Video] = field(default_factory=list)
    kept: list[Video] = field(default_factory=list)
    replaced: list[Video] = field(default_factory=list)
    left_out: list[Video] = field(default_factory=list)


def merge(library: Library, files: Sequence[Path]) -> Merged:
    """Put all videos of other libraries into one, whole or not at all; the files are only read.

    A video that several hold, read by the same tracks, is kept once: the one that was read most closely,
    whatever the order of the files. Files of an older version are brought up to date on a copy.

    Raises ``LibraryTooNewError`` for a file of a newer version, ``LibraryError`` for a file that is no
    library, is not sound, or has vectors of another dimension under a model's name, and what writing raises.
    """
    merged = Merged()
    with ExitStack() as stack:
        shards = [stack.enter_context(_sound(file)) for file in files]
        with library.transaction() as connection:
            # Rows may refer to others that come later.
            connection.execute("PRAGMA defer_foreign_keys=ON")
            for shard in shards:
                _take_in(connection, shard, merged)
    return merged


def export(library: Library, videos: Sequence[Video], target: Path, force: bool = False) -> None:
    """Write a library file that holds these videos and nothing else.

    Raises ``RequestError`` for a file that is there already and not to be replaced, for the library itself,
    and for a video that was not read to its end; ``LibraryError`` where the file cannot be written.
    """
    _refuse(library, videos, target, force)
    part = target.with_name(f"{target.name}.part")
    _remove(part, "", *_LOGS)
    try:
        _write(library, videos, part)
        # What an old file's log holds would be taken for the new one's.
        _remove(target, *_LOGS)
        with mapped(target):
            os.replace(part, target)
    finally:
        _remove(part, "", *_LOGS)


@contextmanager
def _sound(file: Path) -> Iterator[Library]:
    with Snapshot(file) as shard:
        if found := findings(shard):
            more = f"vidagent library check --library {file}"
            raise LibraryError(f"{file}: not sound ({found[0].what}); to see all: {more}")
        yield shard


def _take_in(connection: sqlite3.Connection, shard: Library, merged: Merged) -> None:
    relocation = Relocation(shard, connection)
    for video in shard.videos():
        there = _same_in(connection, video)
        if not video.is_whole:
            merged.left_out.append(video)
        elif there is None:
            merged.added.append(relocation(video))
        elif _closeness(connection, there) >= _closeness(shard.database.conn, video):
            merged.kept.append(there)
        else:
            connection.execute("DELETE FROM media WHERE id = ?", (there.id,))
            merged.replaced.append(relocation(video))


def _same_in(connection: sqlite3.Connection, video: Video) -> Video | None:
    """The same video there, where possible one that was read to its end."""
    row = connection.execute(
        f"{Video.SELECT} WHERE sha256 = ? AND sidecar_sha256 = ? AND tracks = ? ORDER BY state DESC",
        (video.sha256, video.sidecar_sha256, video.tracks),
    ).fetchone()
    return Video.from_row(row) if row else None


def _closeness(connection: sqlite3.Connection, video: Video) -> tuple[object, ...]:
    """How closely a video was read; what only makes sure that one of two comes first stands behind."""
    numbers = connection.execute(
        "SELECT state = 'whole', (SELECT count(*) FROM sample WHERE media_id = media.id),"
        " (SELECT count(*) FROM text WHERE media_id = media.id), settings, segmentation, notes"
        " FROM media WHERE id = ?",
        (video.id,),
    ).fetchone()
    return (*numbers, video.path.exists(), str(video.path), video.mtime_ns)


def _refuse(library: Library, videos: Sequence[Video], target: Path, force: bool) -> None:
    if target.exists() and library.path.exists() and target.samefile(library.path):
        raise RequestError(f"{target}: this is the library itself; name another file with -o")
    if target.exists() and not force:
        raise RequestError(f"{target}: there is such a file already; --force replaces it")
    for video in videos:
        if not video.is_whole:
            raise RequestError(f"{video.title}: not read to its end yet; run: vidagent ingest {video.path}")


def _write(library: Library, videos: Sequence[Video], part: Path) -> None:
    with Library(part) as made:
        # One moment of the library, whatever others write meanwhile.
        library.rows("BEGIN")
        try:
            with made.transaction() as connection:
                connection.execute("PRAGMA defer_foreign_keys=ON")
                relocation = Relocation(library, connection)
                for video in videos:
                    relocation(video)
        finally:
            library.rows("ROLLBACK")
        # A single file, which can be read from where nothing can be written.
        made.rows("PRAGMA journal_mode=DELETE")


def _remove(file: Path, *endings: str) -> None:
    with mapped(file):
        for ending in endings:
            file.with_name(file.name + ending).unlink(missing_ok=True)
