"""The tables of a library file and the steps that bring an older file up to date.

Times are integer microseconds of the container's clock, intervals half-open; vectors are float16
blobs. A video is written batch by batch, each in one transaction together with how far it has come, so
a library holds at all times whole videos, and of others whole batches with the place to go on from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database, Migrations

from .folding import folded

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


_EPISODES = """
CREATE TABLE media_in_state(
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
  state TEXT NOT NULL DEFAULT 'whole' CHECK(state IN ('whole', 'partial')),
  segmentation TEXT NOT NULL DEFAULT '{}',
  UNIQUE(sha256, sidecar_sha256, tracks, state)
);
INSERT INTO media_in_state(id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,
    duration_us, width, height, notes)
  SELECT id, sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings,
    duration_us, width, height, notes
  FROM media;
DROP TABLE media;
ALTER TABLE media_in_state RENAME TO media;
CREATE TRIGGER media_removed AFTER DELETE ON media BEGIN
  DELETE FROM vector_cache;
END;
CREATE TABLE progress(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  stage TEXT NOT NULL,
  cursor_us INTEGER NOT NULL,
  is_done INTEGER NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY(media_id, stage)
);
CREATE TABLE signal(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  t_us INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY(media_id, name, t_us)
) WITHOUT ROWID;
CREATE TABLE mark(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  title TEXT NOT NULL
);
CREATE INDEX mark_by_time ON mark(media_id, start_us);
CREATE TABLE boundary(
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  t_us INTEGER NOT NULL,
  height REAL NOT NULL,
  origin TEXT NOT NULL,
  is_final INTEGER NOT NULL,
  PRIMARY KEY(media_id, t_us)
) WITHOUT ROWID;
INSERT INTO boundary SELECT media_id, start_us, merge_height, 'picture', 1 FROM event WHERE start_us > 0;
ALTER TABLE event ADD COLUMN salience REAL NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN mean BLOB;
ALTER TABLE event ADD COLUMN is_final INTEGER NOT NULL DEFAULT 1;
ALTER TABLE event ADD COLUMN duplicate_of INTEGER REFERENCES event(id) ON DELETE SET NULL;
CREATE INDEX event_by_twin ON event(duplicate_of);
CREATE TABLE event_key(
  event_id INTEGER NOT NULL REFERENCES event(id) ON DELETE CASCADE,
  rank INTEGER NOT NULL,
  sample_id INTEGER NOT NULL REFERENCES sample(id) ON DELETE CASCADE,
  PRIMARY KEY(event_id, rank)
) WITHOUT ROWID;
CREATE INDEX event_key_by_sample ON event_key(sample_id);
CREATE TABLE text_vector(
  text_id INTEGER NOT NULL REFERENCES text(id) ON DELETE CASCADE,
  model_id INTEGER NOT NULL REFERENCES model(id),
  vec BLOB NOT NULL,
  PRIMARY KEY(text_id, model_id)
) WITHOUT ROWID;
DROP TABLE vector_cache;
CREATE TABLE vector_cache(
  model_id INTEGER NOT NULL REFERENCES model(id),
  kind TEXT NOT NULL CHECK(kind IN ('sample', 'event')),
  generation INTEGER NOT NULL,
  n_vectors INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(model_id, kind)
);
CREATE TRIGGER event_removed AFTER DELETE ON event BEGIN
  DELETE FROM vector_cache WHERE kind = 'event';
END;
CREATE TRIGGER event_mean_changed AFTER UPDATE OF mean ON event BEGIN
  DELETE FROM vector_cache WHERE kind = 'event';
END;
CREATE TRIGGER sample_removed AFTER DELETE ON sample BEGIN
  DELETE FROM vector_cache WHERE kind = 'sample' AND model_id = old.model_id;
END;
CREATE TABLE session(name TEXT PRIMARY KEY, turn INTEGER NOT NULL);
CREATE TABLE session_event(
  session TEXT NOT NULL REFERENCES session(name) ON DELETE CASCADE,
  event_id INTEGER NOT NULL REFERENCES event(id) ON DELETE CASCADE,
  added_turn INTEGER NOT NULL,
  PRIMARY KEY(session, event_id)
) WITHOUT ROWID;
CREATE INDEX session_event_by_event ON session_event(event_id);
ALTER TABLE text ADD COLUMN folded TEXT NOT NULL DEFAULT '';
DROP TRIGGER text_added;
DROP TRIGGER text_removed;
DROP TABLE text_word;
DROP TABLE text_fts;
UPDATE text SET folded = vidagent_folded(body);
CREATE VIRTUAL TABLE text_fts USING fts5(
  stems, folded, content='text', content_rowid='id',
  tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
CREATE VIRTUAL TABLE text_word USING fts5vocab(text_fts, 'col');
INSERT INTO text_fts(text_fts) VALUES ('rebuild');
CREATE TRIGGER text_added AFTER INSERT ON text BEGIN
  INSERT INTO text_fts(rowid, stems, folded) VALUES (new.id, new.stems, new.folded);
END;
CREATE TRIGGER text_removed AFTER DELETE ON text BEGIN
  INSERT INTO text_fts(text_fts, rowid, stems, folded) VALUES ('delete', old.id, old.stems, old.folded);
END;
"""


@migrations()
def m003_episodes(db: Database) -> None:
    """A video is remembered batch by batch, and its events in levels, with what is typical of them."""
    db.conn.create_function("vidagent_folded", 1, folded, deterministic=True)
    for statement in _statements(_EPISODES):
        db.execute(statement)


_MEANING = """
CREATE TABLE session_citation(
  session TEXT PRIMARY KEY REFERENCES session(name) ON DELETE CASCADE,
  media_id INTEGER NOT NULL REFERENCES media(id) ON DELETE CASCADE,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_citation_by_media ON session_citation(media_id);
CREATE INDEX text_vector_by_model ON text_vector(model_id, text_id);
DROP TABLE vector_cache;
CREATE TABLE vector_cache(
  model_id INTEGER NOT NULL REFERENCES model(id),
  kind TEXT NOT NULL CHECK(kind IN ('sample', 'event', 'text')),
  generation INTEGER NOT NULL,
  n_vectors INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(model_id, kind)
);
CREATE TRIGGER text_vector_removed AFTER DELETE ON text_vector BEGIN
  DELETE FROM vector_cache WHERE kind = 'text' AND model_id = old.model_id;
END;
"""


@migrations()
def m004_meaning(db: Database) -> None:
    """Texts are found by meaning too, and a session knows the seconds of its last answer."""
    for statement in _statements(_MEANING):
        db.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """The script's statements, one each: ``executescript`` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
