"""Speech into words by a Whisper, beside the same library's own transcription of the same sound."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn_whisper import N_WORDS, drawn_converted, drawn_whisper
from sizes import Options
from table import OURS, PLAIN, Row, Timed, hour_row, in_turns, loaded

from vidagent.tools.models.device import Device
from vidagent.tools.models.faster_whisper_speech import FasterWhisperRecognizer
from vidagent.tools.models.whisper_speech import N_BEAMS, WhisperFamily, WhisperRecognizer
from vidagent.tools.roles import Samples, SoundWindow
from vidagent.tools.sound import read_sound
from vidagent.tools.voice import RATE_HZ, VoiceDetector

Transcribe = Callable[[Any, Samples], Any]
LANGUAGE = "en"
MINUTE_S = 60.0
# As the adapters set them, or else the baseline would do other work.
SETTINGS = {
    "language": LANGUAGE,
    "temperature": 0.0,
    "beam_size": N_BEAMS,
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "no_speech_threshold": None,
}


@dataclass(frozen=True)
class Sound:
    """What is heard: ``samples`` at 16 kHz, with ``share`` of them voiced."""

    what: str
    samples: Samples
    share: float

    @property
    def length_s(self) -> float:
        """Seconds of sound."""
        return len(self.samples) / RATE_HZ


# Weights drawn by chance write as much about a word as about half a minute, which trained ones do not.
_NOTE = f"{{:.0%}} of it is speech; every pass writes {N_WORDS} tokens"


def whisper_rows(options: Options, folder: Path) -> Iterator[Row]:
    """openai-whisper: loading, seconds for a minute of sound, and for an hour."""
    import whisper

    file, device = folder / "drawn.pt", Device.named(options.device)
    drawn_whisper(file, options.size.whisper)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    has_half = device.name.startswith("cuda")
    yield from _rows(
        options,
        "whisper",
        "openai-whisper's own transcribe, same settings",
        lambda: WhisperRecognizer(file, device, LANGUAGE, sha256),
        lambda: whisper.load_model(str(file), device.name),
        lambda model, samples: model.transcribe(samples, fp16=has_half, **SETTINGS),
    )


def faster_whisper_rows(options: Options, folder: Path) -> Iterator[Row]:
    """faster-whisper, likewise, where it is installed."""
    from importlib.util import find_spec

    if find_spec("faster_whisper") is None:
        return
    from faster_whisper import WhisperModel

    place, device = folder / "converted", Device.named(options.device)
    drawn_converted(place, options.size.whisper)
    kind = "cuda" if device.name.startswith("cuda") else "cpu"
    yield from _rows(
        options,
        "faster-whisper",
        "faster-whisper's own transcribe, same settings",
        lambda: FasterWhisperRecognizer(place, device, LANGUAGE),
        lambda: WhisperModel(str(place), device=kind, compute_type="auto", local_files_only=True),
        # The words are written while they are asked for.
        lambda model, samples: list(model.transcribe(samples, **SETTINGS)[0]),
    )


def _rows(
    options: Options,
    name: str,
    beside: str,
    ours: Callable[[], WhisperFamily],
    plain: Callable[[], Any],
    transcribe: Transcribe,
) -> Iterator[Row]:
    size = options.size.whisper
    name = f"{name} of width {size.n_state}, {size.n_layers} layers"
    loading = loaded(lambda: _loaded(ours()), plain, options.n_rounds)
    yield Row(f"{name}: seconds to load", "the library's loading", loading)
    # The first transcription compiles what places the words in time.
    transcribe(loading.given[PLAIN], np.zeros(RATE_HZ, np.float32))
    for sound in _sounds(options):
        timed = _timed(loading, transcribe, sound.samples, options.n_rounds)
        what, scale = f"{name}, {sound.what}", MINUTE_S / sound.length_s
        yield Row(f"{what}: seconds for a minute", beside, timed, scale=scale, note=_NOTE.format(sound.share))
        yield hour_row(what, beside, timed, sound.length_s)


def _timed(loading: Timed[Any], transcribe: Transcribe, samples: Samples, n_rounds: int) -> Timed[Any]:
    ours, plain = loading.given[OURS], loading.given[PLAIN]
    return in_turns(
        lambda: list(ours.listen(_windows(samples))), lambda: transcribe(plain, samples), n_rounds
    )


def _loaded(recognizer: WhisperFamily) -> Any:
    recognizer.languages()
    return recognizer


def _sounds(options: Options) -> Iterator[Sound]:
    """The video's own sound, and as much of its speech alone, where a voice detector saves nothing."""
    samples = _joined(window.samples for window in read_sound(options.video))
    n_samples = round(options.length_s * RATE_HZ)
    whole = samples[:n_samples]
    stretches = list(VoiceDetector().stretches(_windows(samples)))
    voice = _joined(stretch.window.samples for stretch in stretches)[:n_samples]
    if not len(voice):
        raise SystemExit(f"{options.video}: nobody speaks; measure another video")
    for what, heard in (("sound as it is", whole), ("speech alone", voice)):
        found = VoiceDetector().stretches(_windows(heard))
        spoken_s = sum(stretch.span.end_s - stretch.span.start_s for stretch in found)
        yield Sound(what, heard, spoken_s * RATE_HZ / len(heard))


def _joined(parts: Iterator[Samples]) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _windows(samples: Samples) -> Iterator[SoundWindow]:
    """Half a minute each."""
    n = round(30.0 * RATE_HZ)
    for first in range(0, len(samples), n):
        yield SoundWindow(first / RATE_HZ, samples[first : first + n], RATE_HZ)
