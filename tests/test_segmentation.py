"""A timeline is cut where it changes, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.index.segmentation import (
    Cut,
    Numbers,
    SegmentationSettings,
    contrast,
    merge,
    propose,
    refine,
    segment,
)
from vidagent.tools.clock import Span
from vidagent.tools.roles import Vectors

STEP_S = 0.5
USUAL = SegmentationSettings()
Timeline = tuple[Numbers, Vectors]
SCENE_LENGTHS = st.lists(st.integers(16, 60), min_size=2, max_size=6)
SEEDS = st.integers(0, 10_000)


def unit(vectors: npt.NDArray[np.float64]) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def scenes(lengths: list[int], seed: int = 0, noise: float = 0.02, dimension: int = 32) -> Timeline:
    """Unit vectors every half second: each scene keeps to a direction of its own."""
    chance = np.random.default_rng(seed)
    directions = np.linalg.qr(chance.normal(size=(dimension, dimension)))[0][: len(lengths)]
    vectors = np.repeat(directions, lengths, axis=0)
    times_s = np.arange(len(vectors)) * STEP_S
    return times_s, unit(vectors + noise * chance.normal(size=vectors.shape))


def wandering(seed: int, n: int) -> Timeline:
    """Unit vectors at uneven times that drift, stand still and jump."""
    chance = np.random.default_rng(seed)
    steps = chance.normal(size=(n, 8)) * chance.choice([0.0, 0.05, 1.0], size=(n, 1), p=[0.3, 0.6, 0.1])
    times_s = np.cumsum(chance.integers(1, 9, n)) / 4
    return times_s, unit(np.cumsum(steps, axis=0) + chance.normal(size=8))


def cut(timeline: Timeline, duration_s: float | None = None, pauses: list[Span] | None = None) -> list[Cut]:
    times_s, vectors = timeline
    return segment(times_s, vectors, duration_s or float(times_s[-1]) + STEP_S, USUAL, pauses or [])


def moments(cuts: list[Cut]) -> list[float]:
    return [c.time_s for c in cuts]


def modularity(vectors: Vectors, place: int) -> float:
    """Newman's modularity of two groups split at ``place``, from the matrix of likenesses itself."""
    likeness = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    degree = likeness.sum(axis=1)
    gain = likeness - np.outer(degree, degree) / degree.sum()
    return float((gain[:place, :place].sum() + gain[place:, place:].sum()) / degree.sum())


@pytest.mark.parametrize("seed", range(8))
def test_planted_cuts_are_found_within_one_sample(seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(20, 80, 7).tolist()
    planted = np.cumsum(lengths)[:-1] * STEP_S
    found = moments(cut(scenes(lengths, seed)))
    assert len(found) == len(planted)
    assert np.abs(np.array(found) - planted).max() <= STEP_S


@pytest.mark.parametrize("seed", range(4))
def test_the_height_of_a_cut_tells_how_unlike_its_sides_are(seed: int) -> None:
    times_s, vectors = scenes([40, 40, 40], seed, noise=0.0)
    near = unit(vectors[:40] + 0.5 * vectors[40:80])
    heights = [c.height for c in cut((times_s, np.vstack([vectors[:40], near, vectors[80:]])))]
    assert heights == pytest.approx([1 - 2 / np.sqrt(5), 1.0], abs=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_what_does_not_change_is_not_cut(noise: float) -> None:
    assert cut(scenes([200], noise=noise)) == []


def test_a_scene_that_comes_back_is_a_scene_of_its_own() -> None:
    _, vectors = scenes([40, 40], noise=0.0)
    assert moments(cut((np.arange(120) * STEP_S, np.vstack([vectors, vectors[:40]])))) == [20.0, 40.0]


def test_a_flash_is_no_event() -> None:
    _, vectors = scenes([60, 1], noise=0.0)
    flashing = np.vstack([vectors, vectors[:60]])
    assert cut((np.arange(len(flashing)) * STEP_S, flashing)) == []


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(0, 400), st.floats(0.1, 50))
def test_events_lie_inside_the_video_and_keep_to_their_lengths(seed: int, n: int, rest_s: float) -> None:
    times_s, vectors = wandering(seed, n)
    duration_s = float(times_s[-1]) + rest_s if n else rest_s
    found = moments(segment(times_s, vectors, duration_s, USUAL, []))
    lengths_s = [b - a for a, b in pairwise([0.0, *found, duration_s])]
    assert all(length_s > 0 for length_s in lengths_s)
    assert max(lengths_s) <= USUAL.max_event_s
    assert not found or min(lengths_s) >= USUAL.min_event_s - 1e-9


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 200), st.integers(1, 500))
def test_proposals_and_merging_do_not_depend_on_when_the_clock_starts(
    seed: int, n: int, shift_s: int
) -> None:
    times_s, vectors = wandering(seed, n)
    places = propose(times_s, vectors, USUAL)
    assert propose(times_s + shift_s, vectors, USUAL) == places
    unmoved = merge(times_s, vectors, places, USUAL)
    moved = merge(times_s + shift_s, vectors, places, USUAL)
    assert moved == [Cut(c.time_s + shift_s, c.height) for c in unmoved]


@settings(max_examples=30, deadline=None)
@given(SCENE_LENGTHS.filter(lambda lengths: sum(lengths) <= 160), SEEDS, st.integers(1, 40))
def test_a_video_that_starts_late_is_cut_the_same(lengths: list[int], seed: int, shift_s: int) -> None:
    times_s, vectors = scenes(lengths, seed)
    late = cut((times_s + shift_s, vectors))
    assert late == [Cut(c.time_s + shift_s, c.height) for c in cut((times_s, vectors))]


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(0, 300), st.sampled_from([2.0**-6, 0.5, 4.0, 2.0**10]))
def test_the_length_of_the_vectors_does_not_matter(seed: int, n: int, factor: float) -> None:
    times_s, vectors = wandering(seed, n)
    scaled = segment(times_s, np.asarray(vectors * factor, np.float32), 1e4, USUAL, [])
    assert scaled == segment(times_s, vectors, 1e4, USUAL, [])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 300), st.integers(1, 64))
def test_vectors_from_any_batches_are_cut_the_same(seed: int, n: int, batch: int) -> None:
    times_s, vectors = wandering(seed, n)
    whole = cut((times_s, vectors))
    batches = [vectors[i : i + batch].copy() for i in range(0, n, batch)]
    assert cut((times_s, np.concatenate(batches))) == whole
    assert cut((times_s, np.asfortranarray(vectors))) == whole
    assert cut((times_s, np.repeat(vectors, 2, axis=0)[::2])) == whole


@settings(max_examples=80, deadline=None)
@given(SEEDS, st.integers(4, 60), st.data())
def test_refining_finds_the_highest_modularity(seed: int, n: int, data: st.DataObject) -> None:
    _, vectors = wandering(seed, n)
    start = data.draw(st.integers(0, n - 3))
    end = data.draw(st.integers(start + 3, n))
    place = data.draw(st.integers(start + 1, end - 1))
    found = refine(vectors, place, (start, end))
    quality = [modularity(vectors[start:end], split) for split in range(1, end - start)]
    assert start < found < end
    assert quality[found - start - 1] >= quality[place - start - 1] - 1e-9
    assert quality[found - start - 1] == pytest.approx(max(quality), abs=1e-9)


def test_refining_keeps_a_place_that_is_as_good_as_any() -> None:
    vectors = np.tile(np.eye(8, dtype=np.float32)[0], (20, 1))
    assert [refine(vectors, place, (0, 20)) for place in (1, 7, 19)] == [1, 7, 19]


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(20, 200))
def test_after_merging_neighbours_are_unlike_or_kept_apart_by_a_barrier(seed: int, n: int) -> None:
    times_s, vectors = wandering(seed, n)
    places = list(range(4, n - 4, 5))
    barriers = set(times_s[contrast(times_s, vectors, USUAL.window_s) >= USUAL.barrier_at])
    kept = merge(times_s, vectors, places, USUAL)
    assert {times_s[p] for p in places} & barriers <= set(moments(kept)) <= {times_s[p] for p in places}
    assert all(c.height >= USUAL.merge_below or c.time_s in barriers for c in kept)
    edges = [0, *np.searchsorted(times_s, moments(kept)), n]
    for before, at, after, event in zip(edges, edges[1:], edges[2:], kept, strict=False):
        left, right = vectors[before:at].sum(axis=0), vectors[at:after].sum(axis=0)
        likeness = left @ right / (np.linalg.norm(left) * np.linalg.norm(right))
        assert event.height == pytest.approx(1 - likeness, abs=1e-4)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 80))
def test_contrast_compares_the_seconds_before_with_the_seconds_after(seed: int, n: int) -> None:
    times_s, vectors = wandering(seed, n)
    for time_s, score in zip(times_s, contrast(times_s, vectors, 8.0), strict=True):
        before = vectors[(times_s >= time_s - 8) & (times_s < time_s)].sum(axis=0)
        after = vectors[(times_s >= time_s) & (times_s < time_s + 8)].sum(axis=0)
        scale = np.linalg.norm(before) * np.linalg.norm(after)
        assert score == pytest.approx(1 - before @ after / scale if scale else 0.0, abs=1e-4)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_handful_of_pictures_is_one_event(n: int) -> None:
    times_s, vectors = scenes([4])
    assert segment(times_s[:n], vectors[:n], 4.0, USUAL, []) == []


def test_pictures_without_any_likeness_do_no_harm() -> None:
    times_s = np.arange(100) * STEP_S
    assert cut((times_s, np.zeros((100, 8), np.float32))) == []


def test_a_long_event_is_divided_at_its_longest_pause() -> None:
    pauses = [Span(5, 25), Span(60, 62), Span(88, 93), Span(110, 111), Span(170, 199)]
    assert moments(cut(scenes([400]), 200.0, pauses)) == [90.5]


def test_a_long_event_without_a_pause_is_divided_in_the_middle() -> None:
    assert moments(cut(scenes([1200]), 600.0)) == [75.0 * i for i in range(1, 8)]


def test_a_long_silent_film_without_pictures_is_divided_too() -> None:
    found = segment(np.zeros(0), np.zeros((0, 1), np.float32), 1000.0, USUAL, [Span(400, 600)])
    assert max(b - a for a, b in pairwise([0.0, *moments(found), 1000.0])) <= USUAL.max_event_s


def test_of_two_cuts_that_stand_too_close_the_stronger_one_stays() -> None:
    times_s, vectors = scenes([60, 6, 60], noise=0.0)
    weak = unit(vectors[:60] + 0.3 * vectors[60:61])[:6]
    found = cut((times_s, np.vstack([vectors[:60], weak, vectors[66:]])))
    assert moments(found) == [33.0]
