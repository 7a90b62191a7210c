"""Sounds by what they are called: vectors of a model that knows words, of windows all through a video's sound."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ..tools.clock import Span
from ..tools.guarded import GuardedSound
from ..tools.roles import SoundTextEmbedder, SoundWindow, Vectors
from ..tools.tracks import Tracks
from .memory import Memory
from .outliers import ROUNDING, chances_of_no_accident
from .records import Video, to_us
from .sample_learning import SampleLearning
from .stemming import stems

WINDOW_S, HOP_S = 5.0, 2.5
"""Windows are as long as the recordings of ESC-50, on which such models are measured, and half of each is repeated."""
HIT_FROM = 0.95
"""From this score on a window counts as a hit: one video in twenty without the sound would have one."""
NEUTRAL = (
    "sound", "noise", "background noise", "silence", "recording", "somebody speaking", "speech", "music",
)  # fmt: skip
"""What fits many sounds and says little, or is heard in most videos; a sound has to fit its name better than these."""
# What the models of this kind hear at; one that hears at another rate brings it there.
_RATE_HZ = 48000
_SIDE_S = (WINDOW_S - HOP_S) / 2

Seconds = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.float64]


class SoundMeaning(SampleLearning[SoundTextEmbedder, SoundWindow]):
    """Vectors of the sound of a library's videos by one model, and where it hears what words say.

    ``learn`` makes the vectors that a video lacks, of windows of ``WINDOW_S`` every ``HOP_S``. A window is known
    by the second of its first sample.
    """

    sense: ClassVar[Literal["picture", "sound"]] = "sound"
    stage = "sounds"

    def best(self, video: Video, words: str, within: Span | None = None) -> list[tuple[float, float]]:
        """(second, score) of the windows that sound like some words, the best first; see ``scores``.

        Those that score nothing are left out, and those outside ``within``.
        """
        times_s, scores = self.scores(video, words)
        order = [i for i in np.lexsort((times_s, -scores)) if scores[i] > 0]
        found = [(float(times_s[i]), float(scores[i])) for i in order]
        return [hit for hit in found if within is None or _window(hit[0]).overlap_s(within) > 0]

    def stretches(self, video: Video, words: str, least: float = HIT_FROM) -> list[tuple[Span, float]]:
        """Runs of windows that score at least so much, each with its best score, in order of time.

        A run ends where the words fit less than half as much better than usual as at its best; where a neighbour
        lies outside, a window speaks for the hop in its middle only.
        """
        times_s, margins = self._margins(video, words)
        scores, rises = _scores(margins), margins - np.median(margins) if len(margins) else margins
        follows = np.append(False, np.diff(times_s) < WINDOW_S)
        return [
            (_between(times_s, follows, *_core(rises, *run), video.duration_s), _best(scores, *run))
            for run in _runs(scores >= least, follows)
        ]

    def scores(self, video: Video, words: str) -> tuple[Seconds, Numbers]:
        """Seconds (n,) of all windows of a video, and how surely each holds a sound that goes by ``words``: (n,).

        A window scores nothing where any of ``NEUTRAL`` fits it as well as the words do. Others score by how far
        they stand out among all windows of the video in how much better the words fit; see
        ``chances_of_no_accident``. So no score depends on how large the numbers of a model are, and a sound that
        goes on for most of a video is not found. Raises ``RequestError`` for a text without a word.
        """
        times_s, margins = self._margins(video, words)
        return times_s, _scores(margins)

    def is_learnt(self, video: Video) -> bool:
        """Whether all of a video has been listened to by this model, or there is nothing to hear."""
        return super().is_learnt(video) or not self._has_sound(video)

    def _has_sound(self, video: Video) -> bool:
        return bool(
            self._library.rows("SELECT 1 FROM coverage WHERE media_id = ? AND sense = 'sound'", video.id)
        )

    def _margins(self, video: Video, words: str) -> tuple[Seconds, Numbers]:
        """Seconds (n,) of all windows, and how much better than any neutral phrase the words fit each: (n,)."""
        times_s, vectors = Memory(self._library, video).samples(self.embedder.name)
        if not len(times_s):
            return times_s, np.zeros(0)
        neutral = vectors @ self._neutral(words).T
        return times_s, (vectors @ self.embedder.embed_text(words) - neutral.max(axis=1)).astype(np.float64)

    def _arriving(self, video: Video) -> Generator[SoundWindow, None, None]:
        track, all_of_it = Tracks.parse(video.tracks).sound, (video.span,)
        sound = GuardedSound(
            video.path, track, all_of_it, rate_hz=_RATE_HZ, window_s=WINDOW_S, overlap_s=WINDOW_S - HOP_S
        )
        known_us = self._known_us(video)
        # Decoded from the beginning again, as a jump could shift the windows by parts of a sample.
        with closing(iter(sound)) as windows:
            for window in windows:
                if known_us is None or to_us(window.start_s) > known_us[1]:
                    yield window

    def _time_s(self, item: SoundWindow) -> float:
        return item.start_s

    def _vectors(self, batch: list[SoundWindow]) -> Vectors:
        return self.embedder.embed_sounds(batch)

    def _neutral(self, words: str) -> Vectors:
        """Vectors (n, d) of the neutral phrases that share no word with what is looked for."""
        sought = set(stems(words))
        rows = [row for phrase, row in self._neutral_vectors.items() if not sought & set(stems(phrase))]
        return np.stack(rows or list(self._neutral_vectors.values()))

    @cached_property
    def _neutral_vectors(self) -> dict[str, Vectors]:
        return {phrase: self.embedder.embed_text(phrase) for phrase in NEUTRAL}


def _window(start_s: float) -> Span:
    return Span(start_s, start_s + WINDOW_S)


def _scores(margins: Numbers) -> Numbers:
    return np.where(margins > ROUNDING, chances_of_no_accident(margins), 0.0)


def _best(scores: Numbers, first: int, last: int) -> float:
    return float(scores[first : last + 1].max())


def _core(rises: Numbers, first: int, last: int) -> tuple[int, int]:
    """A run without its slopes: its full width at half maximum."""
    high = np.flatnonzero(rises[first : last + 1] >= rises[first : last + 1].max() / 2)
    return first + int(high[0]), first + int(high[-1])


def _runs(hits: npt.NDArray[np.bool_], follows: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last places of hits that follow each other without a gap."""
    runs: list[tuple[int, int]] = []
    for place in np.flatnonzero(hits):
        if runs and runs[-1][1] == place - 1 and follows[place]:
            runs[-1] = (runs[-1][0], int(place))
        else:
            runs.append((int(place), int(place)))
    return runs


def _between(
    times_s: Seconds, follows: npt.NDArray[np.bool_], first: int, last: int, duration_s: float
) -> Span:
    """A run without the ends that it shares with windows outside it, inside the video."""
    is_followed = last + 1 < len(times_s) and follows[last + 1]
    start_s = float(times_s[first]) + (_SIDE_S if follows[first] else 0.0)
    end_s = float(times_s[last]) + WINDOW_S - (_SIDE_S if is_followed else 0.0)
    return Span(start_s, max(start_s, min(end_s, duration_s)))
