"""Whether a library holds what it promises: rules about the file, the tables, the videos, the vectors."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from .library import Library
from .records import Video
from .schema import migrations
from .tables import table_names
from .timeline import CUT_BY

_BATCH = 4096
# Half floats round a unit vector's length by less than this.
_NORM_TOLERANCE = 0.01
_RESTORE = "go back to a copy of the file, or save its videos: vidagent library export VIDEO… -o NEW.db"


@dataclass(frozen=True)
class Finding:
    """What is not as it should be, in one line, and what to do about it."""

    what: str
    remedy: str


# Each selects the id of a video that breaks the rule and how often it does.
_RULES = {
    "event(s) that overlap, are empty or leave a hole": """
        SELECT media_id, count(*) FROM (
          SELECT media_id, start_us, end_us,
            lag(end_us, 1, 0) OVER (PARTITION BY media_id ORDER BY start_us) AS before_us FROM event)
        WHERE start_us <> before_us OR end_us <= start_us GROUP BY media_id""",
    "end of the last event that is not the end of the video": """
        SELECT id, 1 FROM media WHERE state = 'whole'
        AND duration_us <> coalesce((SELECT max(end_us) FROM event WHERE media_id = media.id), -1)""",
    "boundary(s) outside the video": """
        SELECT media_id, count(*) FROM boundary JOIN media ON media.id = media_id
        WHERE t_us <= 0 OR (state = 'whole' AND t_us >= duration_us) GROUP BY media_id""",
    "picture(s) outside the video": """
        SELECT media_id, count(*) FROM sample JOIN media ON media.id = media_id
        WHERE t_us < 0 OR (state = 'whole' AND t_us > duration_us) GROUP BY media_id""",
    "text(s) that end before they begin": """
        SELECT media_id, count(*) FROM text WHERE start_us < 0 OR end_us < start_us GROUP BY media_id""",
    "typical picture(s) of another video": """
        SELECT event.media_id, count(*) FROM event_key JOIN event ON event.id = event_id
        JOIN sample ON sample.id = sample_id WHERE sample.media_id <> event.media_id GROUP BY event.media_id""",
    "event(s) that repeat none before them": """
        SELECT event.media_id, count(*) FROM event JOIN event AS twin ON twin.id = event.duplicate_of
        WHERE twin.media_id <> event.media_id OR twin.start_us >= event.start_us GROUP BY event.media_id""",
    "list(s) that cannot be read": """
        SELECT id, 1 FROM media WHERE NOT (json_valid(notes) AND json_valid(segmentation))
        UNION ALL
        SELECT media_id, count(*) FROM text WHERE NOT json_valid(coalesce(box, '[]')) GROUP BY media_id""",
}
_VECTORS = {
    "picture": "SELECT media_id, vec, dimension FROM sample JOIN model ON model.id = model_id",
    "text": "SELECT media_id, vec, dimension FROM text_vector JOIN text ON text.id = text_id"
    " JOIN model ON model.id = model_id",
    # An event's mean is of the model that its video is cut by; of what cancels out it is zero.
    "event": "SELECT media_id, mean, dimension FROM event"
    f" JOIN (SELECT id AS looked_at, ({CUT_BY.format(media_id='media.id')}) AS cut_by FROM media)"
    " ON looked_at = media_id JOIN model ON model.id = cut_by WHERE mean <> zeroblob(length(mean))",
}
# The place of a file whose name is no text is kept as bytes.
_TEXT_OR_BYTES = {("media", "path")}


def findings(library: Library) -> list[Finding]:
    """Whatever is wrong with the tables of a library that nobody else writes to; empty where it is sound.

    Each rule is looked at only where the ones below it hold: the file, its tables, what stands in them.
    """
    for layer in (_of_the_file, _of_the_tables, _of_the_values, _of_the_videos):
        found = list(layer(library))
        if found:
            return found
    return []


def _of_the_file(library: Library) -> Iterator[Finding]:
    for (line,) in library.rows("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield Finding(f"the file is damaged: {line}", _RESTORE)


def _of_the_tables(library: Library) -> Iterator[Finding]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        database = Database(connection)
        migrations.apply(database)
        wanted = _names(connection)
    for kind, name in sorted(wanted ^ _names(library.database.conn)):
        state = "is missing" if (kind, name) in wanted else "is none of vidagent's"
        yield Finding(f"the {kind} {name} {state}", _RESTORE)


def _names(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    # Statistics that SQLite keeps for itself come and go.
    return set(
        connection.execute(
            "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    )


def _of_the_values(library: Library) -> Iterator[Finding]:
    for table, _, parent, _ in library.rows("PRAGMA foreign_key_check"):
        yield Finding(f"a row of {table} belongs to no {parent}", _RESTORE)
    for table in table_names(library.database.conn):
        yield from _of_the_types(library, table)
    if not _has_all_words(library.database.conn):
        yield Finding("the index of words does not agree with the texts", "run: vidagent library compact")


def _has_all_words(connection: sqlite3.Connection) -> bool:
    try:
        # Rank 1 compares the words with the texts, too.
        connection.execute("INSERT INTO text_fts(text_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return False
    return True


def _of_the_types(library: Library, table: str) -> Iterator[Finding]:
    for _, column, declared, *_ in library.rows(f"PRAGMA table_info({table})"):
        kinds = [str(declared).lower(), "blob" if (table, column) in _TEXT_OR_BYTES else "null", "null"]
        query = f"SELECT count(*) FROM {table} WHERE typeof({column}) NOT IN {tuple(kinds)}"
        ((n_wrong,),) = library.rows(query)
        if n_wrong:
            yield Finding(f"{n_wrong} value(s) of {table}.{column} are not of its kind", _RESTORE)


def _of_the_videos(library: Library) -> Iterator[Finding]:
    videos = {video.id: video for video in library.videos()}
    for what, rule in _RULES.items():
        for media_id, n in library.rows(rule):
            yield _of_a_video(videos[int(str(media_id))], f"{n} {what}")
    for kind, query in _VECTORS.items():
        for media_id, n in sorted(_n_bad_vectors(library, query).items()):
            yield _of_a_video(videos[media_id], f"{n} {kind} vector(s) of a wrong size or length")


def _of_a_video(video: Video, what: str) -> Finding:
    remedy = f"read it again: vidagent ingest --force {video.path}"
    return Finding(f"{video.short_id} {video.title}: {what}", remedy)


def _n_bad_vectors(library: Library, query: str) -> Counter[int]:
    """How many vectors of each video are not finite unit vectors of their model's dimension."""
    n_bad: Counter[int] = Counter()
    cursor = library.database.conn.execute(query)
    while rows := cursor.fetchmany(_BATCH):
        for dimension in {row[2] for row in rows}:
            ids = [row[0] for row in rows if row[2] == dimension]
            good = _are_unit([row[1] for row in rows if row[2] == dimension], dimension)
            n_bad.update(media_id for media_id, is_good in zip(ids, good, strict=True) if not is_good)
    return n_bad


def _are_unit(blobs: list[bytes], dimension: int) -> npt.NDArray[np.bool_]:
    good = np.array([0 < len(blob) == 2 * dimension for blob in blobs])
    data = b"".join(blob for blob, fits in zip(blobs, good, strict=True) if fits)
    vectors = np.frombuffer(data, np.float16).reshape(-1, max(1, dimension)).astype(np.float32)
    # What is not finite has no length that is near 1.
    good[good] = np.abs(np.linalg.norm(vectors, axis=1) - 1) <= _NORM_TOLERANCE
    return good
