"""Speech into words by OpenAI's Whisper, from a checkpoint that is on this machine already.

Of two hours and of ten, as much is in memory: half a minute of speech.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import CapabilityError, ModelError, RequestError
from ..roles import Samples, SoundWindow, Voiced
from ..voice import RATE_HZ, VoiceDetector, VoicedStretch
from .device import Device
from .speech_trust import HeardWord, Piece, Signs, utterances

if TYPE_CHECKING:
    import torch
    from whisper import DecodingOptions, DecodingResult, Whisper
    from whisper.model import ModelDimensions

AUTO = "auto"
LANGUAGE_S = 30.0
"""So much speech decides on the language, as much as a Whisper hears at once."""

PACK_S, APART_S = 29.0, 5.0
"""Stretches are written down together up to this length, and as long as their pauses are no longer than that."""

REST_S = 0.3
"""A model that has not written down all goes on behind its last word, but not for a rest that is shorter than this."""

_N_FRAMES_OF_SECOND = 100
# All of torch that draws the weights of a Whisper.
_DRAWING = ("kaiming_uniform_", "normal_", "uniform_")

N_BEAMS = 5
"""As many ways to go on are kept in view, which makes loops rarer; the published figures are for five."""


class WhisperFamily(ABC):
    """A Whisper in whatever library, behind a voice detector: without speech it is not even loaded.

    A Whisper takes as long for a word as for half a minute, so stretches of speech that follow each other are
    written down together, with silence between them. What was written before counts for nothing, nor does chance,
    so that the same sound gives the same words wherever a run begins. The language ``auto`` is the one that the
    first ``LANGUAGE_S`` seconds of speech are in, for all that follows.
    """

    def __init__(self, language: str, detector: VoiceDetector | None) -> None:
        self._language = language
        self._detector = detector or VoiceDetector()

    def listen(self, sound: Iterable[SoundWindow], after_s: float = float("-inf")) -> Iterator[Voiced]:
        """Every voiced stretch that begins at ``after_s`` or later, in order; the sound is at 16 kHz."""
        self.require()
        stretches = self._detector.stretches(sound)
        first = list(_first(stretches)) if self._language == AUTO else []
        language = ""
        for pack in _packs(chain(first, stretches)):
            if pack[-1].span.start_s >= after_s:
                language = language or self._spoken(first)
                yield from (
                    voiced for voiced in self._written(pack, language) if voiced.span.start_s >= after_s
                )

    def _written(self, pack: list[VoicedStretch], language: str) -> Iterator[Voiced]:
        spans = [stretch.span for stretch in pack]
        said = utterances(self._heard(_laid_out(pack), language), spans)
        return (Voiced(span, tuple(some)) for span, some in zip(spans, said, strict=True))

    def _spoken(self, first: list[VoicedStretch]) -> str:
        """The code of the language. Raises ``RequestError`` for one that the model does not know."""
        known = self.languages()
        if self._language == AUTO:
            return self._detected(_joined(first)) if len(known) > 1 else known[0]
        if self._language not in known:
            raise RequestError(f"{self._language}: no language of {self.place}; it knows {_listed(known)}")
        return self._language

    def _detected(self, samples: Samples) -> str:
        with self._failing("telling the language"):
            return self.language_of(samples)

    def _heard(self, window: SoundWindow, language: str) -> list[Piece]:
        with self._failing(f"writing down what is said at {window.start_s:.1f} s"):
            return list(self.pieces(window, language))

    @contextmanager
    def _failing(self, work: str) -> Iterator[None]:
        try:
            yield
        # What a model that could be loaded, but does not fit its own vocabulary, makes its library raise.
        except (ArithmeticError, AssertionError, LookupError, MemoryError, RuntimeError, ValueError) as error:
            raise ModelError(f"{self.place}: {work} failed: {line(error)}") from error

    @property
    @abstractmethod
    def place(self) -> Path:
        """Where the model lies."""

    @abstractmethod
    def require(self) -> None:
        """Raises ``CapabilityError`` where the library or the model is not there."""

    @abstractmethod
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows, one for a model of English only."""

    @abstractmethod
    def language_of(self, samples: Samples) -> str:
        """The most likely language of at most ``LANGUAGE_S`` of speech."""

    @abstractmethod
    def pieces(self, window: SoundWindow, language: str) -> Iterator[Piece]:
        """What is said in a window, with times of the container."""


class WhisperRecognizer(WhisperFamily):
    """A Whisper (Radford and others 2022) of the package ``openai-whisper``, from its own kind of file, ``*.pt``.

    A file with the name of a published model, such as ``small.pt``, has to have the published SHA-256. Any
    other has to have the one given as ``sha256``, or in a file beside it as ``sha256sum NAME.pt > NAME.pt.sha256``
    writes it. Code inside a file is never run.

    Raises, while iterating, ``CapabilityError`` where the package or the file is missing, ``RequestError`` for a
    language that the model does not know and for a file whose SHA-256 nobody tells, and ``ModelError`` for one
    that is damaged, or where the model fails.
    """

    def __init__(
        self,
        checkpoint: Path,
        device: Device,
        language: str = AUTO,
        sha256: str | None = None,
        detector: VoiceDetector | None = None,
    ) -> None:
        super().__init__(language, detector)
        self._file, self._device, self._sha256 = checkpoint, device, sha256

    @property
    def name(self) -> str:
        """``whisper:`` and the name of the file."""
        return f"whisper:{self._file.stem}"

    @property
    def place(self) -> Path:
        """The checkpoint."""
        return self._file

    def require(self) -> None:
        """Raises ``CapabilityError`` where whisper or the file is not there."""
        if find_spec("whisper") is None:
            raise CapabilityError("openai-whisper is not installed; run: pip install openai-whisper")
        if not self._file.is_file():
            raise CapabilityError(f"{self._file}: no such file; run: vidagent models pull {self.name}")

    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows."""
        from whisper.tokenizer import LANGUAGES

        n_languages = self._model.num_languages if self._model.is_multilingual else 0
        return tuple(LANGUAGES)[:n_languages] or ("en",)

    def language_of(self, samples: Samples) -> str:
        """The most likely language of at most ``LANGUAGE_S`` of speech."""
        from whisper.audio import log_mel_spectrogram, pad_or_trim

        model = self._model
        mel = log_mel_spectrogram(pad_or_trim(samples), model.dims.n_mels).to(model.device)
        _, likely = model.detect_language(mel)
        return str(max(likely, key=lambda code: float(likely[code])))

    def pieces(self, window: SoundWindow, language: str) -> Iterator[Piece]:
        """What is said in a window, with times of the container."""
        import torch
        import whisper

        with torch.inference_mode():
            written = whisper.transcribe(
                _Ear(self._model),
                window.samples,
                language=language,
                temperature=0.0,
                beam_size=N_BEAMS,
                fp16=self._model.device.type == "cuda",
                condition_on_previous_text=False,
                word_timestamps=True,
                # It would leave out what it doubts.
                no_speech_threshold=None,
            )
        return (_piece(each, window.start_s) for each in written["segments"] if each["words"])

    @cached_property
    def _model(self) -> Whisper:
        # A published model is known by the name of its file alone.
        import whisper

        try:
            with self._file.open("rb") as file:
                self._compare(file)
                model = _loaded(file, _processor(self._device))
        except (ModelError, RequestError):
            raise
        except Exception as error:  # whatever the parts of a damaged checkpoint make torch raise
            raise ModelError(
                f"{self._file}: no checkpoint of whisper, or a damaged one: {line(error)}"
            ) from error
        if heads := whisper._ALIGNMENT_HEADS.get(self._file.stem):
            model.set_alignment_heads(heads)
        return model

    def _compare(self, file: BufferedReader) -> None:
        expected = {digest.lower() for digest in (_published(self._file.stem), self._told()) if digest}
        if not expected:
            raise RequestError(
                f"{self._file}: no published name, so its SHA-256 has to be in {self._file.name}.sha256 beside it"
            )
        if expected != {hashlib.file_digest(file, "sha256").hexdigest()}:
            raise ModelError(f"{self._file}: not the file that its SHA-256 was told of; get it anew")
        file.seek(0)

    def _told(self) -> str:
        beside = self._file.with_name(f"{self._file.name}.sha256")
        if self._sha256 or not beside.is_file():
            return self._sha256 or ""
        return (beside.read_text(encoding="utf-8").split() or [""])[0]


class _Ear:
    """A Whisper as the library's own transcription of one window uses it, without the work that is for nothing.

    The library encodes each sound twice, to write it down and to place the words, and goes on behind the last word
    however short the rest is. Here the sound is encoded once, and nothing is written of a rest too short for a word.
    """

    def __init__(self, model: Whisper) -> None:
        self._model = model
        self._heard: tuple[torch.Tensor, torch.Tensor] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, mel: torch.Tensor, tokens: torch.Tensor) -> Any:
        """Logits of tokens after sounds, as those of the model."""
        known, encoded = self._heard or (None, None)
        is_known = known is not None and known.equal(mel)
        return self._model.decoder(tokens, encoded if is_known else self._model.encoder(mel))

    def decode(self, mel: torch.Tensor, options: DecodingOptions) -> DecodingResult:
        """What is said in one sound, by its mel spectrogram filled up with zeros to half a minute."""
        from whisper.decoding import DecodingResult, decode

        if self._heard and is_too_short(mel):
            return DecodingResult(mel, options.language)
        written = decode(self._model, mel, options)
        self._heard = mel[None], written.audio_features[None]
        return written


def line(error: BaseException) -> str:
    """The first line of what a library says of its failure."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def is_too_short(mel: Samples | torch.Tensor) -> bool:
    """Whether the sound of a mel spectrogram, (bands, frames), filled up with zeros, is too short for a word."""
    return int(mel.any(0).sum()) < REST_S * _N_FRAMES_OF_SECOND


def _first(stretches: Iterator[VoicedStretch]) -> Iterator[VoicedStretch]:
    """As many stretches as are needed to tell the language."""
    heard_s = 0.0
    while heard_s < LANGUAGE_S and (stretch := next(stretches, None)):
        heard_s += stretch.window.end_s - stretch.window.start_s
        yield stretch


def _packs(stretches: Iterable[VoicedStretch]) -> Iterator[list[VoicedStretch]]:
    """Stretches that are written down together; the same ones in every run over the same sound."""
    pack: list[VoicedStretch] = []
    for stretch in stretches:
        if pack and not _fits(pack, stretch):
            yield pack
            pack = []
        pack.append(stretch)
    if pack:
        yield pack


def _fits(pack: list[VoicedStretch], stretch: VoicedStretch) -> bool:
    is_short = stretch.window.end_s - pack[0].window.start_s <= PACK_S
    return is_short and pack[-1].span.gap_s(stretch.span) <= APART_S


def _laid_out(pack: list[VoicedStretch]) -> SoundWindow:
    """The sound of stretches at their times, with silence between."""
    start_s = pack[0].window.start_s
    samples = np.zeros(round((pack[-1].window.end_s - start_s) * RATE_HZ), np.float32)
    for stretch in pack:
        first = round((stretch.window.start_s - start_s) * RATE_HZ)
        part = samples[first : first + len(stretch.window.samples)]
        part[:] = stretch.window.samples[: len(part)]
    return SoundWindow(start_s, samples, RATE_HZ)


def _joined(stretches: list[VoicedStretch]) -> Samples:
    return np.concatenate([stretch.window.samples for stretch in stretches])[: round(LANGUAGE_S * RATE_HZ)]


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(sorted(codes))


def _published(name: str) -> str:
    """The SHA-256 that the address of a published model holds, empty for any other name."""
    import whisper

    found = re.search(r"/([0-9a-f]{64})/", whisper._MODELS.get(name, ""))
    return found[1] if found else ""


def _processor(device: Device) -> str:
    # Which heads tell the times is a sparse table, and Apple's processors know none.
    return "cpu" if device.name == "mps" else device.name


def _loaded(file: BufferedReader, processor: str) -> Whisper:
    import torch
    from whisper.model import ModelDimensions

    saved = torch.load(file, map_location=processor, weights_only=True)
    model = _undrawn(ModelDimensions(**saved["dims"]))
    # Every weight has to be there, so none stays undrawn.
    model.load_state_dict(saved["model_state_dict"], strict=True)
    return model.to(processor).eval()


def _undrawn(dimensions: ModelDimensions) -> Whisper:
    """A Whisper whose weights are whatever the memory held: drawing them takes longer than reading them."""
    from torch import nn
    from torch.overrides import TorchFunctionMode
    from whisper.model import Whisper

    drawing = [getattr(nn.init, name) for name in _DRAWING]

    class Undrawn(TorchFunctionMode):
        """Passes over what draws weights."""

        def __torch_function__(
            self, work: Any, types: Any, args: tuple[Any, ...] = (), named: Any = None
        ) -> Any:
            named = named or {}
            return named.get("tensor", *args[:1]) if work in drawing else work(*args, **named)

    with Undrawn():
        return Whisper(dimensions)


def _piece(segment: dict[str, Any], offset_s: float) -> Piece:
    words = tuple(
        HeardWord(
            word["word"],
            offset_s + float(word["start"]),
            offset_s + float(word["end"]),
            float(word["probability"]),
        )
        for word in segment["words"]
    )
    signs = Signs(segment["no_speech_prob"], segment["avg_logprob"], segment["compression_ratio"])
    return Piece(words, signs)
