"""Models are pulled whole or gone on with, pinned, hashed, and never as code or as a pickle."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import Hub, serving

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.names import ModelName
from vidagent.tools.models.pulling import pull
from vidagent.tools.models.shelf import Shelf, label_of, wrong_files

WEIGHTS = bytes(range(256)) * 4000
FILES = {
    "config.json": b"{}",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"pickle",
    "modeling_evil.py": b"import os",
    "onnx/model.onnx": b"x" * 2000,
    "1_Pooling/config.json": b"{}",
}
NAME = ModelName("sentence-transformers", "somebody/minilm")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(
        Hub({"somebody/minilm": FILES, "somebody/pickled": {"pytorch_model.bin": b"x" * 5000}})
    ) as made:
        yield made


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "models")


def test_what_is_pulled_lies_on_the_shelf_with_its_revision_and_hashes(hub: Hub, shelf: Shelf) -> None:
    told: list[tuple[int, int | None]] = []
    label = pull(shelf, NAME, endpoint=hub.url, report=lambda n, of: told.append((n, of)))
    place = shelf.require(NAME)
    assert (place / "model.safetensors").read_bytes() == WEIGHTS
    assert label.revision == hub.commit
    assert label.sha256["model.safetensors"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert label_of(place) == label
    assert [model.name for model in shelf.models()] == [NAME]
    n_wanted = len(WEIGHTS) + 4
    assert {of for _, of in told} == {n_wanted} and told[-1] == (n_wanted, n_wanted)
    assert told == sorted(told)


def test_neither_code_nor_pickles_are_fetched(hub: Hub, shelf: Shelf) -> None:
    pull(shelf, NAME, endpoint=hub.url)
    there = {str(f.relative_to(shelf.place(NAME))) for f in shelf.place(NAME).rglob("*") if f.is_file()}
    assert there == {"config.json", "model.safetensors", "1_Pooling/config.json", "vidagent.json"}
    with pytest.raises(RequestError, match="not published as safetensors"):
        pull(shelf, ModelName("transformers", "somebody/pickled"), endpoint=hub.url)


def test_a_second_pull_asks_for_nothing(hub: Hub, shelf: Shelf) -> None:
    pull(shelf, NAME, endpoint=hub.url)
    hub.asked.clear()
    pull(shelf, NAME, endpoint=hub.url)
    assert hub.asked == []


def test_a_broken_off_pull_goes_on(hub: Hub, shelf: Shelf) -> None:
    hub.breaks_after = 600_000
    with pytest.raises(ModelError, match="goes on when it is asked for again"):
        pull(shelf, NAME, endpoint=hub.url)
    assert not shelf.has(NAME) and shelf.models() == []
    hub.breaks_after, hub.n_bytes_sent = None, 0
    pull(shelf, NAME, endpoint=hub.url)
    assert (shelf.require(NAME) / "model.safetensors").read_bytes() == WEIGHTS
    assert hub.n_bytes_sent < len(WEIGHTS) - 600_000 + 1000


def test_a_file_that_was_changed_is_fetched_again_at_the_same_revision(hub: Hub, shelf: Shelf) -> None:
    label = pull(shelf, NAME, endpoint=hub.url)
    (shelf.place(NAME) / "model.safetensors").write_bytes(b"tampered")
    assert wrong_files(shelf.place(NAME), label) == ["model.safetensors"]
    hub.commit = "b" * 40
    assert pull(shelf, NAME, endpoint=hub.url).revision == "a" * 40
    assert wrong_files(shelf.place(NAME), label) == []
    assert pull(shelf, NAME, endpoint=hub.url, afresh=True).revision == "b" * 40


def test_what_the_hub_sends_has_to_be_what_it_lists(hub: Hub, shelf: Shelf) -> None:
    hub.sends = {"model.safetensors": b"x" * len(WEIGHTS)}
    with pytest.raises(ModelError, match="wrong SHA-256"):
        pull(shelf, NAME, endpoint=hub.url)
    assert not shelf.has(NAME)
    hub.sends = {}
    pull(shelf, NAME, endpoint=hub.url)
    assert shelf.has(NAME)


def test_offline_is_absolute(hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(CapabilityError, match="offline"):
        pull(shelf, NAME, endpoint=hub.url, is_offline=True)
    assert hub.asked == []


def test_what_is_there_needs_no_connection(hub: Hub, shelf: Shelf) -> None:
    label = pull(shelf, NAME, endpoint=hub.url)
    assert pull(shelf, NAME, endpoint="http://127.0.0.1:9", is_offline=True) == label


def test_the_shelf_can_be_carried(hub: Hub, shelf: Shelf, tmp_path: Path) -> None:
    label = pull(shelf, NAME, endpoint=hub.url)
    shelf.folder.rename(tmp_path / "carried")
    carried = Shelf(tmp_path / "carried")
    assert [model.label for model in carried.models()] == [label]
    assert wrong_files(carried.require(NAME), label) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (ModelName("transformers", "somebody/unknown"), "no such model"),
        (ModelName("transformers", "unknown"), "OWNER/NAME"),
        (ModelName("openai", "http://localhost/v1"), "nothing to pull"),
        (ModelName("transformers", "/srv/model"), "nothing to pull"),
        (ModelName("whisper", "enormous"), "whisper has no such model; there are tiny.en"),
    ],
)
def test_what_nobody_publishes_is_refused(hub: Hub, shelf: Shelf, name: ModelName, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        pull(shelf, name, endpoint=hub.url)
    assert said in str(caught.value)


def test_a_hub_that_is_not_there_is_one_line(shelf: Shelf) -> None:
    with pytest.raises(ModelError, match="goes on when it is asked for again") as caught:
        pull(shelf, NAME, endpoint="http://127.0.0.1:9")
    assert "\n" not in str(caught.value)


def test_whispers_own_files_are_checked_by_their_published_hash(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    import whisper

    digest = hashlib.sha256(WEIGHTS).hexdigest()
    name = ModelName("whisper", "tiny")
    with serving(Hub({"": {f"{digest}/tiny.pt": WEIGHTS, f"{'0' * 64}/tiny.pt": WEIGHTS}})) as hub:
        monkeypatch.setitem(whisper._MODELS, "tiny", f"{hub.url}/{'0' * 64}/tiny.pt")
        with pytest.raises(ModelError, match="wrong SHA-256"):
            pull(shelf, name)
        assert not shelf.has(name)
        monkeypatch.setitem(whisper._MODELS, "tiny", f"{hub.url}/{digest}/tiny.pt")
        hub.breaks_after = 300_000
        with pytest.raises(ModelError, match="goes on"):
            pull(shelf, name)
        hub.breaks_after, hub.n_bytes_sent = None, 0
        assert pull(shelf, name).sha256 == {"tiny.pt": digest}
        assert hub.n_bytes_sent == len(WEIGHTS) - 300_000
        assert (shelf.require(name) / "tiny.pt").read_bytes() == WEIGHTS


def test_a_damaged_label_is_named(hub: Hub, shelf: Shelf) -> None:
    pull(shelf, NAME, endpoint=hub.url)
    (shelf.place(NAME) / "vidagent.json").write_text(json.dumps({"name": 1}))
    with pytest.raises(ModelError, match=r"vidagent\.json: damaged"):
        shelf.models()
