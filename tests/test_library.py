"""A library is at all times a set of whole videos, whoever writes, dies or runs out of room meanwhile."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from children import at_once, exit_code_of
from memories import Findings, store

from vidagent.index.library import Library
from vidagent.index.listening import LoudnessRow
from vidagent.index.memory import Memory
from vidagent.index.records import ContentKey, Event, Video
from vidagent.tools.clock import Span
from vidagent.tools.errors import (
    LibraryBusyError,
    LibraryError,
    StorageFullError,
    UnknownVideoError,
    VidagentError,
)

Remember = Callable[..., Memory]
FindingsOf = Callable[..., Findings]
Counts = dict[str, int]

TABLES = ("media", "sample", "event", "text", "text_part", "voice", "loudness", "coverage", "text_fts")
N_TEXTS, N_PICTURES = 40, 60
WHOLE = dict(zip(TABLES, (1, N_PICTURES, 3, 2 * N_TEXTS, N_TEXTS, 2, 1, 3, 2 * N_TEXTS), strict=True))
NOTHING = dict.fromkeys(TABLES, 0)


@pytest.fixture
def talk(findings_of: FindingsOf) -> Findings:
    """Findings with rows for every table."""
    chance = np.random.default_rng(0)
    return findings_of(
        texts=[(i, i + 1, f"sentence number {i} about lighthouses") for i in range(N_TEXTS)],
        shown=[(i, i + 1, f"SLIDE {i}") for i in range(N_TEXTS)],
        vectors=chance.normal(size=(N_PICTURES, 64)),
        events=[Event(Span(s, s + 20), 0.5, f"part {s}") for s in (0, 20, 40)],
        voice=[Span(0, 10), Span(20, 40)],
        loudness=[LoudnessRow(0.0, np.full(600, -30, np.int8))],
        notes=["no notes"],
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library that nobody holds open, as it has to be where processes are forked."""
    path = tmp_path / "closed.sqlite"
    Library(path).close()
    return path


@pytest.fixture
def video_file(tmp_path: Path) -> Path:
    path = tmp_path / "videos" / "talk.mp4"
    path.parent.mkdir()
    path.write_text("a talk about lighthouses")
    return path


def put(library: Library, path: Path, findings: Findings, sidecar: str = "") -> Video:
    key = ContentKey(hashlib.sha256(path.read_bytes()).hexdigest(), sidecar)
    return store(library, path, key, "made up", findings)


def counts(library: Library) -> Counts:
    return {table: int(str(library.rows(f"SELECT count(*) FROM {table}")[0][0])) for table in TABLES}


def times(n: int, one: Counts) -> Counts:
    return {table: n * rows for table, rows in one.items()}


def assert_whole(library: Library, n_videos: int) -> None:
    """The library is sound and holds exactly so many of the talks, all of them whole."""
    assert library.rows("PRAGMA integrity_check") == [("ok",)]
    assert library.rows("PRAGMA foreign_key_check") == []
    library.database.conn.execute("INSERT INTO text_fts(text_fts) VALUES ('integrity-check')")
    assert counts(library) == times(n_videos, WHOLE)


def assert_file_whole(path: Path, n_videos: int) -> None:
    with Library(path) as library:
        assert_whole(library, n_videos)


# What was stored is what is remembered.


def test_everything_that_was_found_is_remembered(library: Library, talk: Findings, video_file: Path) -> None:
    memory = Memory(library, put(library, video_file, talk, sidecar="abc"))
    assert_whole(library, 1)
    video = memory.video
    assert (video.title, video.path, video.sidecar_sha256) == ("talk", video_file, "abc")
    assert (video.duration_s, video.width, video.height, video.notes) == (60.0, 640, 360, ("no notes",))
    assert (video.size_bytes, video.mtime_ns) == (video_file.stat().st_size, video_file.stat().st_mtime_ns)
    assert [replace(event, id=0) for event in memory.events()] == talk.events
    assert memory.voice() == [Span(0, 10), Span(20, 40)]
    assert memory.coverage() == talk.coverage
    speech = memory.texts("speech")
    assert [(t.span, t.body, t.trust) for t in speech] == [(p.span, p.text, p.trust) for p in talk.passages]
    assert memory.parts(speech[3]) == [(Span(3, 4), "sentence number 3 about lighthouses")]
    assert (memory.texts("screen")[0].body, memory.texts("screen")[0].box) == (
        "SLIDE 0",
        (0.1, 0.1, 0.9, 0.2),
    )


def test_vectors_and_loudness_come_back(library: Library, talk: Findings, video_file: Path) -> None:
    memory = Memory(library, put(library, video_file, talk))
    assert talk.looked is not None
    times_s, vectors = memory.samples(talk.embedder.name)
    assert np.array_equal(times_s, talk.looked.times_s)
    assert np.array_equal(vectors, talk.looked.vectors.astype(np.float16).astype(np.float32))
    seconds, levels = memory.loudness()
    assert np.allclose(seconds, np.arange(600) / 10)
    assert set(levels.tolist()) == {-30.0}


def test_a_model_that_saw_nothing_remembers_nothing(
    library: Library, talk: Findings, video_file: Path
) -> None:
    times_s, vectors = Memory(library, put(library, video_file, talk)).samples("another model")
    assert (len(times_s), len(vectors)) == (0, 0)


@pytest.mark.parametrize("seconds", [0.0, 0.04, 1 / 3, 1001 / 30000, 86_399.999999, 360_000.5])
def test_times_are_kept_to_the_microsecond(remember: Remember, seconds: float) -> None:
    memory = remember(texts=[(seconds, seconds + 1, "here")], vectors=[[1.0]], times_s=[seconds])
    assert memory.texts("speech")[0].span.start_s == pytest.approx(seconds, abs=5.1e-7)
    assert memory.samples("made-up-1")[0][0] == pytest.approx(seconds, abs=5.1e-7)


def test_the_same_content_again_takes_the_place_of_the_old(
    library: Library, talk: Findings, video_file: Path
) -> None:
    for _ in range(3):
        put(library, video_file, talk)
        assert_whole(library, 1)


@pytest.mark.parametrize(
    "name", ["two\nlines.mp4", "'; DROP TABLE media; --.mp4", "ünï ☎.mp4", "{{7*7}}.mp4"]
)
def test_any_name_is_a_title(remember: Remember, tmp_path: Path, library: Library, name: str) -> None:
    path = tmp_path / name
    path.write_text("x")
    video = remember(path=path).video
    assert (video.path, video.title) == (path, path.stem)
    assert library.find(path.stem) == library.video_of_file(path, "") == video


def test_a_name_that_is_no_text_is_remembered_or_refused_by_name(
    library: Library, talk: Findings, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    path.write_text("x")
    try:
        assert library.video_of_file(path, "") is None
        put(library, path, talk)
    except VidagentError:
        assert_whole(library, 0)
        return
    found = library.video_of_file(path, "")
    assert found is not None
    assert found.path == path


# Nothing or everything.


class Interrupted(list[Event]):
    """Events that are never read to their end."""

    def __iter__(self) -> Iterator[Event]:
        yield from super().__iter__()
        raise KeyboardInterrupt


def test_an_interruption_in_the_middle_stores_nothing(
    library: Library, talk: Findings, video_file: Path
) -> None:
    interrupted = replace(talk, events=Interrupted(talk.events), duration_s=1.0)
    for n_videos in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            put(library, video_file, interrupted)
        assert_whole(library, n_videos)
        put(library, video_file, talk)
    assert [video.duration_s for video in library.videos()] == [60.0]


def test_a_store_that_is_broken_off_anywhere_stores_nothing(
    library: Library, talk: Findings, video_file: Path
) -> None:
    n_broken = 0
    while not try_store(library, video_file, talk, n_ticks=1 + 7 * n_broken):
        assert_whole(library, 0)
        n_broken += 1
        assert n_broken < 500
    assert n_broken > 10
    assert_whole(library, 1)


def try_store(library: Library, path: Path, findings: Findings, n_ticks: int) -> bool:
    """Whether the store ended before SQLite had counted so many ticks of its own, at which it is broken off."""
    left = [n_ticks]

    def tick() -> int:
        left[0] -= 1
        return int(left[0] == 0)

    connection = library.database.conn
    connection.set_progress_handler(tick, 50)
    try:
        put(library, path, findings)
    except LibraryError:
        return False
    finally:
        connection.set_progress_handler(None, 0)
    return True


def second_of(video_file: Path) -> Path:
    second = video_file.with_name("second.mp4")
    second.write_text("another talk")
    return second


def put_in(path: Path, video_file: Path, findings: Findings) -> None:
    with Library(path) as library:
        put(library, video_file, findings)


def test_a_process_killed_while_storing_leaves_whole_videos(
    path: Path, talk: Findings, video_file: Path
) -> None:
    put_in(path, video_file, talk)
    second = second_of(video_file)

    def store_and_die(n_ticks: int) -> int:
        left = [n_ticks]

        def tick() -> int:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return 0

        with Library(path) as library:
            library.database.conn.set_progress_handler(tick, 50)
            put(library, second, talk)
        return 0

    assert n_killed_until_done(path, lambda n: store_and_die(1 + 12 * n)) > 10
    assert_file_whole(path, 2)


def test_a_process_killed_at_any_write_leaves_whole_videos(
    path: Path, talk: Findings, video_file: Path
) -> None:
    put_in(path, video_file, talk)
    second = second_of(video_file)

    def store_and_die(limit_bytes: int) -> int:
        with Library(path) as library:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
            put(library, second, talk)
        return 0

    assert n_killed_until_done(path, lambda n: store_and_die(33_000 + 5000 * n)) > 5
    assert_file_whole(path, 2)


def n_killed_until_done(path: Path, work: Callable[[int], int]) -> int:
    """How many processes died before one could finish; whatever each had committed is there and whole."""
    for n_killed in range(200):
        code = exit_code_of(lambda n=n_killed: work(n))
        if code == 0:
            return n_killed
        assert code < 0, "the child was to be killed, not to fail"
        assert_whole_and_at_least_one(path)
    raise AssertionError("no process ever finished")


def assert_whole_and_at_least_one(path: Path) -> None:
    with Library(path) as library:
        n_videos = len(library.videos())
        assert n_videos in (1, 2)
        assert_whole(library, n_videos)


def test_a_torn_or_flipped_log_leaves_whole_videos(
    library: Library, talk: Findings, video_file: Path, tmp_path: Path
) -> None:
    put(library, video_file, talk)
    library.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    for name in ("second", "third"):
        path = video_file.with_name(f"{name}.mp4")
        path.write_text(name)
        put(library, path, talk)
    log = library.path.with_name(f"{library.path.name}-wal").read_bytes()
    seen = {n_videos_after(library.path, harmed(log, seed), tmp_path / f"copy{seed}") for seed in range(60)}
    # Without its last page no log holds the third.
    assert seen == {1, 2}


def harmed(log: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    at = chance.randrange(len(log))
    if seed % 2:
        return log[:at]
    return log[:at] + bytes([log[at] ^ 1 << chance.randrange(8)]) + log[at + 1 :]


def n_videos_after(path: Path, log: bytes, folder: Path) -> int:
    """How many videos a copy of the library holds whose log was harmed; all of them must be whole."""
    folder.mkdir()
    copy = folder / path.name
    shutil.copy(path, copy)
    copy.with_name(f"{copy.name}-wal").write_bytes(log)
    with Library(copy) as library:
        n_videos = len(library.videos())
        assert_whole(library, n_videos)
    return n_videos


# No room.


def test_a_size_limit_is_named_and_keeps_what_is_there(
    library: Library, talk: Findings, video_file: Path
) -> None:
    put(library, video_file, talk)
    before, second = library.videos(), second_of(video_file)
    ((n_pages,),) = library.rows("PRAGMA page_count")
    library.rows(f"PRAGMA max_page_count = {n_pages}")
    with pytest.raises(StorageFullError, match="make room"):
        put(library, second, talk)
    assert library.videos() == before
    assert_whole(library, 1)
    library.rows("PRAGMA max_page_count = 1000000")
    put(library, second, talk)
    assert_whole(library, 2)


def test_a_full_disk_is_named_and_keeps_what_is_there(path: Path, talk: Findings, video_file: Path) -> None:
    put_in(path, video_file, talk)
    second = second_of(video_file)
    codes = []
    while 0 not in codes:
        limit_bytes = 14_000 * len(codes)
        codes.append(exit_code_of(lambda limit=limit_bytes: code_with_limit(path, second, talk, limit)))
        assert_file_whole(path, 1 + (codes[-1] == 0))
        assert len(codes) < 60
    assert set(codes[:-1]) == {10}


def code_with_limit(path: Path, video: Path, findings: Findings, limit_bytes: int) -> int:
    """0 where the video was stored, 10 where the error was the right one."""
    with Library(path) as library:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
        try:
            put(library, video, findings)
        except StorageFullError:
            return 10
    return 0


# Several at once.


def test_four_processes_with_the_same_content_make_one_video(
    path: Path, talk: Findings, video_file: Path
) -> None:
    assert at_once(lambda number: put_in(path, video_file, talk), 4) == [0] * 4
    assert_file_whole(path, 1)


def test_four_processes_with_different_videos_are_all_remembered(
    path: Path, talk: Findings, tmp_path: Path
) -> None:
    def work(number: int) -> None:
        for i in range(5):
            put_in(path, small_file(tmp_path / f"talk{number}{i}.mp4"), talk)

    assert at_once(work, 4) == [0] * 4
    assert_file_whole(path, 20)
    with Library(path) as library:
        assert {v.title for v in library.videos()} == {f"talk{n}{i}" for n in range(4) for i in range(5)}


def test_who_reads_meanwhile_sees_whole_videos(path: Path, talk: Findings, tmp_path: Path) -> None:
    def work(number: int) -> None:
        for i in range(8):
            if number:
                assert_rows_belong_together(path)
            else:
                put_in(path, small_file(tmp_path / f"talk{i}.mp4"), talk)

    assert at_once(work, 3) == [0] * 3
    assert_file_whole(path, 8)


def small_file(path: Path) -> Path:
    path.write_text(path.name)
    return path


def assert_rows_belong_together(path: Path) -> None:
    selects = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    with Library(path) as library:
        for _ in range(50):
            (row,) = library.rows(f"SELECT {selects}")
            assert dict(zip(TABLES, row, strict=True)) == times(int(str(row[0])), WHOLE)


def test_who_waits_too_long_is_told_so(library: Library, talk: Findings, video_file: Path) -> None:
    with Library(library.path) as other:
        other.rows("PRAGMA busy_timeout = 50")
        with library.transaction():
            assert other.videos() == []
            with pytest.raises(LibraryBusyError, match="in use"):
                put(other, video_file, talk)
        put(other, video_file, talk)
    assert_whole(library, 1)


def test_a_transaction_that_fails_gives_the_library_free(library: Library) -> None:
    with pytest.raises(ValueError, match="mine"), library.transaction():
        raise ValueError("mine")
    assert not library.database.conn.in_transaction
    with library.transaction() as connection:
        connection.execute("SELECT 1")


def test_a_closed_library_is_closed(tmp_path: Path) -> None:
    with Library(tmp_path / "library.sqlite") as library:
        pass
    with pytest.raises((LibraryError, sqlite3.ProgrammingError)):
        library.videos()


# The same video in another place.


def test_a_file_is_known_where_it_was_met(remember: Remember, library: Library) -> None:
    video = remember(sidecar="subtitles").video
    assert library.video_of_file(video.path, "subtitles") == video


def test_an_unknown_file_is_unknown(remember: Remember, library: Library, tmp_path: Path) -> None:
    video = remember().video
    for content in ("something longer than the talk", "x" * video.size_bytes):
        path = tmp_path / "other.mp4"
        path.write_text(content)
        assert library.video_of_file(path, "") is None


@pytest.mark.parametrize("sidecar", ["", "subtitles"])
def test_a_moved_file_is_recognised_and_its_place_noted(
    remember: Remember, library: Library, tmp_path: Path, sidecar: str
) -> None:
    video = remember(title="talk", sidecar=sidecar, texts=[(0, 1, "a lighthouse")]).video
    moved = video.path.rename(tmp_path / "renamed.mp4")
    found = library.video_of_file(moved, sidecar)
    assert found is not None
    assert (found.id, found.path, found.title) == (video.id, moved, "renamed")
    assert library.videos() == [found]
    assert Memory(library, found).texts("speech")[0].body == "a lighthouse"


def test_a_file_moved_without_its_subtitles_is_still_the_same(
    remember: Remember, library: Library, tmp_path: Path
) -> None:
    video = remember(sidecar="subtitles").video
    found = library.video_of_file(video.path.rename(tmp_path / "moved.mp4"), "")
    assert found is not None
    assert (found.id, found.sidecar_sha256) == (video.id, "subtitles")


@pytest.mark.parametrize("sidecar", ["", "other subtitles"])
def test_a_copy_with_other_subtitles_is_another_video(
    remember: Remember, library: Library, talk: Findings, tmp_path: Path, sidecar: str
) -> None:
    video = remember(sidecar="subtitles").video
    copy = Path(shutil.copy2(video.path, tmp_path / "copy.mp4"))
    assert library.video_of_file(copy, sidecar) is None
    other = put(library, copy, talk, sidecar)
    assert {v.id for v in library.videos()} == {video.id, other.id}
    assert library.video_of_file(copy, sidecar) == other
    assert library.video_of_file(video.path, "subtitles") == video


def test_a_copy_with_the_same_subtitles_is_the_same_video(
    remember: Remember, library: Library, tmp_path: Path
) -> None:
    video = remember(sidecar="subtitles").video
    copy = Path(shutil.copy2(video.path, tmp_path / "copy.mp4"))
    found = library.video_of_file(copy, "subtitles")
    assert found is not None
    assert found.id == video.id


def test_new_subtitles_beside_a_known_file_make_it_unknown(remember: Remember, library: Library) -> None:
    video = remember(sidecar="").video
    assert library.video_of_file(video.path, "subtitles") is None


def test_a_touched_file_is_recognised(remember: Remember, library: Library) -> None:
    video = remember().video
    os.utime(video.path, ns=(1, video.mtime_ns + 10**9))
    found = library.video_of_file(video.path, "")
    assert found is not None
    assert (found.id, found.mtime_ns) == (video.id, video.mtime_ns + 10**9)


def test_a_file_with_new_content_is_another_video(
    remember: Remember, library: Library, talk: Findings
) -> None:
    video = remember().video
    video.path.write_text("X" * video.size_bytes)
    os.utime(video.path, ns=(1, video.mtime_ns + 10**9))
    assert library.video_of_file(video.path, "") is None
    assert library.video_of_file(video.path, "") != put(library, video.path, talk) != video


# The name a user gives.


@pytest.fixture
def shelf(remember: Remember, library: Library) -> Library:
    for title in ("Talk", "talk two", "Lecture on light", "Lecture"):
        remember(title=title)
    return library


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Talk", "Talk"),
        ("talk two", "talk two"),
        ("TALK T", "talk two"),
        ("lecture on", "Lecture on light"),
        ("Lecture", "Lecture"),
    ],
)
def test_a_video_is_found_by_its_title_or_the_beginning_of_it(shelf: Library, name: str, title: str) -> None:
    assert shelf.find(name).title == title


@pytest.mark.parametrize("n_digits", [4, 8, 64])
def test_a_video_is_found_by_its_id(shelf: Library, n_digits: int) -> None:
    for video in shelf.videos():
        assert shelf.find(video.sha256[:n_digits]) == video
        assert shelf.find(video.sha256[:n_digits].upper()) == video


@pytest.mark.parametrize("name", ["ta", "lect", "l"])
def test_a_name_that_fits_several_is_refused_with_their_ids(shelf: Library, name: str) -> None:
    with pytest.raises(UnknownVideoError) as caught:
        shelf.find(name)
    fitting = [v for v in shelf.videos() if v.title.lower().startswith(name)]
    assert len(fitting) == 2
    assert all(v.short_id in str(caught.value) for v in fitting)


@pytest.mark.parametrize("name", ["song", "alk", "%", "_", "*", "Talk\0", "talk.mp4"])
def test_a_name_that_fits_none_is_refused(shelf: Library, name: str) -> None:
    with pytest.raises(UnknownVideoError, match="no remembered video"):
        shelf.find(name)


def test_three_digits_are_no_id(shelf: Library) -> None:
    with pytest.raises(UnknownVideoError):
        shelf.find(shelf.videos()[0].sha256[:3])


def test_an_empty_name_fits_no_video(remember: Remember, library: Library) -> None:
    remember()
    with pytest.raises(UnknownVideoError):
        library.find("")


def test_an_empty_library_has_no_videos(library: Library) -> None:
    assert library.videos() == []
    with pytest.raises(UnknownVideoError):
        library.find("talk")
