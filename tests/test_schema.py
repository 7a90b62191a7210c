"""A library file is made once, is known again, and is left alone when it is not one of ours."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from children import exit_code_of
from memories import Findings, store
from sqlite_utils import Database

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recall import search_texts
from vidagent.index.records import ContentKey
from vidagent.index.schema import migrations
from vidagent.tools.errors import LibraryError, LibraryTooNewError, StorageFullError

TABLES = (
    "media",
    "sample",
    "event",
    "text",
    "text_part",
    "voice",
    "loudness",
    "coverage",
    "lost",
    "text_fts",
    "text_word",
)
NOBODY = 65534
# One row of each table that the first version had, and what belongs to it.
FIRST_ROWS = """
INSERT INTO media VALUES (7, 'ab12cd34', '/films/talk.mp4', 'talk', 1000, 5, '', '{}', 60000000, 640, 360, '["mono"]');
INSERT INTO model VALUES (3, 'made-up-2', 2);
INSERT INTO sample(media_id, model_id, t_us, vec) VALUES (7, 3, 0, x'003C0000'), (7, 3, 500000, x'0000003C');
INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (7, 0, 60000000, 1.0, 'a talk');
INSERT INTO text VALUES (11, 7, 'speech', 1000000, 2500000, 'The lighthouse burns.', 'the lighthous burn', 0.9, NULL);
INSERT INTO text VALUES (12, 7, 'screen', 3000000, 4000000, 'WAY OUT', 'way out', 1.0, '[0.1, 0.1, 0.9, 0.2]');
INSERT INTO text_part VALUES (11, 1000000, 2000000, 'The lighthouse'), (11, 2000000, 2500000, 'burns.');
INSERT INTO voice VALUES (7, 1000000, 2500000);
INSERT INTO loudness VALUES (7, 0, 100000, x'C4C4');
INSERT INTO coverage VALUES (7, 'picture', 'made-up-2', 1.0, 2, 1.0);
INSERT INTO vector_cache VALUES (3, 2, 2, 'ff');
"""


def steps_in(path: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT migration_set, name, applied_at FROM _sqlite_migrations"))


def refusal(path: Path) -> LibraryError:
    """The error of opening, which must be one line that names the file."""
    with pytest.raises(LibraryError) as caught:
        Library(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


def refusal_code(path: Path) -> int:
    """0 where opening the library ends in a ``LibraryError`` and nothing else."""
    try:
        Library(path).close()
    except LibraryError:
        return 0
    except BaseException:
        return 2
    return 1


def test_a_new_library_notes_the_steps_that_made_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "library.sqlite"
    Library(path).close()
    assert [(owner, name) for owner, name, _ in steps_in(path)] == [
        ("vidagent", step.name) for step in migrations._migrations
    ]
    assert steps_in(path)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    Library(path).close()
    before, steps = path.read_bytes(), steps_in(path)
    with Library(path) as library:
        assert library.videos() == []
    assert (path.read_bytes(), steps_in(path)) == (before, steps)


def test_two_may_hold_the_library_open(tmp_path: Path) -> None:
    with Library(tmp_path / "library.sqlite") as one, Library(tmp_path / "library.sqlite") as other:
        assert one.videos() == other.videos() == []


def test_the_file_is_as_safe_as_it_promises(library: Library) -> None:
    assert library.rows("PRAGMA journal_mode") == [("wal",)]
    assert library.rows("PRAGMA synchronous") == [(2,)]
    assert library.rows("PRAGMA foreign_keys") == [(1,)]


def test_the_library_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    Library(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('vidagent', 'm999_later', '')"
        )
    before = path.read_bytes()
    error = refusal(path)
    assert type(error) is LibraryTooNewError
    assert "m999_later" in str(error)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["library.sqlite"]


@pytest.mark.parametrize(
    "data", [b"Dear diary,\n" * 500, b"\0" * 8192, b"SQLite format 3\0 but not really" * 99]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    assert type(refusal(path)) is LibraryError
    assert path.read_bytes() == data


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmark(url TEXT)")
        connection.execute("INSERT INTO bookmark VALUES ('https://example.org')")
    before = path.read_bytes()
    assert type(refusal(path)) is LibraryError
    assert path.read_bytes() == before


def test_a_folder_is_no_library(tmp_path: Path) -> None:
    assert type(refusal(tmp_path)) is LibraryError


def test_a_place_below_a_file_is_no_place_for_a_library(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert type(refusal(tmp_path / "file" / "library.sqlite")) is LibraryError


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    if is_there:
        Library(folder / "library.sqlite").close()
        (folder / "library.sqlite").chmod(0o444)
    folder.chmod(0o555)

    def open_as_nobody() -> int:
        # A relative path: whoever is no superuser may be kept out of the folders above.
        os.chdir(folder)
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        return refusal_code(Path("library.sqlite"))

    assert exit_code_of(open_as_nobody) == 0
    folder.chmod(0o755)


def test_a_library_that_found_no_room_is_made_once_there_is(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"

    def open_with(limit_bytes: int) -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
        try:
            Library(path).close()
        except StorageFullError:
            return 1
        return 0

    codes = [exit_code_of(lambda limit=kilobytes * 1024: open_with(limit)) for kilobytes in range(0, 400, 40)]
    assert codes == sorted(codes, reverse=True)
    assert (codes[0], codes[-1]) == (1, 0)
    with Library(path) as library:
        assert library.videos() == []
        assert library.rows("PRAGMA integrity_check") == [("ok",)]


def test_many_may_make_the_library_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for attempt in range(8):
        path = tmp_path / f"library{attempt}.sqlite"
        start = context.Barrier(6)
        children = [context.Process(target=open_together, args=(path, start)) for _ in range(6)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 6
        assert len(steps_in(path)) == len(migrations._migrations)


def test_who_opens_a_new_library_waits_for_who_is_making_it(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with closing(sqlite3.connect(path, check_same_thread=False)) as maker:
        maker.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, maker.rollback)
        timer.start()
        with Library(path) as library:
            assert library.videos() == []
        timer.join()


def open_together(path: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    Library(path).close()


def test_what_belongs_to_a_video_goes_with_it(library: Library, remember: Callable[..., Memory]) -> None:
    memory = remember(texts=[(0, 1, "a lighthouse")], shown=[(0, 1, "EXIT")], vectors=[[1.0, 0.0]])
    assert library.rows("SELECT count(*) FROM text") == [(2,)]
    library.remove(memory.video)
    assert {table: library.rows(f"SELECT count(*) FROM {table}") for table in TABLES} == {
        table: [(0,)] for table in TABLES
    }
    assert search_texts(memory, ["lighthous"]) == []


def test_a_sense_that_nobody_has_cannot_be_stored(library: Library, remember: Callable[..., Memory]) -> None:
    remember(texts=[(0, 1, "a lighthouse")])
    with pytest.raises(LibraryError), library.transaction() as connection:
        connection.execute("UPDATE text SET sense = 'smell'")
    assert library.rows("SELECT sense FROM text") == [("speech",)]


@pytest.fixture
def first_version(tmp_path: Path) -> Path:
    """A library as the first version left it, with one video."""
    path = tmp_path / "first.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        database = Database(connection)
        migrations.apply(database, stop_before="m002_tracks_and_losses")
        connection.executescript(FIRST_ROWS)
        connection.commit()
    assert [name for _, name, _ in steps_in(path)] == ["m001_first_tables"]
    return path


def test_a_library_of_the_first_version_keeps_all_that_it_remembers(first_version: Path) -> None:
    with Library(first_version) as library:
        (video,) = library.videos()
        assert (video.id, video.title, video.tracks, video.duration_s) == (7, "talk", "", 60.0)
        assert (video.width, video.height, video.notes) == (640, 360, ("mono",))
        memory = Memory(library, video)
        times_s, vectors = memory.samples("made-up-2")
        assert (times_s.tolist(), vectors.tolist()) == ([0.0, 0.5], [[1.0, 0.0], [0.0, 1.0]])
        assert [event.gist for event in memory.events()] == ["a talk"]
        (said,), (shown,) = memory.texts("speech"), memory.texts("screen")
        assert (said.body, shown.body, shown.box) == (
            "The lighthouse burns.",
            "WAY OUT",
            (0.1, 0.1, 0.9, 0.2),
        )
        assert [part for _, part in memory.parts(said)] == ["The lighthouse", "burns."]
        assert [(span.start_s, span.end_s) for span in memory.voice()] == [(1.0, 2.5)]
        assert memory.loudness()[1].tolist() == [-60.0, -60.0]
        assert [row.sense for row in memory.coverage()] == ["picture"]
        assert (memory.lost("picture"), memory.lost("sound")) == ([], [])
        assert [text.id for text in search_texts(memory, ["lighthous"])] == [11]
        assert library.rows("PRAGMA foreign_key_check") == []
        assert library.rows("PRAGMA integrity_check") == [("ok",)]
    assert [name for _, name, _ in steps_in(first_version)] == [step.name for step in migrations._migrations]


def test_what_belongs_to_a_video_of_the_first_version_goes_with_it(first_version: Path) -> None:
    with Library(first_version) as library:
        library.remove(library.videos()[0])
        counts = [library.rows(f"SELECT count(*) FROM {table}") for table in (*TABLES, "vector_cache")]
        assert counts == [[(0,)]] * len(counts)


def test_a_video_of_the_first_version_may_be_remembered_by_other_tracks_too(
    first_version: Path, findings_of: Callable[..., Findings], tmp_path: Path
) -> None:
    file = tmp_path / "talk.mp4"
    file.write_text("talk")
    with Library(first_version) as library:
        store(library, file, ContentKey("ab12cd34", "", "picture 1"), "made up", findings_of())
        assert [(v.title, v.tracks) for v in library.videos()] == [("talk", ""), ("talk", "picture 1")]
