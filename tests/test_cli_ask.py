"""``vidagent ask`` across calls: a session goes on from its last answer, and other sessions do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from clips import make_clip, solid, steady
from commands import Commands
from memories import island_of
from PIL import Image
from typing_terminal import TypingTerminal

from vidagent.index.ingest import ingest
from vidagent.index.library import Library
from vidagent.tools.engines import embedded
from vidagent.tools.models.making import Models
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt

RED, GREY = (210, 20, 20), (120, 120, 120)
WHEN_RED = "When does the screen turn red?"


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Commands:
    path = tmp_path / "library.db"
    island_of(path).library.close()
    return Commands(monkeypatch, capsys, path)


@pytest.fixture
def island(vidagent: Commands) -> str:
    """What the one remembered video is called."""
    return vidagent("ls").lines[0].split()[0]


def test_a_session_goes_on_from_its_last_answer(vidagent: Commands, island: str) -> None:
    vidagent("ask", island, "When does the ferry leave?", "--session", "a")
    followed = vidagent("ask", island, "And what is said right after that?", "--session", "a")
    assert (followed.code, followed.lines[0]) == (0, "Three boats are out in the morning.")
    assert vidagent("ask", island, "What is said next?", "--session", "b").lines[0].startswith("not found")
    assert vidagent("ask", island, "What is said next?").lines[0].startswith("not found")


def test_the_json_says_how_the_memory_was_searched(vidagent: Commands, island: str) -> None:
    made = vidagent("ask", island, "Who keeps the lighthouse?", "--json").value
    assert set(made["recall"]) == {"path", "fast_probability", "events"}
    absent = vidagent("ask", island, "When does the helicopter land?", "--json").value["recall"]
    assert absent["path"] == "detailed" and absent["fast_probability"] < 0.5


@pytest.fixture
def film(vidagent: Commands, tmp_path: Path) -> Path:
    """Twenty grey seconds, of which those from 8 to 12 are red, in the library."""
    clip = make_clip(
        tmp_path / "film.mkv", steady(20, 0.0, 1.0), lambda i: solid(RED if 8 <= i < 12 else GREY)(i)
    )
    with Library(tmp_path / "library.db") as library:
        ingest(library, clip, embedded(read_text=False))
    return clip


def test_a_sheet_holds_the_moments(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    made = vidagent("ask", film, WHEN_RED, "--sheet", sheet)
    assert made.code == 0 and str(sheet) in made.complaint
    with Image.open(sheet) as picture:
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3).astype(int)
    assert (np.abs(colours - RED).max(axis=1) < 40).mean() > 0.25
    assert vidagent("ask", film, WHEN_RED, "--sheet", sheet).code == 2
    assert vidagent("ask", film, WHEN_RED, "--sheet", sheet, "--force").code == 0


def test_without_a_moment_there_is_no_sheet(vidagent: Commands, film: Path, tmp_path: Path) -> None:
    made = vidagent("ask", film, "Who says that the ferry leaves?", "--sheet", tmp_path / "sheet.png")
    assert made.code == 0 and "no moment" in made.complaint and not (tmp_path / "sheet.png").exists()


def test_a_terminal_shows_a_strip_and_a_picture_and_a_pipe_does_not(
    vidagent: Commands, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("ask", film, WHEN_RED, "--library", tmp_path / "library.db")
    assert "▲" not in vidagent("ask", film, WHEN_RED).out
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with TypingTerminal(*asked) as terminal:
        assert terminal.ended() == 0
        assert "▲" in terminal.all.decode() and "▀".encode() in terminal.all
    with TypingTerminal(*asked, "--plain") as terminal:
        assert terminal.ended() == 0
        assert not set("▲▀█") & set(terminal.all.decode())


def test_a_budget_that_is_spent_for_nothing_ends_with_its_code(
    vidagent: Commands, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chances(prompt: Prompt, answers: Sequence[str]) -> list[float]:
        """As a trained model has them that sees nothing of what is asked for."""
        text = " ".join(part for part in prompt.parts if isinstance(part, str))
        is_white = any(part.image.mean() > 128 for part in prompt.parts if not isinstance(part, str))
        is_so = is_white if "white" in text else "dog" in text or "7 more" in text
        return [0.9, 0.1] if is_so else [0.1, 0.9]

    model = ScriptedModel(lambda prompt: "not found", chances, FrameBudget(4, 1 << 12))
    monkeypatch.setattr(Models, "reader", lambda models: model)
    asked = ("ask", film, "What is behind the bright stone?", "--budget")
    spent = vidagent(*asked, "10frames", "--json")
    assert spent.code == 8 and spent.value["abstained"] and spent.value["cut_short"]
    assert "larger --budget" in spent.complaint
    assert vidagent(*asked, "10frames", "--min-confidence", "0.2").code == 7
