"""Completing a memory across the senses: what was said where something was seen, and the other way round.

Source: HippoMM (arXiv 2504.10739), cross-modal pattern completion, with padding applied once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tools.clock import Span, merge_spans
from .memory import Memory
from .records import Sense, Text

SEEDS_MAX = 5
MERGE_GAP_S = 2.0
PADDING_S: dict[Sense, float] = {"picture": 1.0, "screen": 1.0, "speech": 2.0, "sound": 2.0}


@dataclass(frozen=True)
class Seed:
    """A stretch in which one sense holds what was asked for."""

    span: Span
    sense: Sense
    score: float


@dataclass(frozen=True)
class Completed:
    """A text of another sense, and the seed that led to it."""

    text: Text
    score: float
    seed: Seed


def windows(seeds: Sequence[Seed], duration_s: float) -> list[Span]:
    """Stretches around the best seeds inside a video, in order; those close together are one."""
    padded = [_padded(seed, duration_s) for seed in _best(seeds)]
    return merge_spans([span for span in padded if span.duration_s > 0], MERGE_GAP_S)


def complete(memory: Memory, seeds: Sequence[Seed], sense: Sense) -> list[Completed]:
    """Texts of a sense that overlap the windows around seeds, best first.

    The score is that of the seed times the share of the text that lies in the seed's window.
    """
    duration_s = memory.video.duration_s
    found = [text for window in windows(seeds, duration_s) for text in memory.texts_near(window, sense, 0.0)]
    unique = list({text.id: text for text in found}.values())
    completed = [_by_its_seed(text, _best(seeds), duration_s) for text in unique]
    return sorted((c for c in completed if c.score > 0), key=lambda c: (-c.score, c.text.span, c.text.id))


def _best(seeds: Sequence[Seed]) -> list[Seed]:
    return sorted(seeds, key=lambda seed: (-seed.score, seed.span))[:SEEDS_MAX]


def _padded(seed: Seed, duration_s: float) -> Span:
    wide = seed.span.widened(PADDING_S[seed.sense])
    return Span(min(wide.start_s, duration_s), min(wide.end_s, duration_s))


def _by_its_seed(text: Text, seeds: Sequence[Seed], duration_s: float) -> Completed:
    scored = [(seed.score * _share(text.span, _padded(seed, duration_s)), seed) for seed in seeds]
    score, seed = max(scored, key=lambda pair: pair[0])
    return Completed(text, score, seed)


def _share(span: Span, window: Span) -> float:
    return span.overlap_s(window) / span.duration_s if span.duration_s > 0 else 1.0
