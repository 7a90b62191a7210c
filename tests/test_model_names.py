"""A model's name says its kind, and can be no way out of the folder of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidagent.tools.errors import CapabilityError, RequestError
from vidagent.tools.models.names import ModelName
from vidagent.tools.models.shelf import Shelf


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("whisper:large-v3", "whisper", "large-v3"),
        ("transformers:Qwen/Qwen2.5-VL-7B-Instruct", "transformers", "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("openai:http://localhost:8000/v1", "openai", "http://localhost:8000/v1"),
        ("transformers:/srv/my model", "transformers", "/srv/my model"),
        ("clap:./clap", "clap", "./clap"),
    ],
)
def test_a_name_has_a_kind(text: str, kind: str, name: str) -> None:
    assert ModelName.parse(text) == ModelName(kind, name)
    assert str(ModelName.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "large-v3", "whisper:", ":large", "gguf:x/y", "transformers:a/b/c", "transformers:a/../b", "whisper:..",
        "transformers:.hidden/x", "transformers:a--b/c", "whisper:a b", "transformers:a/b\n", "whisper:-x",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(RequestError):
        ModelName.parse(text)


def test_every_name_has_its_own_folder_and_comes_back_from_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    names = [
        ModelName.parse(t) for t in ("whisper:tiny", "clap:a/b", "transformers:a/b", "transformers:a/b-c")
    ]
    for name in names:
        shelf.place(name).mkdir(parents=True)
        (shelf.place(name) / "model.safetensors").write_bytes(b"12345")
    assert {model.name for model in shelf.models()} == set(names)
    assert {model.size_bytes for model in shelf.models()} == {5}


def test_a_model_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CapabilityError, match="run: vidagent models pull whisper:tiny"):
        Shelf(tmp_path).require(ModelName("whisper", "tiny"))
    with pytest.raises(CapabilityError, match="no such folder"):
        Shelf(tmp_path).require(ModelName("whisper", str(tmp_path / "none")))
