"""The sound stage of ingestion: how loud, whose voice, which words; all on the picture's clock."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.engines import Maker
from ..tools.guarded import GuardedSound
from ..tools.roles import SoundWindow, SpeechRecognizer, Utterance
from .looking import Stopped, Tell, lost_share

HOP_S = 0.1
_FLOOR_DB = -100


@dataclass(frozen=True)
class LoudnessRow:
    """Loudness in whole dB below full scale (int8), one value per ``HOP_S`` from ``start_s`` on."""

    start_s: float
    levels_db: npt.NDArray[np.int8]


@dataclass
class Heard:
    """What the sound stage found; ``end_s`` is its measured end, ``lost`` what damage hid of it."""

    utterances: list[Utterance] = field(default_factory=list)
    voice: list[Span] = field(default_factory=list)
    loudness: list[LoudnessRow] = field(default_factory=list)
    end_s: float = 0.0
    n_damaged: int = 0
    lost: list[Span] = field(default_factory=list)

    @property
    def damaged_share(self) -> float:
        """The share of the time that damage hid."""
        return lost_share(self.lost, self.end_s)


@dataclass
class SoundStage:
    """Reads the sound once; without a recogniser it only measures."""

    path: Path
    recognizer: Maker[SpeechRecognizer] | None
    tell: Tell
    stop: threading.Event
    track: int | None = None

    def run(self) -> Heard:
        """The whole pass. Raises what the decoder or the recogniser raises, ``Stopped`` when called off."""
        heard = Heard()
        reader = GuardedSound(self.path, self.track)
        with closing(iter(reader)) as windows:
            self._listen(self._measured(windows, heard), heard)
        heard.end_s = max(heard.end_s, reader.end_s)
        # What an encoder puts before the beginning is never played.
        heard.lost = [Span(max(0.0, span.start_s), span.end_s) for span in reader.lost if span.end_s > 0]
        heard.n_damaged = reader.n_damaged
        return heard

    def _listen(self, sound: Iterable[SoundWindow], heard: Heard) -> None:
        if self.recognizer:
            for stretch in self.recognizer.make().listen(sound):
                heard.voice.append(stretch.span)
                heard.utterances += stretch.utterances
        else:
            for _ in sound:
                pass

    def _measured(self, sound: Iterable[SoundWindow], heard: Heard) -> Iterator[SoundWindow]:
        for window in sound:
            if self.stop.is_set():
                raise Stopped
            heard.loudness.append(LoudnessRow(window.start_s, levels_db(window)))
            heard.end_s = max(heard.end_s, window.end_s)
            yield window
            self.tell("sound", window.end_s)


def levels_db(window: SoundWindow) -> npt.NDArray[np.int8]:
    """Loudness of each ``HOP_S`` of a window, root mean square in dB below full scale, at least -100."""
    hop = round(window.rate_hz * HOP_S)
    n = len(window.samples) // hop
    squares = (window.samples[: n * hop].reshape(n, hop).astype(np.float64) ** 2).mean(axis=1)
    decibels = np.maximum(10 * np.log10(np.maximum(squares, 1e-12)), _FLOOR_DB)
    return np.asarray(decibels.round(), np.int8)
