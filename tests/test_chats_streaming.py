"""A video LLM's answer in ``vidagent chat``, from a server to the terminal: written as it comes, then replaced."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest
from clips import make_clip, numbered, steady
from endpoint_servers import DONE, Act, Answer, breaks_off_after, event, likely, says, serving
from screens import Screen
from typing_terminal import TypingTerminal

from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.tools.engines import embedded

QUESTION = "What is painted there?"
LOOK = '{"act": "look", "words": [], "from": "00:06", "to": "00:08"}'
YES, NO = likely(yes=-0.01, no=-6.0), likely(no=-0.01, yes=-6.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that remembers one clip of numbered pictures."""
    folder = tmp_path_factory.mktemp("library")
    clip = make_clip(folder / "numbers.mkv", steady(10, 0.0, 1.0), numbered())
    with Library(folder / "library.db") as opened:
        ingest(opened, clip, embedded(read_text=False, hear_speech=False))
    return folder / "library.db"


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("VIDAGENT_RUNS", "VIDAGENT_MODELS", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")


class Held:
    """A reply that a server holds back in the middle until it is released."""

    def __init__(self, first: str, rest: str) -> None:
        self._first, self._rest, self.release = first, rest, threading.Event()

    def __call__(self, answer: Answer) -> None:
        answer.begin()
        answer.send(event(self._first))
        assert self.release.wait(60)
        answer.send(event(self._rest))
        answer.send(DONE)
        answer.end()


class Model:
    """A video LLM behind a server: it passes the trial, gives its ``replies`` in turn, and ``believes`` them or not."""

    def __init__(self, *replies: Act, believes: Act) -> None:
        self._replies, self._believes, self._trial = iter(replies), believes, cycle((YES, NO))

    def __call__(self, answer: Answer) -> None:
        body = answer.server_of.asked[-1].body
        words = json.dumps(body["messages"])
        if not body["stream"]:
            # Each question of the trial is asked so that yes is right, and then so that no is.
            (self._believes if "An answer" in words else next(self._trial))(answer)
        elif "You answer questions about a video" in words:
            next(self._replies)(answer)
        elif "You look for what answers a question" in words:
            says("{}" if "2. look" in words else LOOK)(answer)
        else:
            says("{}")(answer)


@contextmanager
def talking(library: Path, model: Model) -> Iterator[TypingTerminal]:
    """A chat about the numbers, at its prompt."""
    with (
        serving(model) as server,
        TypingTerminal(
            "chat", "numbers", "--reader", f"openai:{server.url}#tiny", "--library", library
        ) as at,
    ):
        at.until("numbers>")
        yield at


def standing(at: TypingTerminal) -> str:
    """What stands on the terminal by now, from the question on."""
    screen = Screen()
    screen.write(at.all.decode(errors="replace"))
    return "\n".join(screen.lines).partition(QUESTION)[2]


def test_an_answer_is_written_as_it_comes_and_then_replaced(library: Path) -> None:
    held = Held("It is a num", "ber [00:02.0].")
    with talking(library, Model(held, believes=YES)) as at:
        at.type(QUESTION + "\r")
        at.until("It is a num")
        # The server has not said the rest yet.
        assert standing(at).split("\n") == ["", "It is a num"]
        held.release.set()
        at.until("numbers>")
        lines = standing(at).split("\n")
    assert lines[1:3] == ["It is a number [00:02.0].", "  00:02.0–00:03.0  named by the model (picture)"]
    assert sum("It is a num" in line for line in lines) == 1


def test_an_answer_that_is_withdrawn_does_not_stay(library: Path) -> None:
    first, second = Held("It is a [31mwha", "le [00:02.0]."), Held("It is a fi", "sh [00:06.0].")
    with talking(library, Model(first, second, believes=NO)) as at:
        at.type(QUESTION + "\r")
        at.until("It is a [31mwha")
        first.release.set()
        at.until("It is a fi")
        # What is written after another look stands in the place of the first answer.
        assert standing(at).split("\n") == ["", "It is a fi"]
        second.release.set()
        at.until("numbers>")
        lines = standing(at).split("\n")
    assert lines[1].startswith("not found")
    assert [line for line in lines if "whale" in line or "fish" in line or "It is" in line] == []
    assert any(line.startswith("no video LLM found it: ") for line in lines)


def test_a_draft_is_gone_when_the_server_breaks_off(library: Path) -> None:
    with talking(library, Model(breaks_off_after(event("It is a num")), believes=YES)) as at:
        at.type(QUESTION + "\r")
        at.until("broke off in the middle")
        at.until("numbers>")
        lines = standing(at).split("\n")
    assert lines[1].startswith("vidagent: http://127.0.0.1:")
    assert [line for line in lines if "It is" in line] == []


def test_a_pipe_gets_the_answer_only(library: Path) -> None:
    with serving(Model(says("It is a num", "ber [00:02.0]."), believes=YES)) as server:
        done = subprocess.run(
            [
                sys.executable, "-m", "vidagent", "chat", "numbers", "--reader", f"openai:{server.url}#tiny",
                "--library", library,
            ],
            input=QUESTION, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "It is a number [00:02.0]."
    assert (done.stdout.count("It is a num"), "\x1b" in done.stdout) == (1, False)
