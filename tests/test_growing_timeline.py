"""A video that grows is cut like a whole one, whatever speaks for its boundaries and however it is chopped."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vidagent.index.segmentation import (
    Boundary,
    Mark,
    SegmentationSettings,
    Signals,
    segment,
    settings_for,
)
from vidagent.index.segmentation.signals import Numbers
from vidagent.tools.clock import Span
from vidagent.tools.roles import Vectors

# Short memories and lengths, so that streams of minutes meet everything that hours would.
HASTY = replace(
    settings_for("appearance-1"), memory_s=40.0, long_window_s=12.0, window_s=4.0, forced_s=150.0, max_event_s=60.0,
    chapter_at=0.15,
)  # fmt: skip
# Barriers are rare, so that most of them are forced.
HESITANT = replace(HASTY, min_contrast=0.4, event_at=0.3, barrier_at=0.6, chapter_at=0.7)
# Proposals that are moved, by surprises that know only what was before, or that are not.
MOVED = [
    replace(HASTY, surprise="previous", refinement="modularity"),
    replace(HASTY, surprise="mean", refinement="conductance"),
    replace(HASTY, surprise="contrast", refinement="modularity"),
    replace(HASTY, surprise="mean"),
    replace(HESITANT, surprise="mean", refinement="modularity"),
    replace(HESITANT, surprise="previous", refinement="conductance"),
    replace(HESITANT, surprise="previous"),
]
SEEDS = st.integers(0, 1_000_000)
RULES = st.sampled_from([HASTY, HESITANT, *MOVED])
N_A_BATCHED_SECOND = 60
N_CHAPTERS = st.sampled_from([0, 0, 1, 4, 60])


def wandering(chance: np.random.Generator, n: int) -> tuple[Numbers, Vectors]:
    """Unit vectors at uneven times that drift, stand still and jump; a rare long step is a hole in the video."""
    times_s = np.cumsum(chance.choice([1, 2, 4, 240], n, p=[0.3, 0.5, 0.19, 0.01])) / 4
    steps = chance.normal(size=(n, 8)) * chance.choice([0.0, 0.05, 1.0], size=(n, 1), p=[0.4, 0.55, 0.05])
    rows = np.cumsum(steps, axis=0) + chance.normal(size=8)
    return times_s, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def anything(seed: int, n: int, n_chapters: int) -> tuple[Signals, float]:
    """Signals of all kinds, and the second at which they end."""
    chance = np.random.default_rng(seed)
    times_s, vectors = wandering(chance, n)
    until_s = float(times_s[-1] + 10 if n else 400)
    marks = [Mark(float(t), "chapter") for t in chance.integers(1, int(until_s), n_chapters)]
    for time_s in chance.integers(0, int(until_s), n // 40):
        marks.append(Mark(float(time_s), "text", float(chance.random())))
    edges_s = np.unique(chance.integers(0, int(until_s) * 8, 2 * (n // 30)) / 8).tolist()
    pauses = [Span(a, b) for a, b in zip(edges_s[::2], edges_s[1::2], strict=False)]
    hops_s = np.arange(0, until_s, 0.125)
    loud = np.repeat(chance.integers(-60, 0, len(hops_s) // 40 + 1), 40)[: len(hops_s)]
    levels_db = (loud + chance.integers(-3, 4, len(hops_s))).astype(np.float32)
    marks.sort(key=lambda mark: (mark.time_s, mark.origin))
    return Signals(times_s, vectors, tuple(marks), tuple(pauses), (hops_s, levels_db)), until_s


def part(signals: Signals, since_s: float, until_s: float) -> Signals:
    """What a stretch holds; chapters are known from the beginning on."""
    first, last = np.searchsorted(signals.times_s, [since_s, until_s])
    hops_s, levels_db = signals.loudness
    start, end = np.searchsorted(hops_s, [since_s, until_s])
    pauses = [p for p in signals.pauses if p.end_s > since_s and p.start_s < until_s]
    return Signals(
        signals.times_s[first:last].copy(),
        signals.vectors[first:last].copy(),
        tuple(m for m in signals.marks if m.origin == "chapter" or since_s <= m.time_s < until_s),
        tuple(Span(max(p.start_s, since_s), min(p.end_s, until_s)) for p in pauses),
        (hops_s[start:end], levels_db[start:end]),
    )


def streamed(signals: Signals, until_s: float, batch_s: float, rules: SegmentationSettings) -> list[Boundary]:
    """What is settled, piece by piece, of a video that grows by ``batch_s``."""
    final: list[Boundary] = []
    since_s, now_s = 0.0, 0.0
    while now_s < until_s:
        now_s = min(until_s, now_s + batch_s)
        known = part(signals, since_s - rules.lookback_s, now_s)
        cut = segment(known, now_s, rules, since_s=since_s, is_over=now_s == until_s)
        assert since_s <= cut.settled_s <= now_s
        final += [b for b in cut.boundaries if b.time_s <= cut.settled_s]
        since_s = cut.settled_s
    return final


@settings(max_examples=200, deadline=None)
@example(253358445, 1799, 1, 335, HASTY)
@example(344550842, 1956, 4, 104, HESITANT)
@example(51147561, 2324, 4, 350, HASTY)
@given(SEEDS, st.integers(0, 2500), N_CHAPTERS, st.integers(5, 400), RULES)
def test_a_video_that_grows_is_cut_like_a_whole_one(
    seed: int, n: int, n_chapters: int, batch_s: int, rules: SegmentationSettings
) -> None:
    # What grows by little is cut very often, so it may be shorter: by five seconds, still some minutes.
    signals, until_s = anything(seed, min(n, N_A_BATCHED_SECOND * batch_s), n_chapters)
    assert streamed(signals, until_s, batch_s, rules) == segment(signals, until_s, rules).boundaries


@settings(max_examples=100, deadline=None)
@example(753513108, 2094, 1, HASTY)
@given(SEEDS, st.integers(0, 2500), N_CHAPTERS, RULES)
def test_events_tile_the_video_and_keep_to_their_lengths(
    seed: int, n: int, n_chapters: int, rules: SegmentationSettings
) -> None:
    signals, until_s = anything(seed, n, n_chapters)
    found = segment(signals, until_s, rules).boundaries
    edges_s = [0.0, *(b.time_s for b in found if b.height >= rules.event_at), until_s]
    lengths_s = [b - a for a, b in pairwise(edges_s)]
    assert max(lengths_s) <= rules.max_event_s
    assert len(lengths_s) == 1 or min(lengths_s) >= rules.min_event_s


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 900), N_CHAPTERS, RULES, st.integers(1, 100_000))
def test_boundaries_go_with_the_clock(
    seed: int, n: int, n_chapters: int, rules: SegmentationSettings, by_s: int
) -> None:
    signals, until_s = anything(seed, n, n_chapters)
    late = Signals(
        signals.times_s + by_s,
        signals.vectors,
        tuple(replace(mark, time_s=mark.time_s + by_s) for mark in signals.marks),
        tuple(Span(p.start_s + by_s, p.end_s + by_s) for p in signals.pauses),
        (signals.loudness[0] + by_s, signals.loudness[1]),
    )
    found = segment(late, until_s + by_s, rules, since_s=float(by_s)).boundaries
    unmoved = segment(signals, until_s, rules).boundaries
    assert found == [replace(b, time_s=b.time_s + by_s) for b in unmoved]


@pytest.mark.parametrize("seed", range(5))
def test_where_the_author_set_chapters_there_are_no_others(seed: int) -> None:
    signals, until_s = anything(seed, 2000, 3)
    origins = {b.origin for b in segment(signals, until_s, HASTY).boundaries if b.height >= HASTY.chapter_at}
    assert origins == {"chapter"}
    own = replace(signals, marks=tuple(mark for mark in signals.marks if mark.origin != "chapter"))
    assert any(b.height >= HASTY.chapter_at for b in segment(own, until_s, HASTY).boundaries)
