"""``vidagent chat``: questions from a pipe or typed at a terminal, and commands about the answers."""

from __future__ import annotations

import io
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from clips import make_clip, numbered, steady
from commands import Commands, Done
from conftest import Rememberer
from endpoint_servers import hangs, serving
from typing_terminal import TypingTerminal

from vidagent.cli.chats.commands import COMMANDS
from vidagent.index.records import Event
from vidagent.tools.clock import Span

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e"
EVENTS = [Event(Span(0.0, 2.0), 1.0, f"first{HOSTILE}"), Event(Span(2.0, 4.0), 1.0, "second")]
SAID = [(0.5, 1.5, f"The ferry leaves at nine.{HOSTILE}"), (1.5, 2.5, "The storm comes from the north.")]
FERRY = "The ferry leaves at nine."
WHEN = "00:00.5–00:01.5"
ASKED = "When does the ferry leave?"
Talk = Callable[..., Done]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered pictures, ten a second, and a last one up to 4.0."""
    path = tmp_path_factory.mktemp("film") / "ferry.mp4"
    return make_clip(path, [*steady(40, step_s=0.1), 3.96], numbered())


@pytest.fixture(autouse=True)
def _remembered(remember: Rememberer, film: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A film with a ferry, and another one that has none; a data folder and a folder of traces of our own."""
    remember(path=film, title="ferry", duration_s=4.0, events=EVENTS, texts=SAID)
    remember(title=f"other{HOSTILE}", texts=[(1.0, 2.0, "Nobody keeps the old lighthouse.")])
    monkeypatch.setenv("VIDAGENT_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Talk:
    """``vidagent chat`` with a pipe that holds these lines; the videos are ``videos``, else the ferry."""
    vidagent = Commands(monkeypatch, capsys, tmp_path / "library.sqlite")

    def run(*lines: str | bytes, videos: tuple[str, ...] = ("ferry",), more: tuple[str, ...] = ()) -> Done:
        data = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        return vidagent("chat", *videos, *more)

    return run


def test_each_line_of_a_pipe_is_answered_in_turn(talk: Talk) -> None:
    done = talk("", ASKED, "And what is said right after that?")
    first, second, rest = done.out.split("\n\n")
    assert (done.code, done.complaint, rest) == (0, "", "")
    assert first.splitlines()[:2] == [WHEN, f"  {WHEN}  “{FERRY}” (speech)"]
    assert second.splitlines()[0] == "The storm comes from the north."
    assert "\x1b" not in done.out and "> " not in done.out


def test_what_fails_is_told_in_a_line_and_the_rest_is_done(talk: Talk) -> None:
    done = talk("/shwo 1", "/show 9:59", "/open", "/budget 64frames", "/quit now", "/help!", ASKED)
    assert done.code == 6
    assert FERRY in done.out
    complaints = done.complaint.splitlines()
    assert complaints[0] == "vidagent: /shwo: no such command; is /show meant?"
    assert [line.startswith("vidagent: ") for line in complaints] == [True] * 6
    assert complaints[3].startswith("vidagent: a budget is for a video LLM, and none is here")


def test_help_names_every_command_and_a_missing_video_ends_it(talk: Talk) -> None:
    assert [line.split()[0] for line in talk("/help").lines[:-1]] == [f"/{name}" for name in COMMANDS]
    done = talk(ASKED, videos=("ferry", "nothing"))
    assert (done.code, done.out, done.complaint.count("\n")) == (5, "", 1)


def test_bytes_that_are_no_text_stop_nothing(talk: Talk) -> None:
    done = talk(b"\xef\xbb\xbf" + ASKED.encode(), b"\xff " + ASKED.encode(), "/quit", "/nothing")
    assert (done.code, done.complaint, done.lines.count(WHEN)) == (0, "", 2)


def test_commands_before_any_answer_say_so(talk: Talk) -> None:
    done = talk("/why", "/clip a.mp4", "/save a.md")
    assert (done.code, done.out, len(done.complaint.splitlines())) == (6, "", 3)
    assert not list(Path().glob("a.*"))


def test_several_videos_are_all_asked_and_named(talk: Talk) -> None:
    done = talk(ASKED, "/video ferry", "/show 1", "/video", videos=("other", "ferry"))
    answers, told = done.out.split("\n\n", 1)
    assert answers.splitlines()[0] == f"[ferry] {WHEN}"
    assert answers.splitlines()[-1] == "not found in: [other]"
    marks = [line[0] for line in told.splitlines() if " other" in line or line.endswith("ferry")]
    assert marks == [" ", "*", "*", "*"]
    assert "ferry at 00:01.0 (picture of 00:01.000)" in told
    assert (done.code, "\x1b" in done.out) == (0, False)


def test_why_is_the_trace_of_the_last_answer(talk: Talk) -> None:
    done = talk(ASKED, "/why", videos=("ferry", "other"))
    assert f"question: {ASKED}" in done.out
    ids = [line.split()[1][:8] for line in done.lines if line.startswith("* ")]
    assert not ids and f"answer: {WHEN}" in done.out
    assert (done.code, "\x1b" in done.out) == (0, False)


def test_a_clip_is_the_first_moment_and_overwrites_nothing(talk: Talk, film: Path) -> None:
    done = talk(ASKED, "/clip a.mp4", "/clip a.mp4", "/clip! 'a.mp4'", "/clip a.txt", f"/clip! {film}")
    assert done.lines[-2:] == ["a.mp4: 00:00.500–00:01.500, 10 picture(s)"] * 2
    assert [line.split(": ", 2)[2] for line in done.complaint.splitlines()] == [
        "is there already; /clip! overwrites it",
        "has to end in .mp4, .mkv, .webm",
        "is the video itself; name another file",
    ]
    assert Path("a.mp4").read_bytes()[4:8] == b"ftyp"


def test_a_conversation_is_saved_in_both_forms(talk: Talk) -> None:
    done = talk(ASKED, "What does the whale eat?", "/save a.md", "/save a.jsonl", "/save a.md", "/save! a.md")
    assert (done.code, done.complaint) == (6, "vidagent: a.md: is there already; /save! overwrites it\n")
    assert f"## {ASKED}\n\n{WHEN}\n" in Path("a.md").read_text()
    text = Path("a.jsonl").read_text()
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["question"] for row in rows] == [ASKED, "What does the whale eat?"]
    assert [row["answers"][0]["abstained"] for row in rows] == [False, True]
    assert "\x1b" not in text + Path("a.md").read_text()


def test_follow_ups_leave_nothing_in_the_library(talk: Talk, remember: Rememberer) -> None:
    talk(ASKED)
    assert remember.library.rows("SELECT count(*) FROM session") == [(0,)]


def test_a_terminal_has_history_lines_a_player_and_a_way_out(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    told, player = tmp_path / "told", tmp_path / "mpv"
    player.write_text(f'#!/bin/sh\necho "$*" > {told}.part && mv {told}.part {told}\n')
    player.chmod(0o700)
    monkeypatch.setenv("VIDAGENT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(f'player = "{player}"\n')
    library = tmp_path / "library.sqlite"
    with TypingTerminal("chat", "ferry", "--library", library) as at:
        at.until("ferry>")
        at.type("\x03")
        at.until("to leave: /quit or Ctrl-D")
        at.until("ferry>")
        at.type("When does\x1b\rthe ferry leave?\r")
        at.until("looked █")
        at.until("ferry>")
        at.type("/open\r")
        at.until("mpv plays ferry at 00:00.5")
        at.waits_for(told.exists)
        at.until("ferry>")
        at.type("\x1b[A\x1b[A\x1b[A\r")
        at.until(FERRY)
        at.until("ferry>")
        at.type("\x04")
        assert at.ended() == 0
        assert "▀" in at.all.decode() and b"\x1b[2J" not in at.all and b"owned" not in at.all
    assert told.read_text() == f"--force-window=yes --{{ --start=0.500 {film} --}}\n"
    history = tmp_path / "data" / "vidagent" / "chat-history"
    assert "+When does\n+the ferry leave?" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_ctrl_c_ends_the_question_and_not_the_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")

    with serving(hangs) as server, TypingTerminal(
        "chat", "ferry", "--reader", f"openai:{server.url}#tiny", "--library", tmp_path / "library.sqlite",
        "--player", "nobody",
    ) as at:  # fmt: skip
        at.until("ferry>")
        at.type("What is painted there?\r")
        at.waits_for(lambda: bool(server.asked))
        at.type("\x03")
        at.until("interrupted; what was found is kept")
        at.until("ferry>")
        at.type("/budget 8frames\r")
        at.until("budget of a question: 8frames")
        at.type("/open 1\r")
        at.until("nobody: no such player; install mpv or VLC, or name one with --player")
        at.type("quit\r")
        assert at.ended() == 0
