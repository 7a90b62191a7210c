"""Sounds of a video that was read before are found by what they are called: at true seconds, or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clips import make_clip, solid, steady
from pitches import HIGH_HZ, LOW_HZ, Pitches, heard, sound_clip
from tiny_embedders import make_clap

from vidagent.index.ingest import ingest
from vidagent.index.learning import sounds_learnt
from vidagent.index.library import Library
from vidagent.index.memory import Memory
from vidagent.index.outliers import chances_of_no_accident
from vidagent.index.sound_meaning import HIT_FROM, HOP_S, WINDOW_S, SoundMeaning
from vidagent.index.soundness import findings
from vidagent.tools.clock import Span
from vidagent.tools.engines import embedded
from vidagent.tools.errors import ModelError, RequestError
from vidagent.tools.models.device import Device
from vidagent.tools.models.making import Models
from vidagent.tools.models.sound_vectors import ClapEmbedder
from vidagent.tools.roles import SoundWindow, Vectors
from vidagent.tools.settings import settled

LATE_S, LENGTH_S = 1.5, 59.0
BELL, APPLAUSE = Span(20.0 + LATE_S, 22.0 + LATE_S), Span(40.0 + LATE_S, 50.0 + LATE_S)
BEEPS = [(20.0, 22.0, LOW_HZ), (40.0, 50.0, HIGH_HZ)]
N_WINDOWS = 23
"""One every 2.5 s; the last one is short."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures for a minute, and sound that comes late: nothing, a low tone, nothing, a high tone, nothing."""
    path = tmp_path_factory.mktemp("clip") / "tones.mov"
    return make_clip(
        path,
        steady(120, 0.0, 0.5),
        solid((90, 90, 90)),
        sound=heard(LENGTH_S, BEEPS),
        sound_at_s=LATE_S,
        sound_codec="pcm_s16le",
    )


@pytest.fixture(scope="module")
def remembered(clip: Path) -> Path:
    """A library that remembers the clip."""
    path = clip.with_name("library.db")
    with Library(path) as library:
        ingest(library, clip, embedded(read_text=False, hear_speech=False))
    return path


@pytest.fixture
def memory(remembered: Path, tmp_path: Path) -> Iterator[Memory]:
    with Library(shutil.copy(remembered, tmp_path / "library.db")) as library:
        yield Memory(library, library.videos()[0])


@pytest.fixture
def meaning(memory: Memory) -> SoundMeaning:
    made = SoundMeaning(memory.library, Pitches())
    made.learn(memory.video)
    return made


def seconds(memory: Memory) -> list[float]:
    return [float(t) for t in memory.samples("pitches")[0]]


def test_every_window_is_heard_once_and_begins_where_the_sound_does(memory: Memory) -> None:
    embedder = Pitches()
    meaning = SoundMeaning(memory.library, embedder)
    assert not meaning.is_learnt(memory.video)
    assert meaning.learn(memory.video) == N_WINDOWS
    assert meaning.is_learnt(memory.video) and meaning.learn(memory.video) == 0
    assert seconds(memory) == pytest.approx([LATE_S + HOP_S * i for i in range(N_WINDOWS)], abs=1e-3)
    assert embedder.starts_s == pytest.approx(seconds(memory), abs=1e-6)
    assert findings(memory.library) == []


def test_a_sound_is_found_at_its_seconds(memory: Memory, meaning: SoundMeaning) -> None:
    (stretch,) = meaning.stretches(memory.video, "applause")
    assert stretch[0].start_s == pytest.approx(APPLAUSE.start_s, abs=HOP_S)
    assert stretch[0].end_s == pytest.approx(APPLAUSE.end_s, abs=HOP_S)
    (bell,) = meaning.stretches(memory.video, "bell")
    assert bell[0].overlap_s(BELL) == pytest.approx(BELL.duration_s)
    assert bell[0].duration_s < WINDOW_S + HOP_S


def test_the_best_windows_come_first_and_hold_the_sound(memory: Memory, meaning: SoundMeaning) -> None:
    hits = meaning.best(memory.video, "bell")
    assert all(score >= HIT_FROM and time_s in seconds(memory) for time_s, score in hits)
    assert all(Span(time_s, time_s + WINDOW_S).overlap_s(BELL) > 0 for time_s, _ in hits)
    assert hits == sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    assert meaning.best(memory.video, "bell", Span(30.0, 60.0)) == []


def test_words_that_fit_no_better_than_any_find_nothing(memory: Memory, meaning: SoundMeaning) -> None:
    assert meaning.best(memory.video, "violin") == [] == meaning.stretches(memory.video, "violin")


def test_what_sounds_all_along_is_not_told_from_everything(tmp_path: Path) -> None:
    steadily = sound_clip(tmp_path / "hum.mka", LENGTH_S, [(0.0, LENGTH_S, LOW_HZ)])
    with Library(tmp_path / "library.db") as library:
        video = ingest(library, steadily, embedded(hear_speech=False)).video
        meaning = SoundMeaning(library, Pitches())
        meaning.learn(video)
        assert meaning.stretches(video, "bell") == []


def test_what_was_broken_off_is_gone_on_with(clip: Path, memory: Memory) -> None:
    class Weary(Pitches):
        def embed_sounds(self, windows: Sequence[SoundWindow]) -> Vectors:
            raise ModelError("tired")

    whole = SoundMeaning(memory.library, Pitches())
    whole.learn(memory.video)
    complete = seconds(memory)
    with memory.library.transaction() as connection:
        connection.execute("DELETE FROM sample WHERE t_us > ?", (round(complete[9] * 1e6),))
        connection.execute("DELETE FROM coverage WHERE engine = 'pitches'")
    with pytest.raises(ModelError):
        SoundMeaning(memory.library, Weary()).learn(memory.video)
    assert seconds(memory) == complete[:10]
    rested = Pitches()
    assert SoundMeaning(memory.library, rested).learn(memory.video) == N_WINDOWS - 10
    assert seconds(memory) == complete
    assert len(rested.starts_s) == N_WINDOWS - 10


def test_coverage_tells_that_it_listened(memory: Memory, meaning: SoundMeaning) -> None:
    (row,) = [c for c in memory.coverage() if c.engine == "pitches"]
    assert (row.sense, row.n_looks) == ("sound", N_WINDOWS)
    assert row.share == next(c.share for c in memory.coverage() if c.engine == "loudness") > 0.9


def test_a_video_without_sound_is_learnt_at_once(tmp_path: Path) -> None:
    mute = make_clip(tmp_path / "mute.mkv", steady(20, 0.0, 0.5), solid((9, 9, 9)))
    with Library(tmp_path / "library.db") as library:
        video = ingest(library, mute, embedded(read_text=False)).video
        meaning = SoundMeaning(library, Pitches())
        assert meaning.learn(video) == 0
        assert meaning.is_learnt(video) and meaning.best(video, "bell") == []


@pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "another"])
def test_a_file_that_is_not_the_same_any_more_is_left_alone(
    memory: Memory, tmp_path: Path, is_gone: bool
) -> None:
    other = tmp_path / "other.mka"
    if not is_gone:
        sound_clip(other, 10.0, [])
    with memory.library.transaction() as connection:
        connection.execute("UPDATE media SET path = ?", (str(other),))
    meaning = SoundMeaning(memory.library, Pitches())
    video = memory.library.videos()[0]
    assert meaning.learn(video) == 0 and not meaning.is_learnt(video)
    assert seconds(memory) == []


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    return make_clap(tmp_path_factory.mktemp("models") / "clap")


def test_a_real_architecture_makes_the_same_of_it_each_time(
    clap: Path, memory: Memory, tmp_path: Path
) -> None:
    embedder = ClapEmbedder(clap, Device("cpu"))
    meaning = SoundMeaning(memory.library, embedder)
    assert meaning.learn(memory.video) == N_WINDOWS
    times_s, vectors = memory.samples(embedder.name)
    assert vectors.shape == (N_WINDOWS, embedder.dimension)
    # A tone is unlike noise even to a model that was never trained.
    quiet, bell = vectors[2], vectors[int(np.argmin(np.abs(times_s - BELL.start_s)))]
    assert vectors[2] @ vectors[3] > quiet @ bell
    first = meaning.scores(memory.video, "a dog barks")
    again = SoundMeaning(memory.library, ClapEmbedder(clap, Device("cpu"))).scores(
        memory.video, "a dog barks"
    )
    assert np.array_equal(first[1], again[1]) and len(first[0]) == N_WINDOWS
    assert findings(memory.library) == []
    with pytest.raises(RequestError, match="words"):
        meaning.best(memory.video, " ?")


def test_a_command_learns_the_sounds_of_its_video(clap: Path, memory: Memory) -> None:
    chosen = replace(settled().settings, sound_model=str(clap), device="cpu")
    meaning = sounds_learnt(memory.library, Models(chosen), memory.video)
    assert meaning is not None and meaning.is_learnt(memory.video)
    assert len(meaning.scores(memory.video, "rain")[0]) == N_WINDOWS
    assert sounds_learnt(memory.library, Models(replace(chosen, sound_model="none")), memory.video) is None


@pytest.mark.parametrize("scale", [1.0, 0.05])
@pytest.mark.parametrize("offset", [0.0, -0.4])
def test_chances_do_not_depend_on_the_numbers_of_a_model(scale: float, offset: float) -> None:
    values = np.random.default_rng(1).normal(0.0, 0.1, 500)
    values[77] = 0.9
    chances = chances_of_no_accident(values * scale + offset)
    assert np.argmax(chances) == 77 and chances[77] > 0.99
    np.testing.assert_allclose(chances, chances_of_no_accident(values), atol=1e-6)


def test_one_in_twenty_without_anything_has_a_hit() -> None:
    draw = np.random.default_rng(5)
    hits = [bool((chances_of_no_accident(draw.normal(0.3, 0.1, 400)) >= HIT_FROM).any()) for _ in range(400)]
    assert 0.02 < np.mean(hits) < 0.12


def test_few_values_tell_nothing() -> None:
    assert not chances_of_no_accident(np.array([0.0, 0.0, 0.0, 0.0, 9.0])).any()
