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

from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recall import search_texts
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
    "text_fts",
    "text_word",
)
NOBODY = 65534


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
