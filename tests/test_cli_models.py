"""``vidagent models`` and ``config``: what is used and why, pulled where it is asked for, and never else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Done
from hub import Hub, serving

from vidagent.cli.main import run
from vidagent.tools.models.catalog import ROLES

FILES = {"config.json": b"{}", "model.safetensors": b"w" * 5000}
NAME = "sentence-transformers:somebody/minilm"
Run = Callable[..., Done]


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("VIDAGENT_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("VIDAGENT_MODELS", str(tmp_path / "models"))

    def call(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["vidagent", *words])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


def test_each_role_has_a_line_and_what_could_be_pulled(vidagent: Run) -> None:
    done = vidagent("models")
    assert (done.code, done.complaint) == (0, "")
    assert done.lines[0] == "picture       appearance  (nothing else is on this machine)"
    assert sum("could pull:" in line for line in done.lines) >= 5
    rows = vidagent("models", "--json").value
    assert [row["role"] for row in rows] == [role.name for role in ROLES]
    assert all(row["present"] == [] for row in rows)


def test_a_model_is_pulled_shown_and_checked(
    vidagent: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving(Hub({"somebody/minilm": FILES})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        pulled = vidagent("models", "pull", NAME, "--json")
        assert (pulled.code, pulled.value["revision"]) == (0, hub.commit)
    shown = {row["role"]: row for row in vidagent("models", "--json").value}["text-vectors"]
    assert (shown["chosen"], shown["why"]) == (NAME, "the best on this machine")
    assert shown["present"][0]["size_bytes"] == 5002
    assert vidagent("models", "check").lines == ["1 model(s) as they were pulled"]
    (tmp_path / "models" / "sentence-transformers" / "somebody--minilm" / "config.json").write_text("[]")
    wrong = vidagent("models", "check")
    assert (wrong.code, "config.json" in wrong.out) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pull", "everything"), 2, "no role and no model"),
        (("pull", "gguf:a/b"), 2, "KIND:NAME"),
        (("pull", NAME, "--offline"), 4, "offline"),
        (("pull", "openai:http://localhost/v1"), 2, "nothing to pull"),
    ],
)
def test_what_cannot_be_pulled_is_one_line(
    vidagent: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    done = vidagent("models", *words)
    assert (done.code, done.out, done.complaint.count("\n")) == (code, "", 1)
    assert said in done.complaint


def test_config_shows_where_each_value_came_from(
    vidagent: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text('device = "cpu"\nplayer = "vlc"\n')
    monkeypatch.setenv("VIDAGENT_LANGUAGE", "de")
    shown = vidagent("config", "--json").value
    assert shown["device"] == {"value": "cpu", "from": str(tmp_path / "config.toml")}
    assert shown["player"] == {"value": "vlc", "from": str(tmp_path / "config.toml")}
    assert shown["language"] == {"value": "de", "from": "VIDAGENT_LANGUAGE"}
    assert shown["reader"] == {"value": "auto", "from": "default"}
    assert vidagent("config", "--path").lines == [str(tmp_path / "config.toml")]
    said = vidagent("config").lines
    assert len(said) == len(shown) + 1
    assert said[3].split() == ["offline", "false", "(default)"]


def test_a_slip_in_the_file_ends_every_command_with_one_line(vidagent: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('devise = "cpu"\n')
    for words in (("config",), ("models",), ("ls",), ("search", "x")):
        done = vidagent(*words)
        assert (done.code, done.complaint.count("\n")) == (2, 1)
        assert "is device meant?" in done.complaint
