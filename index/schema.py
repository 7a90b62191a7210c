"""The tables of a library file and the steps that bring an older file up to date.

Times are integer microseconds of the container's clock, intervals half-open; vectors are float16
blobs. A video is written in one transaction, so a library is at all times a set of whole videos.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database, Migrations

migrations = Migrations("vidagent")

_TABLES = """
CREATE TABLE media(
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL,
  path TEXT NOT NULL,
  title TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  sidecar_sha256 TEXT NOT NULL,
  settings TEXT NOT NULL,
  duration_us INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  notes TEXT NOT NULL,
  UNIQUE(sha256, sidecar_sha256)
);
CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL);
CREATE TABLE sample(
  id INTEGER PRIMARY KEY,
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  model_id INTEGER NOT NULL REFERENCES model(id),
  t_us INTEGER NOT NULL,
  vec BLOB NOT NULL,
  UNIQUE(media_id, model_id, t_us)
);
CREATE TABLE event(
  id INTEGER PRIMARY KEY,
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  merge_height REAL NOT NULL,
  gist TEXT NOT NULL,
  UNIQUE(media_id, start_us)
);
CREATE TABLE text(
  id INTEGER PRIMARY KEY,
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  sense TEXT NOT NULL CHECK(sense IN ('speech', 'screen')),
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  body TEXT NOT NULL,
  stems TEXT NOT NULL,
  trust REAL NOT NULL,
  box TEXT
);
CREATE INDEX text_by_time ON text(media_id, sense, start_us);
CREATE TABLE text_part(
  text_id INTEGER NOT NULL REFERENCES text(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX text_part_by_text ON text_part(text_id);
CREATE TABLE voice(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL
);
CREATE INDEX voice_by_time ON voice(media_id, start_us);
CREATE TABLE loudness(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  hop_us INTEGER NOT NULL,
  levels_db BLOB NOT NULL
);
CREATE TABLE coverage(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  sense TEXT NOT NULL,
  engine TEXT NOT NULL,
  share REAL NOT NULL,
  n_looks INTEGER NOT NULL,
  trust REAL NOT NULL
);
CREATE INDEX coverage_by_media ON coverage(media_id);
CREATE TABLE vector_cache(
  model_id INTEGER PRIMARY KEY REFERENCES model(id),
  n_vectors INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  sha256 TEXT NOT NULL
);
CREATE VIRTUAL TABLE text_fts USING fts5(
  stems, content='text', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE text_word USING fts5vocab(text_fts, 'row');
CREATE TRIGGER text_added AFTER INSERT ON text BEGIN
  INSERT INTO text_fts(rowid, stems) VALUES (new.id, new.stems);
END;
CREATE TRIGGER media_removed AFTER DELETE ON media BEGIN
  DELETE FROM vector_cache;
END;
CREATE TRIGGER text_removed AFTER DELETE ON text BEGIN
  INSERT INTO text_fts(text_fts, rowid, stems) VALUES ('delete', old.id, old.stems);
END;
"""


@migrations()
def m001_first_tables(db: Database) -> None:
    """The tables of the first version."""
    for statement in _statements(_TABLES):
        db.execute(statement)


_TRACKS = """
CREATE TABLE media_by_tracks(
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL,
  path TEXT NOT NULL,
  title TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  sidecar_sha256 TEXT NOT NULL,
  tracks TEXT NOT NULL,
  settings TEXT NOT NULL,
  duration_us INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  notes TEXT NOT NULL,
  UNIQUE(sha256, sidecar_sha256, tracks)
);
INSERT INTO media_by_tracks
  SELECT id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, '', settings, duration_us, width, height, notes
  FROM media;
DROP TABLE media;
ALTER TABLE media_by_tracks RENAME TO media;
CREATE TRIGGER media_removed AFTER DELETE ON media BEGIN
  DELETE FROM vector_cache;
END;
CREATE TABLE lost(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  sense TEXT NOT NULL CHECK(sense IN ('picture', 'sound')),
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL
);
CREATE INDEX lost_by_media ON lost(media_id, sense, start_us);
"""


@migrations()
def m002_tracks_and_losses(db: Database) -> None:
    """A video is remembered once for each choice of tracks, and knows what damage hid of it.

    Foreign keys have to be off meanwhile: the rows of a dropped table would take theirs along.
    """
    for statement in _statements(_TRACKS):
        db.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements, one each: ``executescript`` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
