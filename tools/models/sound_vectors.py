"""Sounds and descriptions as vectors by a CLAP of transformers, which has to be on this machine already."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CapabilityError, ModelError, RequestError, first_line
from ..roles import Samples, SoundWindow, Vectors
from .device import Device, in_batches, is_short_of_memory
from .shelf import known_sha256
from .vectors import failing, finite, mean_direction

if TYPE_CHECKING:
    import torch

WEIGHTS = "model.safetensors"
TEMPLATES = ("{}", "the sound of {}.", "this is a sound of {}.")
"""What a description is put into."""
_CONFIG = "config.json"
_PROCESSORS = ("preprocessor_config.json", "processor_config.json")
# Bytes that a piece of sound takes inside a model, as a multiple of the bytes of its spectrogram.
_GROWTH = 256
_N_AT_ONCE_MAX = 64
_N_AT_ONCE_CPU = 4


class ClapEmbedder:
    """A sound-text embedder from a folder, as ``ClapModel`` and ``ClapProcessor`` write it (Wu et al. 2023).

    The weights are read from safetensors only. Raises ``CapabilityError`` where a file or the library is
    missing and ``ModelError`` for what is damaged, both when the model is first used.
    """

    def __init__(self, folder: Path, device: Device) -> None:
        self._folder, self._device = folder, device

    @cached_property
    def name(self) -> str:
        """The folder's name with the first digits of a hash over the weights."""
        self._require()
        return f"{self._folder.resolve().name}@{known_sha256(self._folder / WEIGHTS)[:12]}"

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self._network.model.config.projection_dim)

    @property
    def rate_hz(self) -> int:
        """The rate that the model hears at; sound of another rate is brought to it."""
        return int(self._network.extractor.sampling_rate)

    def embed_sounds(self, windows: Sequence[SoundWindow]) -> Vectors:
        """Unit vectors, float32 (n, dimension), of stretches of sound of any length.

        A stretch that is longer than the model hears at once is heard in pieces of that length, spread
        evenly from its first sample to its last; its vector is the direction of their mean. Nothing is
        drawn by chance, unlike in the library's own cutting. Raises ``ModelError`` where the model fails.
        """
        if not windows:
            return np.zeros((0, self.dimension), np.float32)
        network = self._network
        pieces = [_pieces(_heard(window, self.rate_hz), network.n_samples) for window in windows]
        with failing(self._folder, "sound"):
            vectors = np.stack(
                in_batches([*chain.from_iterable(pieces)], network.of_sounds, network.n_at_once)
            )
        bounds = pairwise(accumulate(map(len, pieces), initial=0))
        return np.stack(
            [mean_direction(finite(vectors[first:last], self._folder, "sound")) for first, last in bounds]
        )

    def embed_text(self, text: str) -> Vectors:
        """The unit vector (dimension,) of a description, the mean over ``TEMPLATES``.

        Raises ``RequestError`` for a text without a word.
        """
        words = text.strip().rstrip(".!?").strip()
        if not words:
            raise RequestError("a sound is found by words; write what it is")
        network = self._network
        with failing(self._folder, "sound"):
            vectors = network.of_texts([template.format(words) for template in TEMPLATES])
        return mean_direction(finite(vectors, self._folder, "sound"))

    def _require(self) -> None:
        missing = [name for name in (_CONFIG, WEIGHTS) if not (self._folder / name).is_file()]
        if not any((self._folder / name).is_file() for name in _PROCESSORS):
            missing.append(_PROCESSORS[0])
        if missing:
            raise CapabilityError(f"{self._folder}: no folder of a CLAP model (no {', no '.join(missing)})")

    @cached_property
    def _network(self) -> _Network:
        self._require()
        try:
            return _loaded(self._folder, self._device)
        except ImportError as error:
            raise CapabilityError("transformers is not installed; run: pip install transformers") from error
        except Exception as error:  # whatever the parts of a damaged model make its libraries raise
            raise ModelError(
                f"{self._folder}: the sound model cannot be loaded: {first_line(error)}"
            ) from error


@dataclass
class _Network:
    """A loaded model on a device; ``n_samples`` is how much it hears at once."""

    model: Any
    extractor: Any
    tokenizer: Any
    device: Device
    n_at_once: int

    @property
    def n_samples(self) -> int:
        """Samples of the longest piece."""
        return int(self.extractor.nb_max_samples)

    def of_sounds(self, pieces: Sequence[Samples]) -> Sequence[Vectors]:
        """Unit vectors of pieces, all at once; what is too many is known the next time."""
        import torch

        try:
            with torch.inference_mode():
                # None is longer than the model hears, whatever the extractor says, which draws one by chance.
                is_longer = torch.zeros((len(pieces), 1), dtype=torch.bool, device=self.device.name)
                found = self.model.get_audio_features(self._spectrograms(pieces), is_longer=is_longer)
                return list(_units(found))
        except (MemoryError, RuntimeError) as error:
            if is_short_of_memory(error):
                self.n_at_once = max(1, len(pieces) // 2)
            raise

    def of_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of texts, all at once."""
        import torch

        tokens = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self._n_tokens, return_tensors="pt"
        )
        with torch.inference_mode():
            return _units(self.model.get_text_features(**tokens.to(self.device.name)))

    def _spectrograms(self, pieces: Sequence[Samples]) -> torch.Tensor:
        import torch

        found = self.extractor(
            [np.asarray(piece, np.float64) for piece in pieces],
            sampling_rate=self.extractor.sampling_rate,
            return_tensors="np",
        )
        features = np.asarray(found["input_features"], np.float32)
        return torch.from_numpy(features).to(self.device.name)

    @property
    def _n_tokens(self) -> int:
        # RoBERTa counts its places from behind the padding's number.
        n_places = self.model.config.text_config.max_position_embeddings - 2
        return int(min(n_places, self.tokenizer.model_max_length))


def _loaded(folder: Path, device: Device) -> _Network:
    import torch
    from transformers import ClapModel, ClapProcessor

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    # Transformers draws a bar for its weights.
    with redirect_stderr(StringIO()):
        processor = ClapProcessor.from_pretrained(folder, **options)
        # Decibels need all digits, and the model is small enough to have them on any device.
        load: Any = ClapModel.from_pretrained
        model, told = load(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **options
        )
    if told["missing_keys"]:
        raise ModelError(f"{len(told['missing_keys'])} tensors are missing")
    extractor = processor.feature_extractor
    n_bytes = 4 * extractor.feature_size * (extractor.nb_max_samples // extractor.hop_length + 1) * _GROWTH
    model = model.to(device.name).eval().requires_grad_(False)
    return _Network(model, extractor, processor.tokenizer, device, _n_at_once(device, n_bytes))


def _n_at_once(device: Device, n_bytes: int) -> int:
    """How many pieces may well fit into half of the memory that is free."""
    free_bytes = device.free_bytes()
    if free_bytes is None:
        return _N_AT_ONCE_CPU
    return min(_N_AT_ONCE_MAX, max(1, free_bytes // 2 // n_bytes))


def _heard(window: SoundWindow, rate_hz: int) -> Samples:
    """The samples of a window at another rate, as long in seconds; at least one sample, of silence."""
    samples = np.ascontiguousarray(window.samples, np.float32)
    n_wanted = max(1, round(len(samples) * rate_hz / window.rate_hz))
    if len(samples) and window.rate_hz != rate_hz:
        samples = _resampled(samples, window.rate_hz, rate_hz)
    return np.pad(samples[:n_wanted], (0, max(0, n_wanted - len(samples))))


def _resampled(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """The same sound at another rate, by FFmpeg's resampler."""
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler

    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate = from_hz
    resampler = AudioResampler("fltp", "mono", to_hz)
    given = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray().ravel() for part in given] or [samples[:0]])


def _pieces(samples: Samples, n_piece: int) -> list[Samples]:
    """As few pieces of ``n_piece`` as cover all samples, spread evenly; all of a sound that is no longer."""
    if len(samples) <= n_piece:
        return [samples]
    starts = np.linspace(0, len(samples) - n_piece, -(-len(samples) // n_piece)).round().astype(int)
    return [samples[start : start + n_piece] for start in starts]


def _units(found: Any) -> Vectors:
    """Rows of unit length; older versions of transformers give the tensor itself."""
    from torch.nn.functional import normalize

    vectors = getattr(found, "pooler_output", found)
    return np.asarray(normalize(vectors.float(), dim=-1).cpu().numpy(), np.float32)
