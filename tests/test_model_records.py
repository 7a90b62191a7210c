"""What takes long to find out about a model is noted, and believed only while its files are as they were."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vidagent.agent.trial import KeptTrial
from vidagent.tools.digest import sha256_of
from vidagent.tools.models.measuring import RECORDS, Measured, remember, remembered
from vidagent.tools.models.names import ModelName
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.models.shelf import HASHED, Shelved, known_sha256, state_of, write_label, wrong_files
from vidagent.tools.roles import Prompt

NAME = ModelName("transformers", "a/b")
N_BYTES = 1 << 20
LONG_AGO_NS = 1_600_000_000_123_456_789


def written(folder: Path, fill: bytes = b"w", altered_ns: int = LONG_AGO_NS, n_bytes: int = N_BYTES) -> Path:
    """Weights in a folder, altered last at some time."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.safetensors"
    file.write_bytes(fill * n_bytes)
    os.utime(file, ns=(altered_ns, altered_ns))
    return file


@dataclass
class Candidate:
    """A model that answers every question of the trial by guessing, and counts them."""

    n_asked: int = 0
    chances: list[float] = field(default_factory=lambda: [0.5, 0.5])

    @property
    def model(self) -> ScriptedModel:
        return ScriptedModel(lambda prompt: "", self._chances, name=str(NAME))

    def _chances(self, prompt: Prompt, answers: Sequence[str]) -> list[float]:
        self.n_asked += 1
        return self.chances


def test_weights_are_hashed_once(tmp_path: Path) -> None:
    file = written(tmp_path)
    digest = sha256_of(file)
    assert known_sha256(file) == digest
    # Of the same size and time, so only a look inside could tell.
    written(tmp_path, b"x")
    assert known_sha256(file) == digest != sha256_of(file)


@pytest.mark.parametrize(("altered_ns", "n_bytes"), [(LONG_AGO_NS + 1, N_BYTES), (LONG_AGO_NS, N_BYTES + 1)])
def test_weights_that_were_altered_are_hashed_again(tmp_path: Path, altered_ns: int, n_bytes: int) -> None:
    known_sha256(written(tmp_path))
    file = written(tmp_path, b"x", altered_ns, n_bytes)
    assert known_sha256(file) == sha256_of(file)


def test_a_file_that_was_altered_just_now_is_not_yet_believed(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"w" * N_BYTES)
    altered_ns = file.stat().st_mtime_ns
    known_sha256(file)
    written(tmp_path, b"x", altered_ns)
    assert known_sha256(file) == sha256_of(file)


def test_small_files_leave_no_note(tmp_path: Path) -> None:
    file = written(tmp_path, n_bytes=1000)
    assert known_sha256(file) == sha256_of(file)
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_hashed_for_a_label_is_not_hashed_again(tmp_path: Path) -> None:
    file = written(tmp_path / "part")
    label = write_label(tmp_path / "part", NAME, "somewhere", "1")
    placed = (tmp_path / "part").rename(tmp_path / "a--b") / file.name
    written(placed.parent, b"x")
    assert known_sha256(placed) == label.sha256[placed.name]
    # Whoever checks a model reads it.
    assert wrong_files(placed.parent, label) == [placed.name]
    assert set(label.sha256) == {placed.name}
    assert Shelved(NAME, placed.parent, label).size_bytes == N_BYTES


@pytest.mark.parametrize("note", ["[", "[]", '{"model.safetensors": 7}', '{"model.safetensors": []}', None])
def test_a_note_that_is_damaged_or_cannot_be_written_is_no_obstacle(tmp_path: Path, note: str | None) -> None:
    file = written(tmp_path)
    if note is None:
        (tmp_path / HASHED).mkdir()
    else:
        (tmp_path / HASHED).write_text(note)
    assert known_sha256(file) == known_sha256(file) == sha256_of(file)
    assert {path.name for path in tmp_path.iterdir()} == {file.name, HASHED}


def test_a_note_with_a_digest_that_is_none_is_not_believed(tmp_path: Path) -> None:
    file = written(tmp_path)
    (tmp_path / HASHED).write_text(json.dumps({file.name: [N_BYTES, LONG_AGO_NS, "abc"]}))
    assert known_sha256(file) == sha256_of(file)


def test_the_state_of_a_folder_is_another_one_after_every_change(tmp_path: Path) -> None:
    written(tmp_path / "model")
    before = state_of(tmp_path / "model")
    write_label(tmp_path / "model", NAME, "somewhere", "1")
    assert state_of(tmp_path / "model") == before
    written(tmp_path / "model", altered_ns=LONG_AGO_NS + 1)
    altered = state_of(tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("{}")
    assert len({before, altered, state_of(tmp_path / "model")}) == 3


def test_a_model_is_tried_once_on_each_device(tmp_path: Path) -> None:
    written(tmp_path / "a--b")
    candidate = Candidate()
    first, second = (KeptTrial(tmp_path, tmp_path / "a--b", "cpu") for _ in range(2))
    assert first.is_untrained(candidate.model)
    n_asked = candidate.n_asked
    assert n_asked > 0
    assert second.is_untrained(candidate.model)
    assert candidate.n_asked == n_asked
    assert KeptTrial(tmp_path, tmp_path / "a--b", "cuda").is_untrained(candidate.model)
    assert candidate.n_asked == 2 * n_asked


def test_a_model_whose_files_were_altered_is_tried_again(tmp_path: Path) -> None:
    written(tmp_path / "a--b")
    trial, candidate = KeptTrial(tmp_path, tmp_path / "a--b", "cpu"), Candidate()
    assert trial.is_untrained(candidate.model)
    n_asked = candidate.n_asked
    written(tmp_path / "a--b", altered_ns=LONG_AGO_NS + 1)
    assert trial.is_untrained(candidate.model)
    assert candidate.n_asked == 2 * n_asked


def test_a_trial_that_cannot_be_kept_is_held_all_the_same(tmp_path: Path) -> None:
    written(tmp_path / "a--b")
    (tmp_path / "records").write_text("a file where a folder is due")
    for _ in range(2):
        assert KeptTrial(tmp_path / "records", tmp_path / "a--b", "cpu").is_untrained(Candidate().model)


def test_measurements_and_trials_are_kept_side_by_side(tmp_path: Path) -> None:
    written(tmp_path / "a--b")
    measured, candidate = Measured(0.5, 16, 24, 500_000, 12.5), Candidate()
    trial = KeptTrial(tmp_path, tmp_path / "a--b", "cpu")
    remember(tmp_path, str(NAME), "cpu", measured)
    trial.is_untrained(candidate.model)
    assert remembered(tmp_path, str(NAME), "cpu") == measured
    remember(tmp_path, str(NAME), "cpu", measured)
    n_asked = candidate.n_asked
    trial.is_untrained(candidate.model)
    assert candidate.n_asked == n_asked
    (tmp_path / RECORDS).write_text('{"trial of transformers:a/b on cpu": 7}')
    assert trial.is_untrained(candidate.model)
    assert candidate.n_asked == 2 * n_asked
