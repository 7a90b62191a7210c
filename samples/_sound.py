"""The sound of the sample: sentences spoken by the program flite, and tones made of numbers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _story import DURATION_S, LINES, SCENES, Span

Samples = npt.NDArray[np.float64]

RATE_HZ = 16_000
VOICE = "rms"
SLOWNESS = "1.1"
SPEECH_PEAK = 0.6
QUIET = 0.01
EDGE_S = 0.02
SEED = 7


class FliteMissingError(RuntimeError):
    """The program flite, which speaks the sentences, is not installed."""


def _say(text: str, path: Path) -> None:
    command = ["flite", "-voice", VOICE, "--setf", f"duration_stretch={SLOWNESS}"]
    subprocess.run([*command, "-t", text, "-o", str(path)], check=True)


def _read_wave(path: Path) -> Samples:
    with wave.open(str(path), "rb") as file:
        if (file.getframerate(), file.getnchannels()) != (RATE_HZ, 1):
            raise ValueError(f"flite's voice {VOICE} is not {RATE_HZ} Hz mono")
        data = file.readframes(file.getnframes())
    samples: Samples = np.frombuffer(data, dtype="<i2") / 32768
    return samples


def _trim(samples: Samples) -> Samples:
    """Without the quiet before and after the words, so that a span is the words alone."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    margin = int(EDGE_S * RATE_HZ)
    return samples[max(loud[0] - margin, 0) : loud[-1] + margin]


def speak_lines() -> dict[str, Samples]:
    """Every sentence of the story as sound, by its name."""
    if shutil.which("flite") is None:
        raise FliteMissingError("the program flite is not installed (Debian: apt install flite)")
    with tempfile.TemporaryDirectory() as folder:
        return {line.name: _spoken(line.text, Path(folder)) for line in LINES}


def _spoken(text: str, folder: Path) -> Samples:
    path = folder / "line.wav"
    _say(text, path)
    trimmed = _trim(_read_wave(path))
    return trimmed * (SPEECH_PEAK / float(np.abs(trimmed).max()))


def durations_s(speech: Mapping[str, Samples]) -> dict[str, float]:
    return {name: len(samples) / RATE_HZ for name, samples in speech.items()}


def _times_s(duration_s: float) -> Samples:
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def _faded(samples: Samples, fade_s: float = 0.03) -> Samples:
    """Eased in and out, because a tone that starts at once clicks."""
    ramp = np.linspace(0, 1, int(fade_s * RATE_HZ))
    samples = samples.copy()
    samples[: len(ramp)] *= ramp
    samples[-len(ramp) :] *= ramp[::-1]
    return samples


def _tone(frequency_hz: float, duration_s: float, loudness: float) -> Samples:
    return loudness * np.sin(2 * np.pi * frequency_hz * _times_s(duration_s))


def foghorn(duration_s: float) -> Samples:
    parts = [_tone(95 * k, duration_s, 0.35 / k) for k in (1, 2, 3)]
    return _faded(np.sum(parts, axis=0), 0.25)


def bell(duration_s: float) -> Samples:
    partials = [_tone(hertz, duration_s, 0.12) for hertz in (620.0, 1250.0, 1870.0)]
    return _faded(np.sum(partials, axis=0) * np.exp(-2.0 * _times_s(duration_s)))


def beep(duration_s: float) -> Samples:
    return _faded(_tone(880, duration_s, 0.25))


def whistle(duration_s: float) -> Samples:
    trill = np.sin(2 * np.pi * 30 * _times_s(duration_s))
    return _faded(_tone(2600, duration_s, 0.2) * (0.7 + 0.3 * trill))


def alarm(duration_s: float) -> Samples:
    high = (_times_s(duration_s) % 1.0) < 0.5
    return _faded(np.where(high, _tone(740, duration_s, 0.3), _tone(520, duration_s, 0.3)))


def _noise(duration_s: float, loudness: float) -> Samples:
    white = np.random.default_rng(SEED).standard_normal(round(duration_s * RATE_HZ))
    smooth = np.convolve(white, np.ones(4) / 2, mode="same")
    return _faded(loudness * smooth, 0.5)


def rain(duration_s: float) -> Samples:
    return _noise(duration_s, 0.04)


def thunder(duration_s: float) -> Samples:
    rumble = np.convolve(_noise(duration_s, 1.0), np.ones(160) / 160, mode="same")
    return _faded(0.8 * rumble * np.exp(-0.9 * _times_s(duration_s)), 0.1)


def tune(duration_s: float) -> Samples:
    """A plain melody of half-second notes."""
    notes_hz = (392.0, 440.0, 523.3, 440.0, 392.0, 329.6, 293.7, 329.6)
    n_notes = round(duration_s * 2)
    notes = [_faded(_tone(notes_hz[i % len(notes_hz)], 0.5, 0.15), 0.08) for i in range(n_notes)]
    return np.concatenate(notes)


MAKERS: dict[str, Callable[[float], Samples]] = {
    maker.__name__: maker for maker in (foghorn, bell, beep, whistle, alarm, rain, thunder, tune)
}


def _other_sounds() -> dict[str, Samples]:
    parts = [part for scene in SCENES for part in scene.parts if part.sound]
    return {part.name: MAKERS[part.sound](part.duration_s) for part in parts}


def sound_track(speech: Mapping[str, Samples], spans: Mapping[str, Span]) -> Samples:
    """The whole sound as one stream; where nothing sounds it is exactly zero."""
    track = np.zeros(DURATION_S * RATE_HZ)
    for name, samples in {**speech, **_other_sounds()}.items():
        start = round(spans[name].start_s * RATE_HZ)
        track[start : start + len(samples)] += samples
    return track
