"""A check finds whatever breaks a promise and alters nothing; compacting gives room back and keeps all."""

from __future__ import annotations

import multiprocessing
import os
import random
import sqlite3
import threading
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import filelock
import numpy as np
import pytest
from children import at_once
from memories import island_of

from vidagent.index import library as library_module
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.recall import search_texts
from vidagent.index.records import ContentKey
from vidagent.index.turn import Turn, forget_abandoned
from vidagent.index.upkeep import STALE_S, check, compact
from vidagent.index.vectors import VectorCache
from vidagent.tools.appearance import AppearanceEmbedder
from vidagent.tools.errors import LibraryBusyError, LibraryError, LibraryTooNewError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed library that remembers a film, in a folder of its own."""
    folder = tmp_path / "data"
    folder.mkdir()
    island_of(folder / "library.db").library.close()
    return folder / "library.db"


def alter(path: Path, *statements: str) -> None:
    """Does to a library what none of our own code would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def whats(path: Path) -> list[str]:
    return [finding.what for finding in check(path)]


def blob(*values: float) -> str:
    return f"x'{np.array(values, np.float16).tobytes().hex()}'"


# ---- checking


def test_a_sound_library_has_no_findings(path: Path) -> None:
    assert check(path) == []


def test_an_empty_library_is_sound(tmp_path: Path) -> None:
    Library(tmp_path / "empty.db").close()
    assert check(tmp_path / "empty.db") == []


AN_EVENT = "SELECT id FROM event ORDER BY start_us LIMIT 1"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE event SET end_us = end_us - 1", "end of the last event that is not the end"),
        ("UPDATE event SET start_us = 5", "leave a hole"),
        ("DELETE FROM event", "end of the last event"),
        ("UPDATE event SET end_us = 0", "event(s) that overlap, are empty or leave a hole"),
        ("INSERT INTO boundary VALUES (1, 240000000, 0.5, 'picture', 1)", "boundary(s) outside the video"),
        ("INSERT INTO boundary VALUES (1, 0, 0.5, 'picture', 1)", "boundary(s) outside the video"),
        ("UPDATE sample SET t_us = 240000001 WHERE id = 3", "1 picture(s) outside the video"),
        ("UPDATE sample SET vec = x'003C' WHERE id IN (3, 4)", "2 picture vector(s) of a wrong size"),
        ("UPDATE sample SET vec = zeroblob(length(vec)) WHERE id = 3", "1 picture vector(s)"),
        ("UPDATE sample SET vec = x'007E' || substr(vec, 3) WHERE id = 3", "are not of its kind"),
        ("UPDATE model SET dimension = 3", "picture vector(s) of a wrong size"),
        ("UPDATE model SET dimension = 0", "picture vector(s) of a wrong size"),
        ("UPDATE text SET end_us = start_us - 1 WHERE id = 2", "1 text(s) that end before they begin"),
        ("UPDATE text SET start_us = 'noon' WHERE id = 2", "text.start_us are not of its kind"),
        ("UPDATE text SET box = '[1,' WHERE id = 2", "list(s) that cannot be read"),
        ("UPDATE text SET stems = 'other words' WHERE id = 2", "the index of words does not agree"),
        ("INSERT INTO text_vector VALUES (1, 1, x'003C')", "1 text vector(s)"),
        ("UPDATE event SET mean = x'003C'", "event vector(s) of a wrong size"),
        ("INSERT INTO text_part VALUES (999, 0, 1, 'lost')", "a row of text_part belongs to no text"),
        ("DELETE FROM media", "belongs to no media"),
        (f"UPDATE event SET duplicate_of = ({AN_EVENT})", "repeat none before them"),
        ("DROP TABLE lost", "the table lost is missing"),
        ("CREATE VIEW extra AS SELECT 1", "the view extra is none of vidagent's"),
    ],
)  # fmt: skip
def test_whatever_breaks_a_promise_is_found(path: Path, statement: str, told: str) -> None:
    alter(path, statement)
    assert any(told in what for what in whats(path)), whats(path)


def test_a_vector_that_is_no_number_is_found(path: Path) -> None:
    vector = blob(*[float("nan")] * AppearanceEmbedder.dimension)
    alter(path, f"UPDATE sample SET vec = {vector} WHERE id = 7")
    (what,) = whats(path)
    assert "island: 1 picture vector(s)" in what


def test_an_event_in_which_pictures_cancel_out_is_sound(path: Path) -> None:
    alter(path, f"UPDATE event SET mean = zeroblob({2 * AppearanceEmbedder.dimension})")
    assert check(path) == []


def test_a_typical_picture_of_another_video_is_found(path: Path) -> None:
    with Library(path) as library, library.transaction() as connection:
        connection.execute("INSERT INTO media SELECT 2, 'ff', path, 'other', 0, 0, '', '', '{}', 60000000, 1, 1,"
                           " '[]', 'whole', '{}' FROM media")  # fmt: skip
        connection.execute("INSERT INTO event(media_id, start_us, end_us, merge_height, gist)"
                           " VALUES (2, 0, 60000000, 0, '')")  # fmt: skip
        connection.execute("INSERT INTO event_key SELECT id, 0, 1 FROM event WHERE media_id = 2")
    (what,) = whats(path)
    assert what == "ff other: 1 typical picture(s) of another video"


def test_a_finding_names_what_to_do(path: Path) -> None:
    alter(path, "DELETE FROM event")
    (finding,) = check(path)
    assert finding.remedy == f"read it again: vidagent ingest --force {path.with_name('island.mp4')}"


def test_a_damaged_page_is_found_or_refused_in_one_line(path: Path) -> None:
    data = path.read_bytes()
    n_pages, n_found = len(data) // 4096, 0
    for page in range(1, n_pages, max(1, n_pages // 20)):
        path.write_bytes(data[: page * 4096] + b"\xff" * 4096 + data[page * 4096 + 4096 :])
        try:
            n_found += bool(check(path))
        except LibraryError as error:
            assert len(str(error).splitlines()) == 1
            n_found += 1
    assert n_found > 10


def test_a_video_that_is_still_being_read_is_sound(path: Path) -> None:
    alter(path, "UPDATE media SET state = 'partial'", "DELETE FROM event")
    assert check(path) == []


def test_checking_alters_nothing(path: Path) -> None:
    with Library(path) as library:
        VectorCache(library, 1, AppearanceEmbedder.dimension).nearest(
            np.ones(AppearanceEmbedder.dimension, np.float32), None, 1
        )
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert check(path) == []
    after = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert after.items() >= before.items()
    assert {name.removeprefix(path.name) for name in after.keys() - before.keys()} <= {"-wal", "-shm"}


def test_a_library_is_checked_while_another_process_writes(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM event")
        assert check(path) == []
        writer.execute("ROLLBACK")


def test_no_library_is_not_made_by_checking_or_compacting(tmp_path: Path) -> None:
    for work in (check, compact):
        with pytest.raises(LibraryError, match="no library there"):
            work(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_library_is_refused_and_left_alone(path: Path) -> None:
    alter(
        path,
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('vidagent', 'm999', '')",
    )
    before = path.read_bytes()
    for work in (check, compact):
        with pytest.raises(LibraryTooNewError, match=str(path)):
            work(path)
    assert path.read_bytes() == before


# ---- what lies beside the library


def cached(path: Path) -> Path:
    """The cache of vectors of the film, made anew."""
    with Library(path) as library:
        cache = VectorCache(library, 1, AppearanceEmbedder.dimension)
        cache.nearest(np.ones(AppearanceEmbedder.dimension, np.float32), None, 1)
    return cache.path


def test_a_damaged_or_missing_cache_is_found(path: Path) -> None:
    cache = cached(path)
    assert check(path) == []
    data = bytearray(cache.read_bytes())
    data[len(data) // 2] ^= 1
    cache.write_bytes(data)
    assert whats(path) == [f"{cache.name}: the cache of vectors is damaged"]
    cache.unlink()
    assert whats(path) == [f"{cache.name}: the cache of vectors is gone"]


def test_what_dead_processes_left_is_found_and_swept(path: Path) -> None:
    cache = cached(path)
    stale, fresh = cache.with_name(f"{cache.name}.abc.part"), cache.with_name(f"{cache.name}.def.part")
    orphan, others = path.with_name(f"{path.name}.77.faiss"), path.with_name(f"{path.name}.old.db.1.faiss")
    for file in (stale, fresh, orphan, others):
        file.write_bytes(b"half a file")
    long_ago_s = stale.stat().st_mtime - 2 * STALE_S
    os.utime(stale, (long_ago_s, long_ago_s))
    assert whats(path) == [
        f"{orphan.name}: a cache without vectors",
        f"{stale.name}: left behind by a process that died",
    ]
    compact(path)
    assert [file.exists() for file in (stale, orphan, fresh, others, cache)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert check(path) == []


# ---- locks

KEY, OTHER_KEY = ContentKey("aa"), ContentKey("bb")


def locks(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.lock"))


def hold(path: Path, key: ContentKey, pipe: Connection) -> None:
    """Takes the turn to read a video, tells so, and keeps it until the process ends."""
    turn = Turn.of(path, key)
    pipe.send(turn.taken())
    pipe.recv()


def holder_of(path: Path, key: ContentKey) -> multiprocessing.process.BaseProcess:
    """A process that has the turn to read a video by now."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    holder = context.Process(target=hold, args=(path, key, theirs))
    holder.start()
    assert ours.recv() is True
    return holder


def kill(holder: multiprocessing.process.BaseProcess) -> None:
    holder.kill()
    holder.join()


def test_locks_of_dead_processes_are_removed_and_held_ones_stay(path: Path) -> None:
    dead, alive = holder_of(path, KEY), holder_of(path, OTHER_KEY)
    kill(dead)
    compact(path)
    assert locks(path) == [Turn.of(path, OTHER_KEY).path]
    assert not Turn.of(path, OTHER_KEY).taken()
    kill(alive)
    compact(path)
    assert locks(path) == []


def test_a_lock_of_another_library_stays(path: Path) -> None:
    others = [path.with_name(f"{path.name}.{name}.lock") for name in ("old.db.0123456789ab", "mine", "0123")]
    for file in others:
        file.touch()
    compact(path)
    assert all(file.exists() for file in others)


def test_a_lock_that_was_removed_while_it_was_waited_for_counts_for_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acquire, lock = filelock.FileLock.acquire, Turn.of(path, KEY).path

    def acquire_late(self: filelock.FileLock, *words: object, **options: object) -> object:
        proxy = acquire(self, *words, **options)  # type: ignore[arg-type]
        lock.unlink()
        return proxy

    with monkeypatch.context() as patch:
        patch.setattr(filelock.FileLock, "acquire", acquire_late)
        assert not Turn.of(path, KEY).taken()
    first, second = Turn.of(path, KEY), Turn.of(path, KEY)
    assert first.taken()
    assert not second.taken()
    with first:
        pass
    assert second.taken()
    with second:
        pass
    assert locks(path) == []


def read_in_turn(path: Path, n: int) -> None:
    """Takes a turn so many times; fails where another process has the same turn meanwhile."""
    busy, chance = path.with_name("busy"), random.Random(os.getpid())
    for _ in range(n):
        turn = Turn.of(path, KEY)
        while not turn.taken():
            # Who asks again at once, and makes the lock anew by that, is forever in the way of all others.
            time.sleep(chance.uniform(0.0, 0.002))
        with turn:
            os.close(os.open(busy, os.O_CREAT | os.O_EXCL))
            busy.unlink()


def test_no_two_processes_have_one_turn_however_often_locks_are_removed(path: Path) -> None:
    def work(number: int) -> None:
        if number:
            read_in_turn(path, 100)
        else:
            for _ in range(400):
                forget_abandoned(path)

    assert at_once(work, 4) == [0] * 4
    assert locks(path) == []


# ---- compacting


def grown(path: Path, remember_again: int = 6) -> None:
    """The library with the room of many forgotten copies of the film."""
    with Library(path) as library:
        for copy in range(2, 2 + remember_again):
            with library.transaction() as connection:
                connection.execute(
                    f"INSERT INTO media SELECT {copy}, 'copy{copy}', path, title, 0, 0, '', '', '{{}}', 1, 1, 1, '[]',"
                    " 'whole', '{}' FROM media WHERE id = 1"
                )
                connection.execute(
                    f"INSERT INTO sample(media_id, model_id, t_us, vec)"
                    f" SELECT {copy}, model_id, t_us, vec FROM sample WHERE media_id = 1"
                )
        with library.transaction() as connection:
            connection.execute("DELETE FROM media WHERE id > 1")


def test_compacting_gives_room_back_and_keeps_all_that_is_remembered(path: Path) -> None:
    grown(path)
    with Library(path) as library:
        memory = Memory(library, library.videos()[0])
        before = memory.texts("speech"), memory.texts("screen"), memory.events(), memory.coverage()
        vectors = memory.samples(AppearanceEmbedder.name)[1]
    done = compact(path)
    assert done.after_bytes < done.before_bytes / 2
    assert done.after_bytes == path.stat().st_size
    with Library(path) as library:
        memory = Memory(library, library.videos()[0])
        assert before == (memory.texts("speech"), memory.texts("screen"), memory.events(), memory.coverage())
        assert np.array_equal(vectors, memory.samples(AppearanceEmbedder.name)[1])
    assert check(path) == []


def test_compacting_mends_the_index_of_words(path: Path) -> None:
    alter(path, "UPDATE text SET stems = 'walrus', folded = 'walrus' WHERE id = 2")
    assert len(check(path)) == 1
    compact(path)
    assert check(path) == []
    with Library(path) as library:
        memory = Memory(library, library.videos()[0])
        assert [text.id for text in search_texts(memory, ["walrus"])] == [2]


def test_compacting_goes_on_while_others_read(path: Path) -> None:
    grown(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*), sum(length(vec)) FROM sample").fetchall()
        compact(path)
        assert reader.execute("SELECT count(*), sum(length(vec)) FROM sample").fetchall() == before
        reader.execute("ROLLBACK")
    assert check(path) == []


def test_compacting_waits_for_who_writes(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, writer.rollback)
        timer.start()
        compact(path)
        timer.join()


def test_who_writes_too_long_is_told_in_one_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "BUSY_WAIT_S", 0.2)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError, match="in use by another process"):
            compact(path)


def test_an_old_library_is_checked_without_being_brought_up_to_date(tmp_path: Path) -> None:
    path = first_version(tmp_path / "first.db")
    before = path.read_bytes()
    assert check(path) == []
    assert path.read_bytes() == before


def first_version(path: Path) -> Path:
    """A library as the first version left it, with one video of a minute."""
    from sqlite_utils import Database

    from vidagent.index.schema import migrations

    with closing(sqlite3.connect(path)) as connection:
        migrations.apply(Database(connection), stop_before="m002_tracks_and_losses")
        connection.executescript(
            "INSERT INTO media VALUES (7, 'ab12cd34', '/talk.mp4', 'talk', 9, 5, '', '{}', 60000000, 64, 36, '[]');"
            "INSERT INTO event(media_id, start_us, end_us, merge_height, gist) VALUES (7, 0, 60000000, 1.0, 'a talk');"
            "INSERT INTO text VALUES (11, 7, 'speech', 0, 9, 'A light.', 'a light', 0.9, NULL);"
        )
    return path
