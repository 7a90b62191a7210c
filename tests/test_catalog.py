"""Each role is played by who was named, else by the best that is on the shelf, else by who is embedded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_embedders import make_clap

from vidagent.tools.errors import CapabilityError, RequestError
from vidagent.tools.models.catalog import ROLES, choose, role_named
from vidagent.tools.models.making import Models
from vidagent.tools.models.names import ModelName
from vidagent.tools.models.shelf import Shelf
from vidagent.tools.settings import Settings, settled


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VIDAGENT_CONFIG", str(tmp_path / "config.toml"))
    return replace(settled().settings, models=tmp_path / "models")


def shelve(settings: Settings, *names: str) -> None:
    for name in names:
        place = Shelf(settings.models).place(ModelName.parse(name))
        place.mkdir(parents=True)
        (place / "model.safetensors").write_bytes(b"x")


def chosen(settings: Settings, role: str) -> tuple[str, str]:
    found = role_named(role)
    assert found is not None
    choice = choose(found, settings, Shelf(settings.models))
    return choice.name, choice.why


def test_on_an_empty_machine_everybody_is_embedded(settings: Settings) -> None:
    assert [chosen(settings, role.name)[0] for role in ROLES] == [
        "appearance", "pocketsphinx", "none", "none", "none", "extractive",
    ]  # fmt: skip
    models = Models(settings)
    assert (models.pictures(), models.texts(), models.reader()) == (None, None, None)
    assert (models.sounds(), models.detector()) == (None, None)
    assert models.engines().names == ("appearance-1", "rapidocr", "pocketsphinx")
    assert models.hint() == "to see, hear or tell more: vidagent models pull picture | speech | reader"


def test_the_first_that_is_suggested_wins_among_those_that_are_there(settings: Settings) -> None:
    shelve(settings, "transformers:a/unknown", "transformers:HuggingFaceTB/SmolVLM2-2.2B-Instruct")
    best = "transformers:HuggingFaceTB/SmolVLM2-2.2B-Instruct"
    assert chosen(settings, "reader") == (best, "the best on this machine")
    shelve(settings, "transformers:Qwen/Qwen2.5-VL-3B-Instruct")
    assert chosen(settings, "reader")[0] == "transformers:Qwen/Qwen2.5-VL-3B-Instruct"
    assert "reader" not in Models(settings).hint()


def test_who_is_named_plays(settings: Settings, tmp_path: Path) -> None:
    shelve(settings, "whisper:tiny", "whisper:large-v3-turbo")
    assert chosen(replace(settings, speech_model="whisper:tiny"), "speech") == ("whisper:tiny", "as set")
    assert chosen(replace(settings, speech_model="pocketsphinx"), "speech") == ("pocketsphinx", "as set")
    assert chosen(replace(settings, speech_model="none"), "speech") == ("none", "as set")
    assert Models(replace(settings, speech_model="none")).engines().recognizer is None
    folder = tmp_path / "mine"
    folder.mkdir()
    assert chosen(replace(settings, reader=str(folder)), "reader") == (f"transformers:{folder}", "as set")


@pytest.mark.parametrize(
    ("role", "name", "setting"),
    [
        ("sound", "clap:laion/clap-htsat-unfused", "sound_model"),
        ("detector", "detect:IDEA-Research/grounding-dino-tiny", "detector"),
    ],
)
def test_sounds_and_things_are_found_by_what_is_on_the_shelf(
    settings: Settings, role: str, name: str, setting: str
) -> None:
    shelve(settings, name)
    assert chosen(settings, role) == (name, "the best on this machine")
    assert chosen(replace(settings, **{setting: "none"}), role) == ("none", "as set")
    with pytest.raises(RequestError, match="no model for --"):
        chosen(replace(settings, **{setting: "whisper:tiny"}), role)


def test_who_finds_sounds_and_things_is_made_of_the_folder_that_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    clap = make_clap(tmp_path / "ears")
    models = Models(replace(settings, sound_model=str(clap), detector=str(tmp_path), device="cpu"))
    sounds = models.sounds()
    assert sounds is not None and sounds.name.startswith("ears@")
    assert sounds.embed_text("rain").shape == (sounds.dimension,)
    detector = models.detector()
    assert detector is not None
    with pytest.raises(CapabilityError):
        detector.detect([np.zeros((8, 8, 3), np.uint8)], ["a cat"])


@pytest.mark.parametrize(
    ("language", "speech", "is_there"), [("en", "auto", True), ("de", "auto", False), ("en", "none", False)]
)
def test_phrases_are_listened_for_where_english_may_be_spoken(
    settings: Settings, language: str, speech: str, is_there: bool
) -> None:
    models = Models(replace(settings, language=language, speech_model=speech))
    assert (models.spotter() is not None) == is_there


def test_a_name_of_another_role_is_refused(settings: Settings) -> None:
    with pytest.raises(
        RequestError, match="no model for --reader, which takes transformers:NAME, openai:NAME"
    ):
        chosen(replace(settings, reader="whisper:tiny"), "reader")
    with pytest.raises(RequestError, match="KIND:NAME"):
        chosen(replace(settings, reader="gpt"), "reader")


def test_one_that_is_missing_says_how_to_get_it(settings: Settings) -> None:
    with pytest.raises(CapabilityError, match="run: vidagent models pull transformers:a/b"):
        chosen(replace(settings, reader="transformers:a/b"), "reader")
    with pytest.raises(CapabilityError, match="no such folder"):
        chosen(replace(settings, reader="/nowhere/model"), "reader")


def test_offline_asks_no_server_elsewhere(settings: Settings) -> None:
    offline = replace(settings, offline=True, reader="openai:http://example.org/v1#x")
    with pytest.raises(CapabilityError, match="offline"):
        Models(offline).reader()
    here = Models(replace(offline, reader="openai:http://127.0.0.1:8000/v1#x")).reader()
    assert here is not None


def test_every_suggestion_is_a_name_of_its_role() -> None:
    for role in ROLES:
        for suggestion in role.suggestions:
            name = ModelName.parse(suggestion.name)
            assert name.kind in role.kinds
            assert name.is_of_hub or name.kind == "whisper"
