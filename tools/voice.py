"""Where somebody speaks: Silero's voice detector over a stream of sound, without torch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .clock import Span
from .errors import CapabilityError
from .roles import Samples, SoundWindow

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE_HZ = 16000
FRAME = 512
"""Samples the model judges at a time: 32 ms."""

FRAME_S = FRAME / RATE_HZ
CONTEXT = 64
BATCH = 512
GAP_S = 0.005
MODEL = "silero_vad_16k_sequence.onnx"


@dataclass(frozen=True)
class VoicedStretch:
    """Speech without a longer pause.

    ``window`` holds the sound with a little before and after; ``span`` is the speech alone.
    ``voiced_s`` is how long the model was sure, summed over the stretch.
    """

    window: SoundWindow
    span: Span
    voiced_s: float


@dataclass(frozen=True)
class VoiceDetector:
    """Finds speech in sound at 16 kHz.

    Speech begins where the model's probability reaches ``threshold`` and ends once it has stayed
    under ``release`` for ``min_silence_s``; ``pad_s`` of sound is kept around it. A stretch longer
    than ``max_s`` is cut where its probability is lowest. Stretches with less than ``min_voiced_s``
    over the threshold are dropped, and so are those under ``alone_voiced_s`` that have no longer one
    within ``company_s``: a lone half second is more often a cry, an animal or an instrument than a
    sentence. Memory is bounded by ``max_s`` plus one window.

    Raises ``CapabilityError`` at the first window where the model is not installed.
    """

    threshold: float = 0.5
    release: float = 0.35
    min_silence_s: float = 0.4
    pad_s: float = 0.15
    max_s: float = 20.0
    min_voiced_s: float = 0.25
    alone_voiced_s: float = 0.8
    company_s: float = 3.0

    def stretches(self, sound: Iterable[SoundWindow]) -> Iterator[VoicedStretch]:
        """Voiced stretches in order of time, disjoint; a border between windows is no border of speech.

        A gap in the sound is one. Raises ``ValueError`` for sound at another rate than 16 kHz.
        """
        return self._in_company(self._long_enough(self._found(sound)))

    def _found(self, sound: Iterable[SoundWindow]) -> Iterator[VoicedStretch]:
        cutter = _Cutter(self)
        for frame in _frames(sound):
            yield from cutter.feed(frame)
        yield from cutter.finish()

    def _long_enough(self, stretches: Iterable[VoicedStretch]) -> Iterator[VoicedStretch]:
        return (stretch for stretch in stretches if stretch.voiced_s >= self.min_voiced_s)

    def _in_company(self, stretches: Iterable[VoicedStretch]) -> Iterator[VoicedStretch]:
        waiting: list[VoicedStretch] = []
        sure: Span | None = None
        for stretch in stretches:
            waiting = [w for w in waiting if w.span.gap_s(stretch.span) <= self.company_s]
            if stretch.voiced_s >= self.alone_voiced_s:
                yield from [*waiting, stretch]
                waiting, sure = [], stretch.span
            elif sure is not None and sure.gap_s(stretch.span) <= self.company_s:
                yield stretch
            else:
                waiting.append(stretch)


@dataclass(frozen=True)
class _Frame:
    """32 ms of sound, or less at the end, with the model's probability that somebody speaks."""

    start_s: float
    samples: Samples
    probability: float

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / RATE_HZ


class _Cutter:
    """Joins frames into stretches as they come."""

    def __init__(self, rule: VoiceDetector) -> None:
        self._rule = rule
        self._n_pad = round(rule.pad_s / FRAME_S)
        self._before: deque[_Frame] = deque(maxlen=self._n_pad)
        self._speech: list[_Frame] = []
        self._lead: list[_Frame] = []
        self._n_silent = 0
        self._end_s = float("-inf")

    def feed(self, frame: _Frame) -> Iterator[VoicedStretch]:
        if frame.start_s - self._end_s > GAP_S:
            yield from self.finish()
        self._end_s = frame.end_s
        if self._speech:
            yield from self._hear(frame)
        elif frame.probability < self._rule.threshold:
            self._before.append(frame)
        else:
            self._speech, self._lead, self._n_silent = [frame], list(self._before), 0

    def finish(self) -> Iterator[VoicedStretch]:
        if self._speech:
            yield self._closed()
        self._before.clear()

    def _hear(self, frame: _Frame) -> Iterator[VoicedStretch]:
        self._speech.append(frame)
        if frame.probability >= self._rule.threshold:
            self._n_silent = 0
        elif self._n_silent or frame.probability < self._rule.release:
            self._n_silent += 1
        if self._n_silent * FRAME_S >= self._rule.min_silence_s:
            yield self._closed()
        elif len(self._speech) * FRAME_S >= self._rule.max_s:
            yield self._split()

    def _closed(self) -> VoicedStretch:
        n_body = len(self._speech) - self._n_silent
        body, after = self._speech[:n_body], self._speech[n_body:]
        self._speech = []
        self._before = deque(after[self._n_pad :], maxlen=self._n_pad)
        return self._stretch(body, after[: self._n_pad])

    def _split(self) -> VoicedStretch:
        """Cut in the later half, where three frames together sound least like speech."""
        half = len(self._speech) // 2
        probabilities = np.array([frame.probability for frame in self._speech[half:]])
        cut = half + int(np.argmin(np.convolve(probabilities, np.ones(3), "valid"))) + 1
        body, self._speech = self._speech[:cut], self._speech[cut:]
        stretch = self._stretch(body, [])
        self._lead = []
        return stretch

    def _stretch(self, body: list[_Frame], after: list[_Frame]) -> VoicedStretch:
        frames = [*self._lead, *body, *after]
        samples = np.concatenate([frame.samples for frame in frames])
        n_sure = sum(frame.probability >= self._rule.threshold for frame in body)
        return VoicedStretch(
            SoundWindow(frames[0].start_s, samples, RATE_HZ),
            Span(body[0].start_s, body[-1].end_s),
            n_sure * FRAME_S,
        )


def _frames(sound: Iterable[SoundWindow]) -> Iterator[_Frame]:
    judge = _Judge()
    for window in sound:
        yield from judge.feed(window)
    yield from judge.flush()


class _Judge:
    """The model with its memory of what came before."""

    def __init__(self) -> None:
        self._session = _session()
        self._rest: Samples = np.zeros(0, np.float32)
        self._forget(float("-inf"))

    def feed(self, window: SoundWindow) -> Iterator[_Frame]:
        """Frames of a window; what does not fill one waits for the next window."""
        if window.rate_hz != RATE_HZ:
            raise ValueError(f"the voice detector hears {RATE_HZ} Hz, not {window.rate_hz} Hz")
        if abs(window.start_s - self._start_s - len(self._rest) / RATE_HZ) > GAP_S:
            yield from self.flush()
            self._forget(window.start_s)
        joined = np.concatenate([self._rest, window.samples])
        n_whole = len(joined) // FRAME * FRAME
        self._rest = joined[n_whole:]
        for first in range(0, n_whole, BATCH * FRAME):
            yield from self._judged(joined[first : min(n_whole, first + BATCH * FRAME)])

    def flush(self) -> Iterator[_Frame]:
        """The last frame, which sound filled in part only."""
        rest, self._rest = self._rest, np.zeros(0, np.float32)
        if len(rest):
            (frame,) = self._judged(np.pad(rest, (0, FRAME - len(rest))))
            yield _Frame(frame.start_s, rest, frame.probability)

    def _forget(self, start_s: float) -> None:
        self._start_s = start_s
        self._context: Samples = np.zeros(CONTEXT, np.float32)
        self._memory = [np.zeros((1, 1, 128), np.float32)] * 2

    def _judged(self, samples: Samples) -> list[_Frame]:
        """Frames of sound of whole frames, in one call of the model."""
        rows = samples.reshape(-1, FRAME)
        contexts = np.vstack([self._context, rows[:-1, -CONTEXT:]])
        inputs = {"input": np.hstack([contexts, rows]), "h": self._memory[0], "c": self._memory[1]}
        probabilities, *self._memory = self._session.run(["speech_probs", "hn", "cn"], inputs)
        starts = [self._start_s + n * FRAME_S for n in range(len(rows))]
        self._start_s += len(rows) * FRAME_S
        self._context = rows[-1, -CONTEXT:]
        return [_Frame(*each) for each in zip(starts, rows, map(float, probabilities), strict=True)]


@cache
def _session() -> InferenceSession:
    """Silero's model for many frames a call, from the wheel of ``silero-vad`` 6.2.3 on.

    Importing that package would import torch, so its file is found without.
    """
    spec = find_spec("silero_vad")
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [file for folder in folders if (file := Path(folder, "data", MODEL)).is_file()]
    if not files or not find_spec("onnxruntime"):
        raise CapabilityError("finding speech needs: pip install 'silero-vad>=6.2.3' onnxruntime")
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(str(files[0]), options, providers=["CPUExecutionProvider"])
