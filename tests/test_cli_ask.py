"""``vidagent ask`` across calls: a session goes on from its last answer, and other sessions do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Commands
from memories import island_of


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
