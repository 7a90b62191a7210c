"""Speech into words by faster-whisper, from a model converted for CTranslate2 that is on this machine already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CapabilityError, ModelError
from ..roles import Samples, SoundWindow
from ..voice import VoiceDetector
from .device import Device
from .names import ModelName
from .speech_trust import HeardWord, Piece, Signs
from .whisper_speech import AUTO, N_BEAMS, WhisperFamily, is_too_short, line

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

# Without its tokenizer the library would look for one on the network.
_FILES = ("model.bin", "config.json", "tokenizer.json")


class FasterWhisperRecognizer(WhisperFamily):
    """A Whisper from a folder, as ``ct2-transformers-converter --copy_files tokenizer.json`` writes it.

    A folder for large-v3 or its like needs ``preprocessor_config.json`` too. Without a ``device`` the library
    takes the fastest it knows; it computes with the smallest numbers that the device is fast at.

    Raises, while iterating, ``CapabilityError`` where the package or the files are missing, ``RequestError`` for a
    language that the model does not know, and ``ModelError`` for a folder that is damaged, or where the model
    fails.
    """

    def __init__(
        self,
        folder: Path,
        device: Device | None = None,
        language: str = AUTO,
        detector: VoiceDetector | None = None,
    ) -> None:
        super().__init__(language, detector)
        self._folder, self._device = folder, device

    @property
    def name(self) -> str:
        """``faster-whisper:`` and the name of the folder."""
        return str(ModelName.of_folder("faster-whisper", self._folder.resolve()))

    @property
    def place(self) -> Path:
        """The folder."""
        return self._folder

    def require(self) -> None:
        """Raises ``CapabilityError`` where faster-whisper or a file is not there."""
        if find_spec("faster_whisper") is None:
            raise CapabilityError(
                "faster-whisper is not installed; run: pip install 'vidagent[faster-whisper]'"
            )
        if missing := [name for name in _FILES if not (self._folder / name).is_file()]:
            raise CapabilityError(f"{self._folder}: no model of faster-whisper (no {', '.join(missing)})")

    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows."""
        return tuple(self._model.supported_languages)

    def language_of(self, samples: Samples) -> str:
        """The most likely language of at most ``LANGUAGE_S`` of speech."""
        return str(self._model.detect_language(samples)[0])

    def pieces(self, window: SoundWindow, language: str) -> Iterator[Piece]:
        """What is said in a window, with times of the container."""
        model = copy(self._model)
        model.encode = _Encoder(model.encode)
        segments, _ = model.transcribe(
            window.samples,
            language=language,
            temperature=0.0,
            beam_size=N_BEAMS,
            condition_on_previous_text=False,
            word_timestamps=True,
            # It would leave out what it doubts.
            no_speech_threshold=None,
        )
        with suppress(_Ended):
            for each in segments:
                yield _piece(each, window.start_s)

    @cached_property
    def _model(self) -> WhisperModel:
        from faster_whisper import WhisperModel

        device, index = _processor(self._device)
        try:
            return WhisperModel(
                str(self._folder),
                device=device,
                device_index=index,
                compute_type="auto",
                local_files_only=True,
            )
        except Exception as error:  # whatever the parts of a damaged model make its libraries raise
            raise ModelError(f"{self._folder}: the model cannot be loaded: {line(error)}") from error


class _Ended(Exception):  # noqa: N818
    """All of a window is written down but for a rest that is too short for a word."""


class _Encoder:
    """The model's encoder for one window, whose sounds come one after the other, each behind what is written.

    Raises ``_Ended`` instead of beginning with a rest.
    """

    def __init__(self, encode: Callable[[Samples], Any]) -> None:
        self._encode = encode
        self._has_begun = False

    def __call__(self, mel: Samples) -> Any:
        if self._has_begun and is_too_short(mel):
            raise _Ended
        self._has_begun = True
        return self._encode(mel)


def _processor(device: Device | None) -> tuple[str, int]:
    """Kind and number of a device as CTranslate2 names them."""
    kind, _, number = device.name.partition(":") if device else ("auto", "", "")
    # It knows no Apple processors.
    return "cpu" if kind == "mps" else kind, int(number or 0)


def _piece(segment: Any, offset_s: float) -> Piece:
    words = tuple(
        HeardWord(
            word.word, offset_s + float(word.start), offset_s + float(word.end), float(word.probability)
        )
        for word in segment.words or ()
    )
    return Piece(words, Signs(segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio))
