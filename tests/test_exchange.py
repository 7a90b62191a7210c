"""Videos change libraries whole, once each, and the same whichever way they come together."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from conftest import make_file, make_findings
from hypothesis import given, settings
from hypothesis import strategies as st
from memories import store
from sqlite_utils import Database

from vidagent.index.exchange import export, merge
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recall import search_pictures, search_texts
from vidagent.index.records import ContentKey, Event, Video
from vidagent.index.schema import migrations
from vidagent.index.tables import tables_of_videos
from vidagent.index.upkeep import check
from vidagent.tools.clock import Span
from vidagent.tools.errors import LibraryError, LibraryTooNewError, RequestError
from vidagent.tools.roles import Vectors

Content = list[tuple[object, ...]]


@dataclass(frozen=True)
class Reading:
    """A video as some machine read it: ``n`` pictures of a model with vectors of ``dimension`` numbers."""

    name: str
    n: int = 4
    dimension: int = 8
    sidecar: str = ""
    machine: str = "/here"


def unit(n: int, dimension: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(n, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def put(library: Library, reading: Reading) -> Video:
    """Remembers a reading with rows in every table."""
    file = make_file(library.path.parent / f"{reading.name}.mp4")
    seed = sum(map(ord, reading.name))
    findings = make_findings(
        texts=[(i, i + 1, f"{reading.name} says sentence {i}") for i in range(reading.n)],
        shown=[(0, 5, f"{reading.name.upper()} ON A SLIDE")],
        vectors=unit(reading.n, reading.dimension, seed),
        events=[Event(Span(0, 20), 1.0, "first"), Event(Span(20, 60), 0.5, reading.name)],
        voice=[Span(1, 2)],
        notes=[f"read with {reading.n} pictures"],
    )
    video = store(library, file, ContentKey(f"{seed:064x}", reading.sidecar), f"{reading.n}", findings)
    file.unlink()
    with library.transaction() as connection:
        place = f"{reading.machine}/{reading.name}.mp4"
        connection.execute("UPDATE media SET path = ?, mtime_ns = 5 WHERE id = ?", (place, video.id))
        for table in ("progress VALUES (?, 'pictures', 60000000, 1, x'00')", "signal VALUES (?, 'text', 0, 0.5)",
                      "mark VALUES (?, 0, 9, 'chapter')", "lost VALUES (?, 'sound', 3, 4)"):  # fmt: skip
            connection.execute(f"INSERT OR REPLACE INTO {table}", (video.id,))
        events = [
            row[0] for row in connection.execute("SELECT id FROM event WHERE media_id = ?", (video.id,))
        ]
        connection.execute("UPDATE event SET duplicate_of = ? WHERE id = ?", events[:2])
        connection.execute("INSERT INTO event_key SELECT ?, 0, min(id) FROM sample WHERE media_id = ?",
                           (events[1], video.id))  # fmt: skip
        # fmt: off
        connection.execute("INSERT INTO text_vector SELECT text.id, model_id, vec FROM text, sample"
                           " WHERE text.media_id = ? AND sample.media_id = ? AND t_us = 0", (video.id,) * 2)
    return video


def shard_of(path: Path, readings: Sequence[Reading]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with Library(path) as library:
        for reading in readings:
            put(library, reading)
    return path


def content(library: Library) -> Content:
    """All that is remembered, in an order and in words that do not depend on ids."""
    videos, models = names(library, "media"), dict(library.rows("SELECT id, name FROM model"))
    events = keyed(library, "SELECT id, media_id, start_us FROM event", videos)
    texts = keyed(library, "SELECT id, media_id, sense, start_us, body FROM text", videos)
    samples = keyed(library, "SELECT id, media_id, t_us FROM sample", videos)
    known = {"media": videos, "model": models, "event": events, "text": texts, "sample": samples}
    rows: Content = []
    for table in tables_of_videos(library.database.conn):
        for row in library.rows(f"SELECT {', '.join(table.columns)} FROM {table.name}"):
            told: list[object] = [table.name]
            for column, value in zip(table.columns, row, strict=True):
                ids = known[table.references[column]] if column in table.references else None
                told.append("" if column == "id" else value if ids is None or value is None else ids[value])
            rows.append(tuple(told))
    return sorted(rows, key=repr)


def names(library: Library, table: str) -> dict[object, object]:
    return {
        row[0]: row[1:] for row in library.rows(f"SELECT id, sha256, sidecar_sha256, tracks FROM {table}")
    }


def keyed(library: Library, query: str, videos: dict[object, object]) -> dict[object, object]:
    return {row[0]: (videos[row[1]], *row[2:]) for row in library.rows(query)}


def merged_content(path: Path, shards: Sequence[Path]) -> Content:
    with Library(path) as library:
        merge(library, shards)
        found = content(library)
    assert check(path) == []
    return found


TALK, SONG, FILM = Reading("talk"), Reading("song", n=7), Reading("film", dimension=5)


# ---- merging


def test_what_is_merged_is_what_was_there(tmp_path: Path) -> None:
    shard = shard_of(tmp_path / "one.db", [TALK, SONG])
    with Library(shard) as library:
        before = content(library)
    assert {row[0] for row in before} >= {
        "sample",
        "event_key",
        "text_vector",
        "boundary",
        "lost",
        "progress",
    }
    assert merged_content(tmp_path / "all.db", [shard]) == before


def test_ids_are_made_new_and_all_refers_to_its_own(tmp_path: Path) -> None:
    shard = shard_of(tmp_path / "one.db", [SONG])
    home = shard_of(tmp_path / "home.db", [TALK, FILM])
    with Library(home) as library:
        (song,) = merge(library, [shard]).added
        memory = Memory(library, song)
        assert [text.body for text in memory.texts("screen")] == ["SONG ON A SLIDE"]
        assert [text.body for text in search_texts(memory, ["sentence"])] == [
            f"song says sentence {i}" for i in range(7)
        ]
        vector = unit(7, 8, sum(map(ord, "song")))[3]
        assert search_pictures(memory, "made-up-8", vector, 1)[0] == (3.0, pytest.approx(1.0, abs=2e-3))
    assert check(home) == []


def test_a_video_in_several_files_is_kept_once_and_named(tmp_path: Path) -> None:
    one = shard_of(tmp_path / "one.db", [TALK, SONG])
    two = shard_of(tmp_path / "two.db", [TALK, FILM])
    with Library(tmp_path / "all.db") as library:
        merged = merge(library, [one, two])
        assert sorted(video.title for video in merged.added) == ["film", "song", "talk"]
        assert [video.title for video in merged.kept] == ["talk"]
        assert len(library.videos()) == 3
        again = merge(library, [two, one])
        assert (len(again.added), len(again.kept), len(library.videos())) == (0, 4, 3)


def test_the_closer_reading_takes_the_place_of_the_other(tmp_path: Path) -> None:
    close, coarse = Reading("talk", n=9), Reading("talk", n=2)
    home = shard_of(tmp_path / "home.db", [coarse])
    with Library(home) as library:
        merged = merge(library, [shard_of(tmp_path / "close.db", [close])])
        assert [video.title for video in merged.replaced] == ["talk"]
        assert library.videos()[0].notes == ("read with 9 pictures",)
        kept = merge(library, [shard_of(tmp_path / "coarse.db", [coarse])]).kept
        assert [video.notes for video in kept] == [("read with 9 pictures",)]
    assert check(home) == []


def test_other_subtitles_make_another_video(tmp_path: Path) -> None:
    home = shard_of(tmp_path / "home.db", [TALK])
    with Library(home) as library:
        merge(library, [shard_of(tmp_path / "one.db", [Reading("talk", sidecar="ab")])])
        assert sorted(video.sidecar_sha256 for video in library.videos()) == ["", "ab"]


readings = st.builds(
    Reading,
    name=st.sampled_from(["talk", "song", "film"]),
    n=st.integers(1, 3),
    sidecar=st.sampled_from(["", "ab"]),
    machine=st.sampled_from(["/a", "/b"]),
)


@given(st.lists(st.lists(readings, max_size=3), min_size=2, max_size=3))
@settings(max_examples=15, deadline=None)
def test_shards_give_the_same_in_any_order_and_grouping(parts: list[list[Reading]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = [shard_of(folder / f"s{i}" / "shard.db", part) for i, part in enumerate(parts)]
        orders = list(permutations(shards))
        found = [merged_content(folder / f"all{i}.db", order) for i, order in enumerate(orders)]
        with Library(folder / "step.db") as library:
            for shard in shards:
                merge(library, [shard])
            found.append(content(library))
        assert all(other == found[0] for other in found)
        keys = {(reading.name, reading.sidecar) for part in parts for reading in part}
        assert sum(row[0] == "media" for row in found[0]) == len(keys)


def test_a_video_not_read_to_its_end_is_left_out_and_named(tmp_path: Path) -> None:
    shard = shard_of(tmp_path / "one.db", [TALK, SONG])
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute("UPDATE media SET state = 'partial' WHERE title = 'song'")
    with Library(tmp_path / "all.db") as library:
        merged = merge(library, [shard])
        assert [video.title for video in merged.left_out] == ["song"]
        assert [video.title for video in library.videos()] == ["talk"]


def test_a_whole_video_takes_the_place_of_one_half_read(tmp_path: Path) -> None:
    home = shard_of(tmp_path / "home.db", [Reading("talk", n=9)])
    with Library(home) as library:
        library.rows("UPDATE media SET state = 'partial'")
        merge(library, [shard_of(tmp_path / "one.db", [Reading("talk", n=2)])])
        assert [(video.is_whole, video.notes) for video in library.videos()] == [
            (True, ("read with 2 pictures",))
        ]


def test_the_memory_of_sessions_stays_where_it_is(tmp_path: Path) -> None:
    shard = shard_of(tmp_path / "one.db", [TALK])
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute("INSERT INTO session(name, turn) VALUES ('mine', 3)")
        connection.execute("INSERT INTO session_event SELECT 'mine', min(id), 3 FROM event")
    with Library(tmp_path / "all.db") as library:
        assert len(merge(library, [shard]).added) == 1
        assert library.rows("SELECT count(*) FROM session") == [(0,)]
    assert check(tmp_path / "all.db") == []


# ---- whole or not at all


def assert_refused(
    home: Path, files: Sequence[Path], told: str, kind: type[LibraryError] = LibraryError
) -> None:
    """Merging ends in one line, and neither the library nor the files are any different."""
    with Library(home) as library:
        before, data = content(library), [file.read_bytes() for file in files]
        with pytest.raises(kind, match=told) as caught:
            merge(library, files)
        assert len(str(caught.value).splitlines()) == 1
        assert content(library) == before
        assert [file.read_bytes() for file in files] == data


def test_vectors_of_another_dimension_are_refused_by_the_name_of_the_model(tmp_path: Path) -> None:
    home = shard_of(tmp_path / "home.db", [TALK])
    good = shard_of(tmp_path / "good.db", [FILM])
    other = shard_of(tmp_path / "other.db", [Reading("song", dimension=16)])
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("UPDATE model SET name = 'made-up-8'")
    assert_refused(home, [good, other], "made-up-8 have 16 numbers, those of the library 8")


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    home, shard = shard_of(tmp_path / "home.db", [TALK]), shard_of(tmp_path / "one.db", [SONG])
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('vidagent', 'm999', '')"
        )
    assert_refused(home, [shard], f"{shard}: written by a newer vidagent", LibraryTooNewError)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    home, shard = shard_of(tmp_path / "home.db", [TALK]), tmp_path / "places.db"
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute("CREATE TABLE media(id INTEGER PRIMARY KEY, path TEXT)")
    assert_refused(home, [shard], f"{shard}: a database of another program")


@pytest.mark.parametrize("data", [b"Dear diary\n" * 900, b"SQLite format 3\0 but not really" * 99])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, data: bytes) -> None:
    home = shard_of(tmp_path / "home.db", [TALK])
    (tmp_path / "notes.txt").write_bytes(data)
    assert_refused(home, [tmp_path / "notes.txt"], "notes.txt: not a vidagent library")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE sample SET vec = x'0000'",
        "DELETE FROM media",
        "DELETE FROM event",
        "UPDATE text SET start_us = 'noon'",
        "CREATE VIEW extra AS SELECT 1",
    ],
)
def test_a_file_that_is_not_sound_is_refused(tmp_path: Path, harm: str) -> None:
    home, shard = shard_of(tmp_path / "home.db", [TALK]), shard_of(tmp_path / "one.db", [SONG])
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute(harm)
    assert_refused(home, [shard], "one.db: not sound")


def test_ids_beyond_all_counting_are_refused(tmp_path: Path) -> None:
    home, shard = shard_of(tmp_path / "home.db", [TALK]), shard_of(tmp_path / "one.db", [SONG])
    with closing(sqlite3.connect(shard)) as connection, connection:
        connection.execute("DELETE FROM event_key")
        connection.execute("UPDATE sample SET id = 9223372036854775807 WHERE t_us = 0")
    assert_refused(home, [shard], "the ids of its sample rows")


def test_a_missing_file_is_named_and_not_made(tmp_path: Path) -> None:
    with (
        Library(tmp_path / "home.db") as library,
        pytest.raises(LibraryError, match=r"none\.db: no library there"),
    ):
        merge(library, [tmp_path / "none.db"])
    assert not (tmp_path / "none.db").exists()


def test_an_older_file_is_brought_up_to_date_on_a_copy(tmp_path: Path) -> None:
    shard = tmp_path / "first.db"
    with closing(sqlite3.connect(shard)) as connection:
        migrations.apply(Database(connection), stop_before="m002_tracks_and_losses")
        connection.executescript(
            "INSERT INTO media VALUES (7, 'ab12cd34', '/talk.mp4', 'talk', 9, 5, '', '{}', 60000000, 64, 36, '[]');"
            "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (7, 0, 60000000, 1.0, 'a talk');"
            "INSERT INTO text VALUES (11, 7, 'speech', 0, 9, 'A light.', 'a light', 0.9, NULL);"
        )
    before = shard.read_bytes()
    home = shard_of(tmp_path / "home.db", [SONG])
    with Library(home) as library:
        (video,) = merge(library, [shard]).added
        assert [text.body for text in search_texts(Memory(library, video), ["light"])] == ["A light."]
    assert shard.read_bytes() == before
    assert check(home) == []


# ---- exporting


def test_an_exported_file_is_a_library_of_these_videos_only(tmp_path: Path) -> None:
    home, target = shard_of(tmp_path / "home.db", [TALK, FILM, SONG]), tmp_path / "out.db"
    with Library(home) as library:
        export(library, [library.find("song"), library.find("talk")], target)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["home.db", "out.db"]
    assert check(target) == []
    with Library(target) as made, Library(shard_of(tmp_path / "same.db", [TALK, SONG])) as same:
        assert content(made) == content(same)
        assert [name for (name,) in made.rows("SELECT name FROM model")] == ["made-up-8"]


def test_an_exported_file_can_be_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    with Library(shard_of(tmp_path / "home.db", [TALK])) as library:
        export(library, library.videos(), folder / "out.db")
    (folder / "out.db").chmod(0o444)
    folder.chmod(0o555)
    assert merged_content(tmp_path / "all.db", [folder / "out.db"])
    folder.chmod(0o755)
    assert [file.name for file in folder.iterdir()] == ["out.db"]


def test_what_goes_out_and_comes_back_is_the_same(tmp_path: Path) -> None:
    home = shard_of(tmp_path / "home.db", [TALK, SONG])
    with Library(home) as library:
        before = content(library)
        export(library, library.videos(), tmp_path / "out.db")
        assert len(merge(library, [tmp_path / "out.db"]).kept) == 2
        for video in library.videos():
            library.remove(video)
        merge(library, [tmp_path / "out.db"])
        assert content(library) == before


def test_a_file_is_replaced_only_by_force_and_with_its_log(tmp_path: Path) -> None:
    home, target = shard_of(tmp_path / "home.db", [TALK]), shard_of(tmp_path / "out.db", [SONG])
    with closing(sqlite3.connect(target)) as connection, connection:
        connection.execute("UPDATE media SET title = 'unsaved'")
        connection.commit()
        shutil.copy(f"{target}-wal", tmp_path / "kept-wal")
    shutil.copy(tmp_path / "kept-wal", f"{target}-wal")
    with Library(home) as library:
        before = target.read_bytes()
        with pytest.raises(RequestError, match="--force"):
            export(library, library.videos(), target)
        assert target.read_bytes() == before
        export(library, library.videos(), target, force=True)
    with Library(target) as made:
        assert [video.title for video in made.videos()] == ["talk"]


def test_a_library_is_not_written_over_itself(tmp_path: Path) -> None:
    home = shard_of(tmp_path / "home.db", [TALK])
    (tmp_path / "link.db").symlink_to(home)
    with Library(home) as library:
        for target in (home, tmp_path / "link.db"):
            with pytest.raises(RequestError, match="the library itself"):
                export(library, library.videos(), target, force=True)
    assert check(home) == []


def test_a_video_not_read_to_its_end_is_not_exported(tmp_path: Path) -> None:
    with Library(shard_of(tmp_path / "home.db", [TALK])) as library:
        library.rows("UPDATE media SET state = 'partial'")
        with pytest.raises(RequestError, match="not read to its end"):
            export(library, library.videos(), tmp_path / "out.db")
    assert not (tmp_path / "out.db").exists()


def test_no_place_to_export_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        Library(shard_of(tmp_path / "home.db", [TALK])) as library,
        pytest.raises(LibraryError, match="file"),
    ):
        export(library, library.videos(), tmp_path / "file" / "out.db")
