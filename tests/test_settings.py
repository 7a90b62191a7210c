"""A flag wins over the environment, that over the file, that over the default; each value says where it came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vidagent.tools.errors import RequestError
from vidagent.tools.models.catalog import ROLES
from vidagent.tools.settings import MODEL_SETTINGS, config_path, settled


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("VIDAGENT_CONFIG", str(path))
    for name in [name for name in os.environ if name.startswith("VIDAGENT_") and name != "VIDAGENT_CONFIG"]:
        monkeypatch.delenv(name)
    return path


def test_without_anything_the_defaults_hold() -> None:
    found = settled()
    assert (found.settings.device, found.settings.offline, found.settings.reader) == ("auto", False, "auto")
    assert set(found.origins.values()) == {"default"}


def test_every_role_is_chosen_by_a_setting_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDAGENT_SOUND_MODEL", "clap:a/b")
    found = settled({"detector": "none"})
    assert (found.settings.sound_model, found.settings.detector) == ("clap:a/b", "none")
    assert {role.setting for role in ROLES} == set(MODEL_SETTINGS)
    assert {found.origins[name] for name in MODEL_SETTINGS} == {
        "VIDAGENT_SOUND_MODEL",
        "--detector",
        "default",
    }


def test_each_source_wins_over_those_behind_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('device = "cuda"\nreader = "extractive"\noffline = true\nlanguage = "de"\n')
    monkeypatch.setenv("VIDAGENT_DEVICE", "cpu")
    monkeypatch.setenv("VIDAGENT_READER", "openai:http://localhost:1/v1")
    found = settled({"device": "mps", "offline": None})
    chosen = found.settings
    assert (chosen.device, chosen.reader, chosen.language, chosen.offline) == (
        "mps", "openai:http://localhost:1/v1", "de", True,
    )  # fmt: skip
    assert [found.origins[name] for name in ("device", "reader", "language", "models")] == [
        "--device", "VIDAGENT_READER", str(config), "default",
    ]  # fmt: skip


def test_a_player_is_chosen_like_any_setting(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settled().settings.player, settled().origins["player"]) == ("auto", "default")
    config.write_text('player = "vlc"\n')
    assert (settled().settings.player, settled().origins["player"]) == ("vlc", str(config))
    monkeypatch.setenv("VIDAGENT_PLAYER", "mpv")
    assert (settled().settings.player, settled().origins["player"]) == ("mpv", "VIDAGENT_PLAYER")
    found = settled({"player": "~/bin/mine"})
    assert (found.settings.player, found.origins["player"]) == ("~/bin/mine", "--player")
    config.write_text("player = 5\n")
    monkeypatch.delenv("VIDAGENT_PLAYER")
    with pytest.raises(RequestError, match="player has to be a word in quotes, not 5"):
        settled()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDAGENT_DEVICE", "")
    assert settled().origins["device"] == "default"


def test_paths_may_begin_at_home(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config.write_text('models = "~/weights"\n')
    assert settled().settings.models == tmp_path / "weights"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('devise = "cpu"', "devise is no setting; is device meant?"),
        ("xyzzy = 1", "xyzzy is no setting"),
        ("device = 3", "device has to be a word in quotes, not 3"),
        ('offline = "maybe"', "offline has to be true or false, not 'maybe'"),
        ("offline = 2", "offline has to be true or false, not 2"),
        ('library = ""', "library has to be a path"),
        ("device = ", "cannot be read as settings"),
        ("[device]\nname = 'cpu'", "device has to be a word in quotes"),
    ],
)
def test_a_slip_in_the_file_is_named(config: Path, text: str, said: str) -> None:
    config.write_text(text)
    with pytest.raises(RequestError, match=r"config\.toml") as caught:
        settled()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RequestError, match="cannot be read as settings"):
        settled()
    config.unlink()
    config.mkdir()
    with pytest.raises(RequestError, match="cannot be read as settings"):
        settled()


@pytest.mark.parametrize("word", ["1", "true", "YES", "on"])
def test_a_switch_is_understood_in_the_usual_words(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("VIDAGENT_OFFLINE", word)
    assert settled().settings.offline


def test_the_file_lies_in_the_users_config_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIDAGENT_CONFIG")
    assert config_path().name == "config.toml"
    assert config_path().parent.name == "vidagent"
