"""``--from`` and ``--to``: where a command looks, as a user writes it and meets it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vidagent.cli.main import run
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.records import Event
from vidagent.tools.clock import Span

SAID = (
    (5.0, 9.0, "The ferry leaves at nine."),
    (65.0, 69.0, "The ferry leaves at noon."),
    (95.0, 98.0, "The storm broke the lamp."),
)
EVENTS = [
    Event(Span(0.0, 40.0), 1.0, "at the pier"),
    Event(Span(40.0, 90.0), 1.0, "on the water"),
    Event(Span(90.0, 120.04), 1.0, "in the storm"),
]
FERRY = ("ask", "talk", "When is it said that the ferry leaves?")


@pytest.fixture
def talk(remember: Callable[..., Memory], library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library in which a talk of two minutes and a bit lies, where every command finds it."""
    remember(title="talk", texts=SAID, events=EVENTS, duration_s=120.04)
    monkeypatch.setenv("VIDAGENT_LIBRARY", str(library.path))


class Terminal:
    """Runs the command line in this process, and keeps what it said and how it ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Exit code, output and complaint of one command."""
        self._monkeypatch.setattr(sys, "argv", ["vidagent", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        return int(ended.value.code or 0), *self._capsys.readouterr()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command line, run in this process."""
    return Terminal(monkeypatch, capsys)


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("limits", "n_first", "n_last"),
    [
        ((), 0, 3),
        (("--from", "0"), 0, 3),
        (("--from", "40"), 1, 3),
        (("--from", "39.9"), 0, 3),
        (("--to", "40s"), 0, 1),
        (("--to", "0:40.1"), 0, 2),
        (("--from", "-30s"), 2, 3),
        (("--from=-1:30", "--to=-1m"), 0, 2),
        (("--from", "1m30s"), 2, 3),
        (("--from", "50%", "--to", "60%"), 1, 2),
        (("--from", "0h1m", "--to", "100%"), 1, 3),
        (("--to", "02:00.0"), 0, 3),
        (("--to", "2:00.06"), 0, 3),
    ],
)
def test_events_are_those_that_overlap(
    terminal: Terminal, limits: tuple[str, ...], n_first: int, n_last: int
) -> None:
    gists = [event.gist for event in EVENTS[n_first:n_last]]
    code, output, complaint = terminal("events", "talk", *limits)
    assert [line.split("  ")[1] for line in output.splitlines()] == gists
    assert (code, complaint) == (0, "")
    _, output, _ = terminal("events", "talk", "--json", *limits)
    assert [row["gist"] for row in json.loads(output)] == gists


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize(
    ("limits", "heard"),
    [
        ((), "00:05.0–00:09.0, 01:05.0–01:09.0"),
        (("--to", "1m"), "00:05.0–00:09.0"),
        (("--from", "8.5"), "00:05.0–00:09.0, 01:05.0–01:09.0"),
        (("--from", "9"), "01:05.0–01:09.0"),
        (("--from", "50%"), "01:05.0–01:09.0"),
    ],
)
def test_an_answer_comes_from_where_one_may_look(
    terminal: Terminal, limits: tuple[str, ...], heard: str
) -> None:
    code, output, _ = terminal(*FERRY, *limits)
    assert (code, output.splitlines()[0]) == (0, heard)


@pytest.mark.usefixtures("talk")
def test_an_answer_says_where_was_looked(terminal: Terminal) -> None:
    assert "looked only at 00:09.0–01:00.0" in terminal(*FERRY, "--from", "9", "--to", "1:00")[1].splitlines()
    assert "looked only at" not in terminal(*FERRY)[1]


@pytest.mark.usefixtures("talk")
def test_what_lies_outside_is_neither_an_answer_nor_near(terminal: Terminal) -> None:
    _, output, _ = terminal(*FERRY, "--from", "9", "--to", "1:00", "--json")
    answer = json.loads(output)
    assert (answer["abstained"], answer["moments"]) == (True, [])


@pytest.mark.usefixtures("talk")
def test_seconds_in_the_question_are_narrowed_further(terminal: Terminal) -> None:
    question = ("ask", "talk", "Is a storm mentioned after 1m30s?", "--json")
    assert json.loads(terminal(*question)[1])["answer"] == "yes"
    assert json.loads(terminal(*question, "--from", "1:00")[1])["answer"] == "yes"
    assert json.loads(terminal(*question, "--to", "1:32")[1])["answer"] != "yes"
    assert json.loads(terminal(*question, "--to", "1:00")[1])["answer"] != "yes"


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("command", [("events", "talk"), FERRY], ids=["events", "ask"])
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (("--from", "soon"), "--from: not a time: 'soon'"),
        (("--to", "1:75"), "--to: not a time: '1:75'"),
        (("--to", "1:30,5"), "point"),
        (("--from=",), "--from: no time is given"),
        (("--from", "1:00", "--to", "0:59"), "--from has to lie before --to"),
        (("--from", "1:00", "--to", "1:00"), "--from has to lie before --to"),
        (("--from", "100%"), "--from has to lie before --to"),
        (("--to", "0"), "--from has to lie before --to"),
        (("--to", "2:01"), "--to 2:01 lies beyond the end of the video at 02:00.0"),
        (("--from", "1h"), "--from 1h lies beyond the end of the video"),
        (("--from", "-3m"), "--from: not a time: '-3m' lies outside the video"),
    ],
)
def test_a_wrong_time_is_one_clear_line(
    terminal: Terminal, command: tuple[str, ...], limits: tuple[str, ...], told: str
) -> None:
    code, output, complaint = terminal(*command, *limits)
    assert (code, output) == (2, "")
    assert told in complaint
    assert len(complaint.splitlines()) == 1


@pytest.mark.usefixtures("talk")
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_slip_is_told_before_the_video_is_read(terminal: Terminal, tmp_path: Path, option: str) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    code, _, complaint = terminal("events", str(tmp_path / "text.mp4"), option, "soon")
    assert (code, "soon" in complaint, "text.mp4" in complaint) == (2, True, False)


def test_help_names_how_a_time_is_written(terminal: Terminal) -> None:
    for command in ("ask", "events"):
        output = " ".join(terminal(command, "--help")[1].split())
        assert all(word in output for word in ("--from TIME", "--to TIME", "1:30.5", "1h2m3s", "10%", "-30s"))
