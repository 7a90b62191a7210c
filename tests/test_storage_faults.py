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
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
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
STEP_BYTES = 4096 * 8
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


Rows = dict[str, list[str]]
ROWS = {
    "media": "SELECT sha256, path, title, size_bytes, mtime_ns, sidecar_sha256, tracks, settings, duration_us,"
    " width, height, notes, state, segmentation FROM media WHERE id = ?",
    "sample": "SELECT name, t_us, vec FROM sample JOIN model ON model.id = model_id WHERE media_id = ?",
    "signal": "SELECT name, t_us, value FROM signal WHERE media_id = ?",
    "text": "SELECT sense, start_us, end_us, body, stems, folded, trust, box FROM text WHERE media_id = ?",
    "text_part": "SELECT p.start_us, p.end_us, p.body, text.body FROM text_part p JOIN text ON text.id = text_id"
    " WHERE media_id = ?",
    "voice": "SELECT start_us, end_us FROM voice WHERE media_id = ?",
    "loudness": "SELECT start_us, hop_us, levels_db FROM loudness WHERE media_id = ?",
    "boundary": "SELECT t_us, height, origin, is_final FROM boundary WHERE media_id = ?",
    "event": "SELECT start_us, end_us, merge_height, gist, salience, mean, is_final FROM event WHERE media_id = ?",
    "event_key": "SELECT start_us, rank, t_us FROM event_key JOIN event ON event.id = event_id"
    " JOIN sample ON sample.id = sample_id WHERE event.media_id = ?",
    "coverage": "SELECT sense, engine, share, n_looks, trust FROM coverage WHERE media_id = ?",
    "lost": "SELECT sense, start_us, end_us FROM lost WHERE media_id = ?",
    "mark": "SELECT start_us, end_us, title FROM mark WHERE media_id = ?",
    "progress": "SELECT stage FROM progress WHERE media_id = ?",
}


def rows_of(library_path: Path, title: str) -> Rows:
    """All that is remembered of a video, without ids."""
    with Library(library_path) as library:
        media_id = library.find(title).id
        return {table: sorted(map(str, library.rows(query, media_id))) for table, query in ROWS.items()}


def assert_no_orphans(library_path: Path) -> None:
    """The file is sound, every row belongs to a video, and nothing but the videos' rows is there."""
    with Library(library_path) as library:
        assert library.rows("PRAGMA integrity_check") == [("ok",)]
        assert library.rows("PRAGMA foreign_key_check") == []
        library.rows("INSERT INTO text_fts(text_fts, rank) VALUES ('integrity-check', 1)")
        n_rows = {table: library.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ROWS}
        titles = [video.title for video in library.videos()]
    rows = [rows_of(library_path, title) for title in titles]
    assert n_rows == {table: sum(len(each[table]) for each in rows) for table in ROWS}
    assert list(library_path.parent.glob("*.lock")) == []


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip(folder / f"{name}.mp4", words=name) for name in ("one", "two", "three", "four")]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, clips: list[Path]) -> dict[str, Path]:
    """Closed libraries by title, each of which remembers one clip that was read while nothing else went on."""
    folder = tmp_path_factory.mktemp("alone")
    for each in clips:
        assert read_in(folder / f"{each.stem}.db", each) == 0
    return {each.stem: folder / f"{each.stem}.db" for each in clips}


@pytest.fixture
def path(tmp_path: Path, alone: dict[str, Path]) -> Path:
    """A closed library that remembers the first clip."""
    return Path(shutil.copy(alone["one"], tmp_path / "library.db"))


# ---- no room


def code_within(library_path: Path, clip_path: Path, limit_bytes: int) -> int:
    """0 where the clip was remembered although no file may grow larger, 10 where that was told."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    try:
        return read_in(library_path, clip_path)
    except StorageFullError as error:
        return 10 if str(library_path) in str(error) and len(str(error).splitlines()) == 1 else 11


def test_a_full_disk_at_any_step_keeps_what_was_there_and_the_next_run_finishes(
    path: Path, clips: list[Path], alone: dict[str, Path], tmp_path: Path
) -> None:
    before, undisturbed = answer_of(path, "one"), rows_of(alone["two"], "two")
    codes: list[int] = []
    while 0 not in codes:
        work, limit_bytes = (
            Path(shutil.copy(path, tmp_path / f"step{len(codes)}.db")),
            STEP_BYTES * len(codes),
        )
        codes.append(exit_code_of(lambda work=work, limit=limit_bytes: code_within(work, clips[1], limit)))
        assert whole_titles(work) == (["one"] if codes[-1] else ["one", "two"])
        assert answer_of(work, "one").moments == before.moments
        read_in(work, clips[1])
        assert whole_titles(work) == ["one", "two"]
        assert rows_of(work, "two") == undisturbed
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


def assert_as_alone(library_path: Path, alone: dict[str, Path], *titles: str) -> None:
    """The library holds exactly these videos, and of each what a process that ran alone remembered."""
    assert whole_titles(library_path) == sorted(titles)
    assert_no_orphans(library_path)
    for title in titles:
        assert rows_of(library_path, title) == rows_of(alone[title], title)


def test_four_processes_that_read_one_video_remember_it_once(
    path: Path, clips: list[Path], alone: dict[str, Path]
) -> None:
    assert at_once(lambda number: read_in(path, clips[1]), 4) == [0] * 4
    assert_as_alone(path, alone, "one", "two")


def test_four_processes_that_read_different_videos_remember_all(
    tmp_path: Path, clips: list[Path], alone: dict[str, Path]
) -> None:
    path = tmp_path / "library.db"
    assert at_once(lambda number: read_in(path, clips[number]), 4) == [0] * 4
    assert_as_alone(path, alone, "one", "two", "three", "four")


def test_four_processes_that_read_the_same_and_different_videos_remember_each_once(
    tmp_path: Path, clips: list[Path], alone: dict[str, Path]
) -> None:
    path = tmp_path / "library.db"

    def work(number: int) -> None:
        # Two read the same two in the same order, the others in another one.
        for place in (number // 2, 2 - number // 2):
            read_in(path, clips[place])

    assert at_once(work, 4) == [0] * 4
    assert_as_alone(path, alone, "one", "two", "three")


def test_who_asks_meanwhile_gets_the_same_answer(
    path: Path, clips: list[Path], alone: dict[str, Path]
) -> None:
    before = answer_of(path, "one")

    def work(number: int) -> None:
        if number:
            read_in(path, clips[number])
        else:
            for _ in range(40):
                assert answer_of(path, "one").moments == before.moments

    assert at_once(work, 3) == [0] * 3
    assert_as_alone(path, alone, "one", "two", "three")


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


# A process for each command, of which the interpreter and the modules were started only once.
ONE_AFTER_THE_OTHER = """
import json, os, sys
import numpy, sqlite_utils, vidagent.agent.planner, vidagent.cli.main, vidagent.index.upkeep
for number, words in enumerate(json.loads(sys.argv[1])):
    child = os.fork()
    if not child:
        for stream, ending in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{sys.argv[3]}/{number}.{ending}", os.O_CREAT | os.O_WRONLY), stream)
        sys.argv = ["vidagent", *words, "--library", sys.argv[2]]
        vidagent.cli.main.run()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    complaint: str


def each_of(
    commands: Sequence[Sequence[object]], library_path: Path, folder: Path, **environment: str | None
) -> list[Ended]:
    """How each command ends in a process of its own, with some variables set and, where None, unset."""
    folder.mkdir()
    words = json.dumps([list(map(str, command)) for command in commands])
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER, words, str(library_path), str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        timeout=240,
        env=varied(environment),
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr == b""
    codes = [int(code) for code in done.stdout.split()]
    assert len(codes) == len(commands)
    return [
        Ended(code, *((folder / f"{number}.{ending}").read_text("utf-8") for ending in ("out", "err")))
        for number, code in enumerate(codes)
    ]


def varied(environment: dict[str, str | None]) -> dict[str, str]:
    """The environment with some variables set and, where None, unset."""
    return {name: value for name, value in (os.environ | environment).items() if value is not None}


def vidagent(*words: object, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """One command, with some variables set and, where None, unset."""
    return subprocess.run(
        [sys.executable, "-m", "vidagent", *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", timeout=240, env=varied(environment),
        check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def usual(alone: dict[str, Path]) -> dict[str, object]:
    """The answer where nothing is odd."""
    done = vidagent("ask", "one", QUESTION, "--json", "--library", alone["one"])
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


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
def test_an_odd_environment_gets_the_same_answer(
    path: Path, usual: dict[str, object], environment: dict[str, str | None]
) -> None:
    commands = [
        ("ask", "one", QUESTION, "--json"), ("ask", "one", QUESTION), ("events", "one"), ("search", "burns"), ("ls",),
        ("library", "check"),
    ]  # fmt: skip
    ended = each_of(commands, path, path.parent / "said", **environment)
    assert [(each.code, each.complaint) for each in ended] == [(0, "")] * len(commands)
    assert all(each.out for each in ended)
    assert json.loads(ended[0].out) | {"elapsed_s": 0} == usual | {"elapsed_s": 0}


def test_characters_that_a_terminal_lacks_stand_as_escapes(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nSize 😀 Größe.\n", encoding="utf-8"
    )
    path = tmp_path / "library.db"
    commands = [
        ("ingest", tmp_path / "talk.vtt"), ("search", "size"), ("search", "size", "--json"),
    ]  # fmt: skip
    read, found, listed = each_of(commands, path, tmp_path / "said", **ASCII)
    assert read.code == 0
    assert found.out.isascii()
    assert r"Size \U0001f600 Gr\xf6\xdfe." in found.out
    assert json.loads(listed.out)[0]["text"] == "Size 😀 Größe."


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
    for ended in each_of(commands, path, path.parent / "said"):
        assert (ended.code, ended.out) == (1, "")
        assert "written by a newer vidagent (step m999_later)" in ended.complaint
        assert len(ended.complaint.splitlines()) == 1
    assert path.read_bytes() == before
    with pytest.raises(LibraryTooNewError):
        Library(path)
