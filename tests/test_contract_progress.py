"""Progress comes at once and in the form that was asked for, results and progress keep apart, and an end is clean."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from clips import cut, make_clip, tone
from commands import Commands
from jsonschema import Draft202012Validator
from memories import island_of
from typing_terminal import TypingTerminal

from vidagent.cli.schema import schema_of

SAMPLE = Path(__file__).parents[1] / "samples" / "gull_island.mp4"
FERRY = "When does the ferry leave?"
_PATIENCE_S = 120.0


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    return Commands(monkeypatch, capsys, tmp_path / "library.db")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "film.m4a", sound=tone(1.0))


def test_lines_of_json_tell_how_far_it_is_and_results_stay_apart(vidagent: Commands, film: Path) -> None:
    done = vidagent("--progress", "json", "ingest", film, "--json")
    rows = [json.loads(line) for line in done.complaint.splitlines()]
    for row in rows:
        Draft202012Validator(schema_of("progress")).validate(row)
    assert (done.code, done.value["new"]) == (0, True)
    assert [(row["title"], row["stage"]) for row in rows[:2]] == [
        ("ingest", "working"),
        ("film.m4a", "opening"),
    ]


def test_a_variable_chooses_and_an_option_outweighs_it(
    vidagent: Commands, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDAGENT_PROGRESS", "json")
    assert vidagent("probe", film).complaint.startswith('{"title": "probe", "stage": "working"')
    assert vidagent("--progress", "none", "probe", film).complaint == ""
    monkeypatch.setenv("VIDAGENT_PROGRESS", "loud")
    wrong = vidagent("probe", film)
    assert (wrong.code, wrong.out) == (2, "") and "loud" in wrong.complaint


def test_off_a_terminal_there_is_none_and_no_colour(vidagent: Commands, film: Path) -> None:
    done = vidagent("probe", film)
    assert (done.code, done.complaint) == (0, "")
    assert "film.m4a" in done.out and "\x1b" not in done.out


def test_a_terminal_sees_that_work_has_begun_before_anything_heavy_is_loaded() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-X", "importtime", "-m", "vidagent", "ask", "nowhere.mp4", "When?"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    )
    os.close(theirs)
    told = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.wait() == 5
    begun = told.index(b"ask: working\r")
    for heavy in (b" numpy\r", b" sqlite3\r"):
        assert begun < told.index(heavy), heavy
    assert b" rich.console\r" not in told[:begun]


def _read(terminal: int) -> bytes:
    with suppress(OSError):
        return os.read(terminal, 1 << 16)
    return b""


@pytest.fixture
def island(tmp_path: Path) -> Path:
    """A library that remembers the island."""
    island_of(tmp_path / "library.db").library.close()
    return tmp_path / "library.db"


@pytest.mark.parametrize("form", ["auto", "json", "none"])
def test_what_stands_on_a_terminal_makes_room_for_the_answer(island: Path, form: str) -> None:
    words = ("--progress", form, "ask", "island", FERRY, "--json", "--library", island)
    with TypingTerminal(*words) as terminal:
        assert terminal.ended() == 0
    begun = b"ask: working\r"
    away = b" " * (len(begun) - 1) + b"\r"
    first = {"auto": begun + away + b'{"question"', "json": b'{"title": "ask"', "none": b'{"question"'}
    assert terminal.all.startswith(first[form])
    assert b"\x1b" not in terminal.all


def test_without_colour_a_terminal_gets_text_alone(island: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with TypingTerminal("ask", "island", FERRY, "--library", island) as terminal:
        assert terminal.ended() == 0
    assert "00:30.0–00:34.0" in terminal.all.decode()
    assert b"\x1b" not in terminal.all


def test_help_is_nothing_that_takes_long(tmp_path: Path) -> None:
    with TypingTerminal("ask", "--help") as terminal:
        assert terminal.ended() == 0
    assert b"working" not in terminal.all


def test_a_dumb_terminal_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with TypingTerminal("probe", SAMPLE, "--quick") as terminal:
        assert terminal.ended() == 0
    assert terminal.all.startswith(b"file")


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough that nothing is done with it at once."""
    return cut(SAMPLE, tmp_path_factory.mktemp("talk") / "talk.mp4", 30.0)


def test_whatever_is_broken_off_ends_with_one_line_and_leaves_nothing(talk: Path, tmp_path: Path) -> None:
    """Each is stopped at another time, from the keyboard or from outside; one that was quicker has done its work."""
    library = tmp_path / "library.db"
    island_of(library).library.close()
    tries = [
        _Try(signal.SIGTERM, "ended from outside", "clip", talk, "0-28", "-o", tmp_path / "clip.mp4"),
        _Try(signal.SIGINT, "interrupted", "frames", talk, "--every", "0.2s", "-o", tmp_path / "frames"),
        _Try(
            signal.SIGINT,
            "interrupted",
            "report",
            "island",
            "-o",
            tmp_path / "page.html",
            "--library",
            library,
        ),
        _Try(
            signal.SIGTERM,
            "ended from outside; what was found is kept, and the same command goes on from there",
            *("ingest", talk, "--library", library),
        ),
    ]
    chance = random.Random(28)
    for each in tries:
        time.sleep(chance.random() * 0.5)
        each.stop()
    for each in tries:
        each.check()
    assert not [path for path in tmp_path.rglob(".*") if path.suffix == ".part"]


class _Try:
    """A command in a process of its own, at work by the time that this is made."""

    def __init__(self, number: signal.Signals, told: str, *words: object) -> None:
        self._number, self._told = number, told
        self._outputs = [Path(str(after)) for option, after in pairwise(words) if option == "-o"]
        command = [sys.executable, "-m", "vidagent", "--progress", "json", *map(str, words)]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_listen,
        )
        assert self._process.stderr is not None
        assert "working" in self._process.stderr.readline()

    def stop(self) -> None:
        self._process.send_signal(self._number)

    def check(self) -> None:
        _, told = self._process.communicate(timeout=_PATIENCE_S)
        complaints = [line for line in told.splitlines() if not line.startswith("{")]
        code = {signal.SIGINT: 130, signal.SIGTERM: 143}[self._number]
        ends = [(code, [f"vidagent: {self._told}"]), (0, [])]
        if any(output.exists() for output in self._outputs):
            # All was done, and the signal met what was left of the process.
            ends.append((-self._number, []))
        assert (self._process.returncode, complaints) in ends
        assert _is_gone(self._process.pid)


def _listen() -> None:
    """Undo what a shell does to a job in the background, of which these tests may be a part."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_gone(group: int) -> bool:
    """Whether no process of a group is left, after a while at most."""
    end_s = time.monotonic() + 10.0
    while time.monotonic() < end_s:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
