"""``vidagent doctor`` says what works and what is missing, and measures a video LLM on a film of known seconds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import Done

from vidagent.cli.main import run
from vidagent.index.library import Library
from vidagent.tools.models.clock_clip import ClockClip, make_clock_clip
from vidagent.tools.models.measuring import Measured, budget_of, measure, remember, remembered
from vidagent.tools.models.scripted import ScriptedModel
from vidagent.tools.roles import FrameBudget, Prompt, StampedFrame
from vidagent.tools.screen_text import RapidOcrReader

Run = Callable[..., Done]
WORDS = (slice(480, 720), slice(240, 1040))
"""The part of a picture of the clip that words are in."""
Read = Callable[[StampedFrame], list[str]]


@pytest.fixture
def vidagent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    def call(*words: object) -> Done:
        places = ["--library", str(tmp_path / "library.db"), "--models", str(tmp_path / "models")]
        monkeypatch.setattr(sys, "argv", ["vidagent", "doctor", *map(str, words), *places])
        with pytest.raises(SystemExit) as ended:
            run()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClockClip:
    return make_clock_clip(tmp_path_factory.mktemp("clip"))


def reading(read: Read, late_s: float = 0.0) -> ScriptedModel:
    """A model that reads words in pictures, and tells times too late."""

    def reply(prompt: Prompt) -> str:
        frames = [part for part in prompt.parts if isinstance(part, StampedFrame)]
        asked = re.search(r"does the word (\w+) come up", str(prompt.parts[-1]))
        if asked:
            return next((f"{f.time_s + late_s:.1f}" for f in frames if asked[1] in read(f)), "never")
        return " ".join(["I read:", *read(frames[-1])])

    return ScriptedModel(reply, budget=FrameBudget(64, 1 << 20))


def reader() -> Read:
    """A real reader of text, which looks once at each picture, and there only where words are."""
    real, known = RapidOcrReader(), dict[float, list[str]]()

    def words_in(frame: StampedFrame) -> list[str]:
        if frame.time_s not in known:
            lines = real.read(np.ascontiguousarray(frame.image[WORDS]))
            known[frame.time_s] = [line.text for line in lines]
        return known[frame.time_s]

    return words_in


def knower(clip: ClockClip, smallest_px: int) -> Read:
    """Knows what words of some height and more are in the pictures of the clip."""
    words = [word for word in clip.words if word.height_px >= smallest_px]
    return lambda frame: [w.text for w in words if w.span.start_s <= frame.time_s < w.span.end_s]


def test_all_is_well_on_a_new_machine_and_better_is_named(vidagent: Run, tmp_path: Path) -> None:
    done = vidagent("--json")
    assert (done.code, done.complaint) == (0, "")
    by_subject = {row["subject"]: row for row in done.value["findings"]}
    assert by_subject["decoding"]["state"] == "ok"
    assert by_subject["library"]["state"] == "ok"
    assert by_subject["reader"] == {
        "subject": "reader",
        "state": "better",
        "what": "extractive: embedded",
        "remedy": "vidagent models pull reader would add one that looks at pictures and answers",
    }
    Library(tmp_path / "library.db").close()
    again = vidagent()
    assert again.code == 0 and len(again.lines) >= len(by_subject)
    assert any(line.startswith("ok       library") and line.endswith(": sound") for line in again.lines)


def test_what_is_set_and_missing_ends_with_code_4(vidagent: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDAGENT_SPEECH_MODEL", "nothing")
    done = vidagent("--reader", "transformers:a/b", "--device", "cuda:7")
    assert done.code == 4
    missing = [line.split()[1] for line in done.lines if line.startswith("missing")]
    assert missing == ["speech", "reader", "device"]


def test_a_damaged_library_is_found(vidagent: Run, tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"x" * 5000)
    done = vidagent()
    assert done.code == 1
    assert [line for line in done.lines if line.startswith("broken")]


def test_a_model_that_reads_is_measured_as_one(clip: ClockClip) -> None:
    measured = measure(reading(reader()), clip)
    assert measured.time_error_s == 0.0
    assert measured.text_height_px is not None and measured.text_height_px <= 16
    assert measured.n_frames == 64
    assert measured.tokens_per_s > 0


def test_a_model_that_errs_is_measured_as_one(clip: ClockClip) -> None:
    measured = measure(reading(knower(clip, 24), late_s=3.0), clip)
    assert measured.time_error_s == 3.0
    assert measured.text_height_px == 24
    silent = measure(ScriptedModel(lambda prompt: "who knows"), clip)
    assert (silent.time_error_s, silent.text_height_px) == (None, None)


def test_what_was_measured_chooses_the_budget(tmp_path: Path) -> None:
    measured = Measured(0.5, 16, 24, 500_000, 12.5)
    remember(tmp_path / "models", "transformers:a/b", "cpu", measured)
    assert remembered(tmp_path / "models", "transformers:a/b", "cpu") == measured
    assert remembered(tmp_path / "models", "transformers:a/b", "cuda") is None
    model = ScriptedModel(lambda prompt: "", budget=FrameBudget(64, 1 << 20))
    assert budget_of(model, measured) == FrameBudget(24, 500_000)
    assert budget_of(model, None) == model.budget
    (tmp_path / "models" / "measured.json").write_text("[")
    assert remembered(tmp_path / "models", "transformers:a/b", "cpu") is None
