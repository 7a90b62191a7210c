"""The sound stage of ingestion: how loud, whose voice, which words; all on the picture's clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.engines import Maker
from ..tools.guarded import GuardedSound
from ..tools.passages import Passage, SentenceJoiner
from ..tools.roles import SoundWindow, SpeechRecognizer, Utterance
from .freezing import frozen, thawed
from .looking import BATCH_S, Stopped, Tell
from .picture_batches import lost_share

HOP_S = 0.1
_FLOOR_DB = -100


@dataclass(frozen=True)
class LoudnessRow:
    """Loudness in whole dB below full scale (int8), one value per ``HOP_S`` from ``start_s`` on."""

    start_s: float
    levels_db: npt.NDArray[np.int8]


@dataclass(frozen=True)
class SoundTotals:
    """What the sound stage passed until now; ``end_s`` is the measured end, ``lost`` what damage hid."""

    n_levels: int = 0
    n_damaged: int = 0
    lost: tuple[Span, ...] = ()
    end_s: float = 0.0

    @property
    def damaged_share(self) -> float:
        """The share of the time that damage hid."""
        return lost_share(self.lost, self.end_s)


@dataclass(frozen=True)
class SoundCursor:
    """How far the sound stage has come: measured, and recognised; ``pending`` words may still be gone on from."""

    measured_s: float = float("-inf")
    heard_s: float = float("-inf")
    pending: tuple[Utterance, ...] = ()
    totals: SoundTotals = field(default_factory=SoundTotals)

    def to_bytes(self) -> bytes:
        """The cursor as it is stored."""
        return frozen(asdict(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> SoundCursor:
        """A stored cursor. Raises ``FrozenStateError`` for anything else."""
        state = thawed(data)
        pending = tuple(Utterance(**u | {"span": Span(**u["span"])}) for u in state["pending"])
        totals = state["totals"] | {"lost": tuple(Span(**span) for span in state["totals"]["lost"])}
        return cls(state["measured_s"], state["heard_s"], pending, SoundTotals(**totals))


@dataclass(frozen=True)
class SoundBatch:
    """What the sound stage found in a row."""

    loudness: list[LoudnessRow]
    voice: list[Span]
    passages: list[Passage]
    cursor: SoundCursor
    is_last: bool


@dataclass
class SoundStage:
    """Reads the sound once; without a recogniser it only measures.

    ``deliver`` takes the batches in order. A stage that goes on behind the cursor ``since`` decodes from the
    beginning all the same, which costs little and gives the same samples, and recognises nothing twice.
    """

    path: Path
    recognizer: Maker[SpeechRecognizer] | None
    tell: Tell
    stop: threading.Event
    deliver: Callable[[SoundBatch], None]
    track: int | None = None
    since: SoundCursor = field(default_factory=SoundCursor)
    batch_s: float = BATCH_S
    _loudness: list[LoudnessRow] = field(default_factory=list)
    _voice: list[Span] = field(default_factory=list)
    _passages: list[Passage] = field(default_factory=list)

    def run(self) -> None:
        """The whole pass. Raises what the decoder or the recogniser raises, ``Stopped`` when called off."""
        self._measured_s, self._heard_s = self.since.measured_s, self.since.heard_s
        self._n_levels, self._delivered_s = self.since.totals.n_levels, self.since.measured_s
        self._joiner, self._reader = SentenceJoiner(self.since.pending), GuardedSound(self.path, self.track)
        with closing(iter(self._reader)) as windows:
            self._listen(self._measured(windows))
        self._passages += self._joiner.finish()
        self._deliver(is_last=True)

    def _listen(self, sound: Iterator[SoundWindow]) -> None:
        if not self.recognizer:
            for _ in sound:
                pass
            return
        for stretch in self.recognizer.make().listen(sound, self.since.heard_s):
            self._voice.append(stretch.span)
            self._heard_s = stretch.span.end_s
            for utterance in stretch.utterances:
                self._passages += self._joiner.feed(utterance)

    def _measured(self, sound: Iterable[SoundWindow]) -> Iterator[SoundWindow]:
        for window in sound:
            if self.stop.is_set():
                raise Stopped
            if window.start_s >= self.since.measured_s - HOP_S / 2:
                self._measure(window)
            yield window
            self.tell("sound", window.end_s)

    def _measure(self, window: SoundWindow) -> None:
        if self._measured_s >= self._delivered_s + self.batch_s:
            self._deliver(is_last=False)
        levels = LoudnessRow(window.start_s, levels_db(window))
        self._loudness.append(levels)
        self._n_levels += len(levels.levels_db)
        if self._delivered_s == float("-inf"):
            self._delivered_s = window.start_s
        self._measured_s = window.end_s

    def _deliver(self, is_last: bool) -> None:
        # What an encoder puts before the beginning is never played.
        lost = [Span(max(0.0, span.start_s), span.end_s) for span in self._reader.lost if span.end_s > 0]
        end_s = max(0.0, self._measured_s, self._reader.end_s)
        totals = SoundTotals(self._n_levels, self._reader.n_damaged, tuple(lost), end_s)
        heard_s = self._heard_s if self.recognizer else self._measured_s
        cursor = SoundCursor(self._measured_s, heard_s, tuple(self._joiner.pending), totals)
        self.deliver(SoundBatch(self._loudness, self._voice, self._passages, cursor, is_last))
        self._loudness, self._voice, self._passages = [], [], []
        self._delivered_s = self._measured_s


def levels_db(window: SoundWindow) -> npt.NDArray[np.int8]:
    """Loudness of each ``HOP_S`` of a window, root mean square in dB below full scale, at least -100."""
    hop = round(window.rate_hz * HOP_S)
    n = len(window.samples) // hop
    squares = (window.samples[: n * hop].reshape(n, hop).astype(np.float64) ** 2).mean(axis=1)
    decibels = np.maximum(10 * np.log10(np.maximum(squares, 1e-12)), _FLOOR_DB)
    return np.asarray(decibels.round(), np.int8)
