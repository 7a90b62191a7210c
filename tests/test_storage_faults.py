"""Whatever the disk, the processes or the environment do, a library stays sound, and what failed can be done again."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from children import at_once, exit_code_of
from clips import Pixels, make_clip, solid, steady, tone

from vidagent.agent.answer import Answer
from vidagent.agent.planner import ask
from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.search import search_library
from vidagent.index.upkeep import check
from vidagent.tools.engines import embedded
from vidagent.tools.errors import LibraryTooNewError, StorageFullError

MEASURING = embedded(read_text=False, hear_speech=False)
COLOURS = ((0, 0, 0), (230, 10, 10), (10, 10, 220), (20, 160, 40))
QUESTION = "When does the screen turn red?"
SRT = "1\n00:00:01,000 --> 00:00:03,000\nThe {0} burns.\n\n2\n00:00:04,000 --> 00:00:06,000\nNobody came.\n"


def clip(path: Path, n_seconds: int = 12, words: str = "lighthouse") -> Path:
    """A clip of four colours at five pictures a second, with a tone and subtitles."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def paint(number: int) -> Pixels:
        return solid(COLOURS[number * 4 // (5 * n_seconds)])(number)

    path.with_suffix(".srt").write_text(SRT.format(words))
    return make_clip(path, steady(5 * n_seconds, step_s=0.2), paint, sound=tone(n_seconds))


def read_in(library_path: Path, clip_path: Path) -> int:
    """0 once the clip is remembered, as an exit code."""
    with Library(library_path) as library:
        ingest(library, clip_path, MEASURING)
    return 0


def answer_of(library_path: Path, title: str) -> Answer:
    with Library(library_path) as library:
        return ask(Memory(library, library.find(title)), QUESTION)


def whole_titles(library_path: Path) -> list[str]:
    """Titles of what is remembered whole, in a library that is sound and has at most one other video."""
    assert check(library_path) == []
    with Library(library_path) as library:
        videos = library.videos()
    assert sum(not video.is_whole for video in videos) <= 1
    return sorted(video.title for video in videos if video.is_whole)


def rows_of(library_path: Path, title: str) -> list[object]:
    """What is remembered of a video, without ids."""
    with Library(library_path) as library:
        memory = Memory(library, library.find(title))
        texts = [(t.span, t.body, t.trust) for t in memory.texts("speech")]
        events = [(e.span, e.gist) for e in memory.events()]
        samples = [array.tolist() for array in memory.samples(MEASURING.embedder.name)]
        return [texts, events, samples, memory.coverage(), [array.tolist() for array in memory.loudness()]]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip(folder / f"{name}.mp4", words=name) for name in ("one", "two", "three", "four")]


@pytest.fixture
def path(tmp_path: Path, clips: list[Path]) -> Path:
    """A closed library that remembers the first clip."""
    path = tmp_path / "library.db"
    read_in(path, clips[0])
    return path


# ---- no room


def code_within(library_path: Path, clip_path: Path, limit_bytes: int) -> int:
    """0 where the clip was remembered although no file may grow larger, 10 where that was told."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    try:
        return read_in(library_path, clip_path)
    except StorageFullError as error:
        return 10 if str(library_path) in str(error) and len(str(error).splitlines()) == 1 else 11


def test_a_full_disk_at_any_step_keeps_what_was_there_and_the_next_run_finishes(
    path: Path, clips: list[Path], tmp_path: Path
) -> None:
    before = answer_of(path, "one")
    undisturbed = tmp_path / "undisturbed.db"
    read_in(undisturbed, clips[1])
    codes = []
    for step in range(30):
        work = tmp_path / f"step{step}.db"
        shutil.copy(path, work)
        limit_bytes = 4096 * 8 * step
        codes.append(exit_code_of(lambda work=work, limit=limit_bytes: code_within(work, clips[1], limit)))
        assert whole_titles(work) == (["one"] if codes[-1] else ["one", "two"])
        assert answer_of(work, "one").moments == before.moments
        read_in(work, clips[1])
        assert whole_titles(work) == ["one", "two"]
        assert rows_of(work, "two") == rows_of(undisturbed, "two")
    assert set(codes) == {0, 10}
    assert codes.count(10) > 3


def test_a_library_that_may_not_grow_says_so_and_goes_on_when_it_may(path: Path, clips: list[Path]) -> None:
    before = answer_of(path, "one")
    with Library(path) as library:
        ((n_pages,),) = library.rows("PRAGMA page_count")
        library.rows(f"PRAGMA max_page_count = {n_pages}")
        with pytest.raises(StorageFullError, match="make room"):
            ingest(library, clips[1], MEASURING)
        library.rows("PRAGMA max_page_count = 1000000")
        assert whole_titles(path) == ["one"]
        assert ask(Memory(library, library.find("one")), QUESTION).moments == before.moments
        ingest(library, clips[1], MEASURING)
    assert whole_titles(path) == ["one", "two"]


# ---- power


def harmed(log: bytes, seed: int) -> bytes:
    """The log cut somewhere, or with a bit flipped somewhere."""
    chance = random.Random(seed)
    at = chance.randrange(len(log))
    if seed % 2:
        return log[:at]
    return log[:at] + bytes([log[at] ^ 1 << chance.randrange(8)]) + log[at + 1 :]


def test_a_log_torn_or_flipped_three_hundred_ways_opens_sound(
    path: Path, clips: list[Path], tmp_path: Path
) -> None:
    with Library(path) as library:
        library.rows("PRAGMA wal_autocheckpoint = 0")
        for later in clips[1:3]:
            ingest(library, later, MEASURING)
        data, log = path.read_bytes(), path.with_name(f"{path.name}-wal").read_bytes()
    copy, seen = tmp_path / "copy.db", set[tuple[str, ...]]()
    for seed in range(300):
        copy.write_bytes(data)
        copy.with_name(f"{copy.name}-wal").write_bytes(harmed(log, seed))
        copy.with_name(f"{copy.name}-shm").unlink(missing_ok=True)
        seen.add(tuple(whole_titles(copy)))
    assert seen == {("one",), ("one", "two")} or seen == {("one",), ("one", "two"), ("one", "three", "two")}


# ---- several at once


def test_four_processes_that_read_one_video_remember_it_once(
    path: Path, clips: list[Path], tmp_path: Path
) -> None:
    undisturbed = tmp_path / "undisturbed.db"
    read_in(undisturbed, clips[1])
    assert at_once(lambda number: read_in(path, clips[1]), 4) == [0] * 4
    assert whole_titles(path) == ["one", "two"]
    assert rows_of(path, "two") == rows_of(undisturbed, "two")


def test_four_processes_that_read_different_videos_remember_all(tmp_path: Path, clips: list[Path]) -> None:
    path = tmp_path / "library.db"
    assert at_once(lambda number: read_in(path, clips[number]), 4) == [0] * 4
    assert whole_titles(path) == ["four", "one", "three", "two"]


def test_who_asks_meanwhile_gets_the_same_answer(path: Path, clips: list[Path]) -> None:
    before = answer_of(path, "one")

    def work(number: int) -> None:
        if number:
            read_in(path, clips[number])
        else:
            for _ in range(40):
                assert answer_of(path, "one").moments == before.moments

    assert at_once(work, 3) == [0] * 3
    assert whole_titles(path) == ["one", "three", "two"]


# ---- words that mean something to a program


@pytest.mark.parametrize(
    "words",
    [
        "{{7*7}}",
        "{% raw %}",
        "${HOME}",
        "%s lighthouse%n",
        "'; DROP TABLE media; --",
        '"NEAR(a b)"',
        "col:umn",
        "a* AND NOT b",
    ],
)
def test_subtitles_and_questions_come_back_as_they_are(tmp_path: Path, words: str) -> None:
    film = clip(tmp_path / "film.mp4", 8, words)
    with Library(tmp_path / "library.db") as library:
        memory = Memory(library, ingest(library, film, MEASURING).video)
        assert [text.body for text in memory.texts("speech")] == [f"The {words} burns.", "Nobody came."]
        question = f"When does anybody say {words}?"
        answer = ask(memory, question)
        assert answer.question == question
        assert answer.moments[0].quote == f"The {words} burns."
        assert search_library(library, f"burns {words}")[0].text.body == f"The {words} burns."
    assert whole_titles(tmp_path / "library.db") == ["film"]


# ---- odd environments


def vidagent(*words: object, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """One command, with some variables set and, where None, unset."""
    chosen = {name: value for name, value in (os.environ | environment).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-m", "vidagent", *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, env=chosen, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


ASCII: dict[str, str | None] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LANG": None}


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        ASCII,
        {"PYTHONIOENCODING": "latin-1"},
        {"HOME": None},
        {"HOME": "/nowhere"},
        {"TERM": None},
    ],
)
def test_an_odd_environment_gets_the_same_answer(path: Path, environment: dict[str, str | None]) -> None:
    usual = json.loads(vidagent("ask", "one", QUESTION, "--json", "--library", path).stdout)
    done = vidagent("ask", "one", QUESTION, "--json", "--library", path, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer | {"elapsed_s": 0} == usual | {"elapsed_s": 0}
    for words in (
        ("ask", "one", QUESTION),
        ("events", "one"),
        ("search", "burns"),
        ("ls",),
        ("library", "check"),
    ):
        done = vidagent(*words, "--library", path, **environment)
        assert (done.returncode, done.stderr) == (0, "")


def test_characters_that_a_terminal_lacks_stand_as_escapes(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nSize 😀 Größe.\n", encoding="utf-8"
    )
    path = tmp_path / "library.db"
    assert vidagent("ingest", tmp_path / "talk.vtt", "--library", path, **ASCII).returncode == 0
    text = vidagent("search", "size", "--library", path, **ASCII).stdout
    assert text.isascii()
    assert r"Size \U0001f600 Gr\xf6\xdfe." in text
    rows = json.loads(vidagent("search", "size", "--json", "--library", path, **ASCII).stdout)
    assert rows[0]["text"] == "Size 😀 Größe."


def test_a_home_that_cannot_be_written_is_named() -> None:
    done = vidagent("ls", HOME="/proc/1", VIDAGENT_LIBRARY=None, XDG_DATA_HOME=None)
    assert (done.returncode, done.stdout) == (1, "")
    assert "/proc/1/.local/share/vidagent/library.db: " in done.stderr
    assert "name another place with --library" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_home_at_all_still_finds_a_place_or_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = vidagent("ls", HOME=None, VIDAGENT_LIBRARY=None, XDG_DATA_HOME=str(data))
    assert (done.returncode, done.stderr) == (0, "")
    assert (data / "vidagent" / "library.db").exists()
    (tmp_path / "file").write_text("")
    done = vidagent("ls", HOME=str(tmp_path / "file"), VIDAGENT_LIBRARY=None, XDG_DATA_HOME=None)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_newer_library_is_refused_by_every_command_and_left_alone(path: Path, clips: list[Path]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('vidagent', 'm999_later', '')"
        )
    before = path.read_bytes()
    commands = [
        ("ask", "one", QUESTION), ("ingest", clips[1]), ("ls",), ("rm", "one"), ("events", "one"), ("search", "burns"),
        ("library", "check"), ("library", "compact"), ("library", "export", "one", "-o", path.with_name("out.db")),
    ]  # fmt: skip
    for words in commands:
        done = vidagent(*words, "--library", path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "written by a newer vidagent (step m999_later)" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert path.read_bytes() == before
    with pytest.raises(LibraryTooNewError):
        Library(path)
