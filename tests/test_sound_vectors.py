"""Sounds and descriptions become vectors of a CLAP, the same ones each time and for every rate."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_embedders import RATE_HZ, SOUND_S, make_clap

from vidagent.tools.errors import CapabilityError, ModelError, RequestError
from vidagent.tools.models.device import Device
from vidagent.tools.models.sound_vectors import TEMPLATES, ClapEmbedder
from vidagent.tools.roles import Samples, SoundTextEmbedder, SoundWindow, Vectors

CPU = Device("cpu")
LENGTHS_S = (0.3, 1.0, 0.01, 2.5, 1.7, 0.9, 1.0, 3.0)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clap(tmp_path_factory.mktemp("models") / "clap")


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that was trained to hear long sounds in four cuts drawn by chance."""
    folder = tmp_path_factory.mktemp("models") / "fused"
    return make_clap(folder, enable_fusion=True, fusion_type="aff_2d")


@pytest.fixture
def damaged(folder: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "clap"))


def noise(length_s: float, seed: int) -> SoundWindow:
    """Noise with a tone in it that grows louder or fades; every seed has another."""
    n, chance = round(length_s * RATE_HZ), np.random.default_rng(seed)
    tone = np.sin(2 * np.pi * 200 * (seed + 1) * np.arange(n) / RATE_HZ)
    samples = tone * np.linspace(seed % 2, 1 - seed % 2, n) + chance.normal(0, 10.0 ** -(1 + seed % 3), n)
    return SoundWindow(5.0, samples.astype(np.float32) / 2, RATE_HZ)


def windows() -> list[SoundWindow]:
    return [noise(length_s, seed) for seed, length_s in enumerate(LENGTHS_S)]


def tone(rate_hz: int, pitch_hz: float = 440.0, length_s: float = 0.8) -> SoundWindow:
    seconds = np.arange(round(length_s * rate_hz)) / rate_hz
    return SoundWindow(0.0, (0.5 * np.sin(2 * np.pi * pitch_hz * seconds)).astype(np.float32), rate_hz)


def library_vectors(folder: Path, pieces: Sequence[Samples]) -> Vectors:
    """What transformers makes of each piece by itself, none of them longer than the model hears at once."""
    import torch

    model, processor = library_model(folder)
    rows = []
    for piece in pieces:
        heard = processor.feature_extractor([piece], sampling_rate=RATE_HZ, return_tensors="pt")
        features = heard["input_features"].float()
        with torch.inference_mode():
            found = model.get_audio_features(features, is_longer=torch.zeros(1, 1, dtype=torch.bool))
        rows.append(found.pooler_output.numpy())
    return np.concatenate(rows)


def library_model(folder: Path) -> tuple[Any, Any]:
    from transformers import ClapModel, ClapProcessor

    return ClapModel.from_pretrained(folder).eval(), ClapProcessor.from_pretrained(folder)


def short_of_memory_above(embedder: ClapEmbedder, n_fits: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The embedder's model takes so many pieces at once and no more; gives the sizes that it is asked for."""
    import torch

    model, sizes = embedder._network.model, list[int]()
    hear = model.get_audio_features

    def narrow(features: torch.Tensor, **options: Any) -> Any:
        sizes.append(len(features))
        if len(features) > n_fits:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return hear(features, **options)

    monkeypatch.setattr(model, "get_audio_features", narrow)
    return sizes


def test_short_sounds_are_heard_as_the_library_hears_them(folder: Path) -> None:
    embedder: SoundTextEmbedder = ClapEmbedder(folder, CPU)
    short = [window for window in windows() if len(window.samples) <= SOUND_S * RATE_HZ]
    vectors = embedder.embed_sounds(short)
    assert vectors.dtype == np.float32 and vectors.shape == (5, embedder.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(vectors, library_vectors(folder, [w.samples for w in short]), atol=1e-5)
    assert np.max(vectors @ vectors.T - 2 * np.eye(5)) < 0.999


def test_a_long_sound_is_heard_from_its_first_sample_to_its_last(folder: Path) -> None:
    long, n_piece = noise(2.5, 9), SOUND_S * RATE_HZ
    starts = (0, (len(long.samples) - n_piece) // 2, len(long.samples) - n_piece)
    mean = library_vectors(folder, [long.samples[s : s + n_piece] for s in starts]).mean(axis=0)
    (vector,) = ClapEmbedder(folder, CPU).embed_sounds([long])
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("kind", ["folder", "fused"])
def test_the_same_sound_gives_the_same_vector_whatever_chance_says(
    kind: str, request: pytest.FixtureRequest
) -> None:
    embedder = ClapEmbedder(request.getfixturevalue(kind), CPU)
    runs = []
    for seed in range(3):
        np.random.seed(seed)
        runs.append(embedder.embed_sounds(windows()))
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_the_library_itself_would_draw_by_chance(folder: Path, fused: Path) -> None:
    for place, key in ((folder, "input_features"), (fused, "is_longer")):
        _, processor = library_model(place)
        long = [window.samples for window in windows()[: 4 if place == folder else 3]]
        drawn = set()
        for seed in range(8):
            np.random.seed(seed)
            heard = processor.feature_extractor(long, sampling_rate=RATE_HZ, return_tensors="np")
            drawn.add(np.asarray(heard[key]).tobytes())
        assert len(drawn) > 1


@pytest.mark.parametrize("n_at_once", [1, 3, 8])
def test_vectors_do_not_depend_on_the_size_of_a_batch(folder: Path, fused: Path, n_at_once: int) -> None:
    for place in (folder, fused):
        embedder = ClapEmbedder(place, CPU)
        together = embedder.embed_sounds(windows())
        embedder._network.n_at_once = n_at_once
        np.testing.assert_allclose(embedder.embed_sounds(windows()), together, atol=1e-5)


@pytest.mark.parametrize("n_fits", [1, 3])
def test_short_memory_halves_the_batch_for_good_and_changes_no_vector(
    folder: Path, n_fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = ClapEmbedder(folder, CPU)
    expected = embedder.embed_sounds(windows())
    sizes = short_of_memory_above(embedder, n_fits, monkeypatch)
    np.testing.assert_allclose(embedder.embed_sounds(windows()), expected, atol=1e-5)
    assert max(sizes) > n_fits
    sizes.clear()
    np.testing.assert_allclose(embedder.embed_sounds(windows()), expected, atol=1e-5)
    assert max(sizes) <= n_fits


def test_memory_that_is_too_short_for_one_piece_is_a_failure_of_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = ClapEmbedder(folder, CPU)
    short_of_memory_above(embedder, 0, monkeypatch)
    with pytest.raises(ModelError, match="out of memory"):
        embedder.embed_sounds(windows())


@pytest.mark.parametrize("rate_hz", [16000, 11025, 48000])
def test_a_sound_of_another_rate_is_brought_to_the_rate_of_the_model(folder: Path, rate_hz: int) -> None:
    embedder = ClapEmbedder(folder, CPU)
    assert embedder.rate_hz == RATE_HZ
    same, other, higher = embedder.embed_sounds([tone(RATE_HZ), tone(rate_hz), tone(rate_hz, 880.0)])
    assert same @ other > 0.99 and same @ other > same @ higher


def test_a_sound_that_is_brought_to_another_rate_keeps_its_length_and_its_place() -> None:
    from vidagent.tools.models.sound_vectors import _heard

    heard = _heard(tone(48000), RATE_HZ)
    assert len(heard) == len(tone(RATE_HZ).samples)
    np.testing.assert_allclose(heard[100:-100], tone(RATE_HZ).samples[100:-100], atol=0.01)


def test_no_sound_gives_a_vector_of_silence_and_no_windows_none(folder: Path) -> None:
    embedder = ClapEmbedder(folder, CPU)
    empty = SoundWindow(1.0, np.zeros(0, np.float32), 16000)
    silence = SoundWindow(1.0, np.zeros(RATE_HZ, np.float32), RATE_HZ)
    first, second = embedder.embed_sounds([empty, silence])
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert embedder.embed_sounds([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize("text", ["rain", "A dog barks.", "music " * 200])
def test_a_description_is_the_mean_over_what_it_is_put_into(folder: Path, text: str) -> None:
    import torch

    model, processor = library_model(folder)
    plain = text.strip().rstrip(".")
    tokens = processor.tokenizer(
        [template.format(plain) for template in TEMPLATES],
        padding=True, truncation=True, max_length=40, return_tensors="pt",
    )  # fmt: skip
    with torch.inference_mode():
        mean = model.get_text_features(**tokens).pooler_output.numpy().mean(axis=0)
    vector = ClapEmbedder(folder, CPU).embed_text(text)
    assert vector.dtype == np.float32 and vector.shape == mean.shape
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_a_text_without_a_word_is_refused(folder: Path) -> None:
    with pytest.raises(RequestError, match="words"):
        ClapEmbedder(folder, CPU).embed_text(" ?")


def test_other_weights_are_another_model(folder: Path, tmp_path: Path) -> None:
    same, other = make_clap(tmp_path / "same" / "clap"), make_clap(tmp_path / "other" / "clap", seed=2)
    name = ClapEmbedder(folder, CPU).name
    assert name.startswith("clap@") and name == ClapEmbedder(same, CPU).name
    assert name != ClapEmbedder(other, CPU).name


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "processor_config.json"])
def test_what_is_not_there_is_a_missing_capability(damaged: Path, file: str) -> None:
    (damaged / file).unlink()
    with pytest.raises(CapabilityError, match="no folder of a CLAP model"):
        ClapEmbedder(damaged, CPU).embed_text("rain")
    with pytest.raises(CapabilityError):
        ClapEmbedder(damaged / "none", CPU).embed_sounds(windows())


def test_weights_that_are_cut_off_are_damaged(damaged: Path) -> None:
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        ClapEmbedder(damaged, CPU).embed_sounds(windows())
    assert "\n" not in str(caught.value)


def test_weights_without_one_of_their_parts_are_damaged_rather_than_drawn(damaged: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = damaged / "model.safetensors"
    state = load_file(weights)
    del state["audio_projection.linear1.weight"]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="1 tensors are missing"):
        ClapEmbedder(damaged, CPU).embed_sounds(windows())


def test_weights_that_are_no_numbers_are_damaged(damaged: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = damaged / "model.safetensors"
    state = load_file(weights)
    state["audio_projection.linear2.bias"].fill_(float("nan"))
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="no numbers"):
        ClapEmbedder(damaged, CPU).embed_sounds(windows())
