"""A timeline is cut where it changes, by rules that hold for all of it at once and as it grows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import f1, stream, unit

from vidagent.index.segmentation import (
    Boundary,
    Mark,
    SegmentationSettings,
    Signals,
    Surprise,
    lexical_samples,
    segment,
    settings_for,
    speech_marks,
    with_lengths,
    with_surprise,
)
from vidagent.index.segmentation.merging import merge_heights
from vidagent.index.segmentation.refinement import Metric, quality, refine
from vidagent.index.segmentation.settings import Refinement
from vidagent.index.segmentation.signals import Numbers
from vidagent.index.segmentation.surprise import contrast, mean_before, previous, vector_sums
from vidagent.tools.clock import Span
from vidagent.tools.errors import RequestError

Levels = npt.NDArray[np.float32]
USUAL = SegmentationSettings()
# Barriers are forced, and events divided, early enough for a short timeline to meet both.
SHORT = replace(USUAL, forced_s=150.0, max_event_s=40.0, memory_s=60.0, long_window_s=12.0)
SEEDS = st.integers(0, 10_000)
SURPRISES = st.sampled_from(["previous", "mean", "contrast"])
REFINEMENTS = st.sampled_from(["none", "modularity", "conductance"])


def scenes(seed: int, n: int = 400, step_s: float = 1.0, n_marks: int = 3) -> Signals:
    """A timeline with scenes, marks, pauses and loudness, all of them random."""
    rng = np.random.default_rng(seed)
    times_s, vectors, _ = stream(seed, n, 16, noise=0.6)
    starts_s = np.sort(rng.uniform(0, n * step_s, 12))
    pauses = tuple(Span(float(a), float(min(a + 4, b))) for a, b in pairwise(starts_s) if b > a)
    marks = sorted(
        (Mark(float(s), str(o), float(x)) for s, o, x in zip(
            rng.uniform(0, n * step_s, n_marks), rng.choice(["text", "speech"], n_marks), rng.random(n_marks),
            strict=True,
        )),
        key=lambda mark: mark.time_s,
    )  # fmt: skip
    hops_s = np.arange(0, n * step_s, 0.1)
    levels = rng.integers(-80, -10, len(hops_s)).astype(np.float32)
    return Signals(times_s * step_s, vectors, tuple(marks), pauses, (hops_s, levels))


def part(signals: Signals, from_s: float, until_s: float) -> Signals:
    """What is at hand of a timeline between two seconds."""
    first, last = np.searchsorted(signals.times_s, [from_s, until_s])
    low, high = np.searchsorted(signals.loudness[0], [from_s, until_s])
    pauses = tuple(
        Span(max(p.start_s, from_s), min(p.end_s, until_s))
        for p in signals.pauses
        if p.start_s < until_s and p.end_s > from_s
    )
    return Signals(
        signals.times_s[first:last], signals.vectors[first:last],
        tuple(mark for mark in signals.marks if from_s <= mark.time_s < until_s), pauses,
        (signals.loudness[0][low:high], signals.loudness[1][low:high]),
    )  # fmt: skip


def streamed(
    signals: Signals, end_s: float, stops_s: list[float], rules: SegmentationSettings
) -> list[Boundary]:
    """The boundaries that are final at the end, of a timeline that grew to each of the stops in turn."""
    final: list[Boundary] = []
    since_s = 0.0
    for until_s in [*sorted(stops_s), end_s]:
        is_over = until_s == end_s
        known = part(signals, max(0.0, since_s - rules.lookback_s), until_s)
        found = segment(known, until_s, rules, since_s=since_s, is_over=is_over)
        final += [b for b in found.boundaries if b.time_s <= found.settled_s]
        since_s = found.settled_s
    return final


def events_of(boundaries: list[Boundary], end_s: float, rules: SegmentationSettings) -> list[Span]:
    edges_s = [0.0, *(b.time_s for b in boundaries if b.height >= rules.event_at), end_s]
    return [Span(a, b) for a, b in pairwise(edges_s)]


@settings(max_examples=100, deadline=None)
@given(SEEDS, st.lists(st.floats(5.0, 399.0), max_size=8), SURPRISES, REFINEMENTS)
def test_as_it_grows_it_is_cut_as_all_at_once(
    seed: int, stops_s: list[float], surprise: Surprise, refinement: Refinement
) -> None:
    signals, rules = scenes(seed), replace(SHORT, surprise=surprise, refinement=refinement)
    assert streamed(signals, 400.0, stops_s, rules) == segment(signals, 400.0, rules).boundaries


@pytest.mark.parametrize("seed", range(3))
def test_minute_by_minute_most_is_settled_before_the_end(seed: int) -> None:
    times_s, vectors, _ = stream(seed, 1200, 32)
    signals = Signals(times_s, vectors)
    settled_s = segment(signals, 1200.0, USUAL, is_over=False).settled_s
    assert settled_s > 900.0
    assert (
        streamed(signals, 1200.0, [60.0 * i for i in range(1, 20)], USUAL)
        == segment(signals, 1200.0, USUAL).boundaries
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_events_tile_the_timeline_and_are_neither_short_nor_long(seed: int) -> None:
    found = segment(scenes(seed), 400.0, SHORT).boundaries
    assert [b.time_s for b in found] == sorted({b.time_s for b in found})
    events = events_of(found, 400.0, SHORT)
    assert all(event.duration_s <= SHORT.max_event_s for event in events)
    # Moving a soft cut to a quiet place may cost it a second at each side.
    assert all(event.duration_s >= SHORT.min_event_s - 2.0 for event in events)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 5000))
def test_a_later_clock_moves_all_boundaries_with_it(seed: int, shift_s: int) -> None:
    signals = Signals(*stream(seed, 400, 16, noise=0.6)[:2])
    later = replace(signals, times_s=signals.times_s + shift_s)
    moved = segment(later, 400.0 + shift_s, SHORT, since_s=float(shift_s)).boundaries
    usual = segment(signals, 400.0, SHORT).boundaries
    assert [b.time_s - shift_s for b in moved] == [b.time_s for b in usual]
    assert [b.height for b in moved] == pytest.approx([b.height for b in usual])


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_brighter_vectors_are_cut_alike(seed: int) -> None:
    signals = Signals(*stream(seed, 400, 16, noise=0.6)[:2])
    # A power of two changes no digit; cosines do not see it, and proposals are made of unit vectors.
    double = np.asarray(signals.vectors * 2, np.float32)
    assert int(np.argmax(quality(signals.vectors[:50]))) == int(np.argmax(quality(double[:50])))
    assert merge_heights([s.astype(np.float64) for s in signals.vectors[:20]]) == pytest.approx(
        merge_heights([s.astype(np.float64) for s in double[:20]])
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(2, 40))
def test_the_cuts_of_a_coarser_level_are_among_those_of_a_finer_one(seed: int, n: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, 6))
    heights = merge_heights(list(rows))
    assert len(heights) == n - 1
    limits = [0.0, *sorted(heights)]
    left = [surviving(rows, limit) for limit in limits]
    assert all(fewer < more for more, fewer in pairwise(left) if more != fewer)
    assert left == [{i for i, height in enumerate(heights) if height > limit} for limit in limits]


def surviving(rows: Numbers, limit: float) -> set[int]:
    """The cuts that are left when neighbours are joined one by one while they differ by no more."""
    edges = list(range(len(rows) + 1))
    while len(edges) > 2:
        sums = [rows[a:b].sum(axis=0) for a, b in pairwise(edges)]
        unlike = [1 - float(x @ y) / float(np.linalg.norm(x) * np.linalg.norm(y)) for x, y in pairwise(sums)]
        if min(unlike) > limit + 1e-12:
            break
        del edges[1 + int(np.argmin(unlike))]
    return {edge - 1 for edge in edges[1:-1]}


def test_neighbours_that_look_alike_are_joined_first() -> None:
    pieces = [np.array(row, float) for row in ([1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 1, 0.1])]
    heights = merge_heights(pieces)
    assert heights[1] == max(heights) > 0.8
    assert max(heights[0], heights[2]) < 0.01


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 60), st.data())
def test_a_refined_cut_is_no_worse_than_the_proposal(seed: int, n: int, data: st.DataObject) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(n, 5)) + 0.5)
    place = data.draw(st.integers(1, n - 1))
    for metric in ("modularity", "conductance"):
        found = quality(vectors, metric)
        best = refine(vectors, place, 0, n, metric)
        assert found[best - 1] >= found[place - 1] - 1e-12


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.integers(3, 40))
def test_prefix_sums_give_what_the_matrix_gives(seed: int, n: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, 6)) + 0.4
    matrix = rows @ rows.T
    total, degree = matrix.sum(), matrix.sum(axis=1)
    for cut, ours, conductance in zip(range(1, n), quality(rows), -quality(rows, "conductance"), strict=True):
        side = np.arange(n) < cut
        expected = matrix - np.outer(degree, degree) / total
        same = side[:, None] == side[None, :]
        assert ours == pytest.approx((expected * same).sum() / (2 * total), abs=1e-9)
        across = matrix[side][:, ~side].sum()
        inner = [matrix[s][:, s].sum() for s in (side, ~side)]
        ratios = [across / min(i, total - i) for i in inner if min(i, total - i)]
        assert conductance == pytest.approx(min(ratios), abs=1e-9)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_vectors_are_left_as_they_are(kind: type[np.float32] | type[np.float64]) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 6)).astype(kind)
    before = rows.copy()
    quality(rows)
    assert np.array_equal(rows, before)


@pytest.mark.parametrize("seed", range(3))
def test_known_cuts_are_found(seed: int) -> None:
    times_s, vectors, true_s = stream(seed)
    found = segment(Signals(times_s, vectors), 3600.0, USUAL).boundaries
    events_s = [b.time_s for b in found if b.height >= USUAL.event_at and b.origin != "length"]
    assert f1(events_s, true_s, 3.0) >= 0.98
    uniform = list(np.linspace(0, 3600, len(true_s) + 2)[1:-1])
    assert f1(uniform, true_s, 3.0) < 0.4


@pytest.mark.parametrize("surprise", ["previous", "mean", "contrast"])
def test_known_cuts_are_found_by_each_surprise(surprise: Surprise) -> None:
    # Nothing is divided for its length, which is no place that a surprise has found.
    rules = with_surprise(replace(USUAL, max_event_s=3600.0), surprise)
    shares = []
    for seed in range(4):
        times_s, vectors, true_s = stream(seed)
        found = segment(Signals(times_s, vectors), 3600.0, rules).boundaries
        shares.append(f1([b.time_s for b in found if b.height >= rules.event_at], true_s, 3.0))
    assert np.mean(shares) >= 0.98


def fading() -> Signals:
    """A picture that turns into another from 26 to 34 s, two samples a second."""
    rows = np.zeros((120, 2))
    share = np.clip((np.arange(120) - 52) / 16, 0, 1)
    rows[:, 0], rows[:, 1] = 1 - share, share
    return Signals(np.arange(120) * 0.5, unit(rows))


def test_a_surprise_that_knows_only_what_was_before_is_moved_to_the_middle_of_a_fade() -> None:
    rules = with_surprise(USUAL, "mean")
    late = segment(fading(), 60.0, replace(rules, refinement="none")).boundaries
    assert late[0].time_s >= 32.0
    (cut,) = segment(fading(), 60.0, rules).boundaries
    assert cut.time_s == pytest.approx(30.0, abs=1.0)


@pytest.mark.parametrize("surprise", ["previous", "mean", "contrast"])
@pytest.mark.parametrize("metric", ["modularity", "conductance"])
def test_a_hard_cut_is_not_moved(surprise: Surprise, metric: Metric) -> None:
    rules = replace(USUAL, surprise=surprise, refinement=metric)
    (cut,) = segment(two_colours(), 60.0, rules).boundaries
    assert cut.time_s == 30.0


def test_a_cut_is_refined_among_the_places_that_are_allowed() -> None:
    vectors = two_colours(40, 20).vectors
    assert refine(vectors, 30, 0, 40) == 20
    assert refine(vectors, 30, 0, 40, within=(25, 35)) == 25
    assert refine(vectors, 15, 0, 40, within=(10, 20)) == 20
    assert refine(vectors, 30, 0, 40, within=(35, 30)) == 30


def two_colours(n: int = 120, at: int = 60, step_s: float = 0.5) -> Signals:
    rows = np.zeros((n, 4))
    rows[:at, 0] = rows[at:, 1] = 1.0
    return Signals(np.arange(n) * step_s, unit(rows))


def test_a_hard_cut_is_where_it_is() -> None:
    loud = (np.arange(0, 60, 0.1), np.full(600, -20, np.float32))
    loud[1][310:320] = -90.0
    (cut,) = segment(replace(two_colours(), loudness=loud), 60.0, USUAL).boundaries
    assert cut.time_s == 30.0
    assert cut.height >= USUAL.chapter_at


def heard(quiet_s: dict[float, float]) -> tuple[Numbers, Levels]:
    """A minute at -20 dB, ten values a second, but for some seconds with a loudness of their own."""
    levels_db = np.full(600, -20, np.float32)
    for time_s, level_db in quiet_s.items():
        levels_db[round(time_s * 10)] = level_db
    return np.arange(600) / 10, levels_db


def cut_s(signals: Signals) -> float:
    (cut,) = segment(signals, 60.0, USUAL).boundaries
    return cut.time_s


def test_a_fade_is_cut_where_it_is_quietest() -> None:
    assert cut_s(replace(fading(), loudness=heard({30.5: -90.0}))) == pytest.approx(30.5)


def test_a_fade_is_cut_in_a_pause_rather_than_where_it_is_quietest() -> None:
    signals = replace(fading(), loudness=heard({30.5: -90.0, 29.3: -40.0, 29.1: -60.0}))
    assert cut_s(replace(signals, pauses=(Span(20.0, 21.0), Span(29.2, 29.6)))) == pytest.approx(29.3)
    # A pause that is not near is none.
    assert cut_s(replace(signals, pauses=(Span(25.0, 28.9), Span(31.1, 40.0)))) == pytest.approx(30.5)


@pytest.mark.parametrize(
    ("pause", "expected_s"),
    [
        (Span(28.0, 29.25), 29.25),
        (Span(30.75, 33.0), 30.75),
        (Span(29.5, 33.0), 30.0),
        (Span(40.0, 41.0), 30.0),
    ],
)
def test_without_loudness_a_fade_is_cut_at_the_nearest_point_of_a_pause(
    pause: Span, expected_s: float
) -> None:
    assert cut_s(fading()) == 30.0
    assert cut_s(replace(fading(), pauses=(pause,))) == expected_s


def test_a_hard_cut_is_not_moved_into_a_pause() -> None:
    assert cut_s(replace(two_colours(), pauses=(Span(30.3, 33.0),))) == 30.0


def test_new_words_on_a_still_picture_begin_an_event() -> None:
    still = Signals(np.arange(120) * 0.5, unit(np.ones((120, 4))), (Mark(25.0, "text", 0.9),))
    (cut,) = segment(still, 60.0, USUAL).boundaries
    assert (cut.time_s, cut.origin) == (25.0, "text")
    assert cut.height >= USUAL.event_at


def test_a_ticker_does_not() -> None:
    marks = tuple(Mark(10.0 + 4 * i, "text", 0.9) for i in range(20))
    still = Signals(np.arange(240) * 0.5, unit(np.ones((240, 4))), marks)
    assert len(segment(still, 120.0, USUAL).boundaries) <= 2 * USUAL.n_news_max


def test_an_author_s_chapters_outrank_our_own() -> None:
    signals = replace(two_colours(), marks=(Mark(12.0, "chapter"),))
    heights = {b.time_s: b.height for b in segment(signals, 60.0, USUAL).boundaries}
    assert heights[12.0] >= USUAL.chapter_at > heights[30.0] >= USUAL.event_at


def test_what_is_too_long_is_divided_in_a_pause() -> None:
    still = Signals(
        np.arange(400) * 0.5, unit(np.ones((400, 4))), pauses=(Span(80.0, 84.0), Span(100.0, 101.0))
    )
    (cut,) = segment(still, 200.0, USUAL).boundaries
    assert (cut.time_s, cut.origin) == (82.0, "length")


@settings(max_examples=40, deadline=None)
@given(
    SEEDS, st.sampled_from([(2.0, 4.0), (30.0, 60.0), (20.0, None), (None, 8.0), (90.0, None), (None, 600.0)])
)
def test_events_keep_to_lengths_that_are_asked_for(
    seed: int, asked_s: tuple[float | None, float | None]
) -> None:
    rules = with_lengths(SHORT, *asked_s)
    assert all(
        asked in (None, own)
        for asked, own in zip(asked_s, (rules.min_event_s, rules.max_event_s), strict=True)
    )
    events = events_of(segment(scenes(seed), 400.0, rules).boundaries, 400.0, rules)
    assert all(rules.min_event_s <= event.duration_s <= rules.max_event_s for event in events)


@pytest.mark.parametrize(
    "asked_s",
    [(0.0, None), (-5.0, None), (None, 0.5), (10.0, 19.0), (float("nan"), None), (None, float("inf"))],
)
def test_lengths_that_no_event_can_have_are_refused(asked_s: tuple[float | None, float | None]) -> None:
    with pytest.raises(RequestError):
        with_lengths(USUAL, *asked_s)


def test_lengths_that_are_usual_change_nothing() -> None:
    for rules in (USUAL, settings_for("speech"), settings_for("appearance-1")):
        assert with_lengths(rules) == rules
        assert with_lengths(rules, rules.min_event_s, rules.max_event_s) == rules


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_picture_is_no_reason_to_fail(n: int) -> None:
    signals = Signals(np.arange(n, dtype=float), unit(np.ones((n, 3))) if n else np.zeros((0, 3), np.float32))
    assert segment(signals, 4.0, USUAL).boundaries == []
    assert len(segment(signals, 1000.0, USUAL).boundaries) >= 8


def test_surprise_is_one_minus_the_likeness_to_what_was_before() -> None:
    signals = two_colours(20, 10)
    assert previous(signals.times_s, signals.vectors).tolist() == pytest.approx(
        [0.0] * 10 + [1.0] + [0.0] * 9
    )
    sums = vector_sums(signals.vectors)
    assert mean_before(signals.times_s, sums, 2.0)[[5, 10]].tolist() == pytest.approx([0.0, 1.0])
    assert contrast(signals.times_s, sums, 2.0)[[5, 10]].tolist() == pytest.approx([0.0, 1.0])
    assert int(np.argmax(contrast(signals.times_s, sums, 2.0))) == 10


def test_a_new_topic_is_a_change_like_any_other() -> None:
    boats = "The ferry sails across harbour water while sailors watch the waves and anchors."
    money = "Bankers discuss interest rates, inflation, mortgages and government bonds today."
    said = [(Span(6.0 * i, 6.0 * i + 5), boats if i < 60 else money) for i in range(120)]
    times_s, vectors = lexical_samples(said)
    rules = settings_for("speech")
    found = segment(Signals(times_s, vectors), 720.0, rules).boundaries
    best = max(found, key=lambda b: b.height)
    assert best.time_s == pytest.approx(360.0, abs=6.0)
    assert best.height >= rules.event_at


def test_who_speaks_after_a_long_pause_begins_something() -> None:
    said = [(Span(0.0, 5.0), "one"), (Span(6.0, 9.0), "two"), (Span(200.0, 204.0), "three")]
    assert speech_marks(said) == (Mark(200.0, "speech"),)


def test_settings_come_back_as_they_were_stored() -> None:
    for rules in (
        USUAL,
        SHORT,
        settings_for("appearance-1"),
        settings_for("speech"),
        with_surprise(USUAL, "mean"),
    ):
        assert SegmentationSettings.from_json(rules.to_json()) == rules
    assert SegmentationSettings.from_json("{}") == USUAL


def test_what_was_stored_before_there_was_a_choice_means_contrast_that_is_not_moved() -> None:
    old = SegmentationSettings.from_json('{"event_at": 0.2, "of_another_version": 1}')
    assert old == replace(USUAL, event_at=0.2, surprise="contrast", refinement="none")


def cutaways(places: list[int]) -> Signals:
    """Two steady pictures in turn, little unlike each other, two a second, changed at each of the places."""
    turns = np.searchsorted(places, np.arange(240), side="right") % 2
    rows = np.array([[1.0, 0.0], [np.cos(0.4), np.sin(0.4)]])[turns]
    return Signals(np.arange(240) / 2, np.asarray(rows, np.float32))


def test_a_lone_cut_begins_a_chapter_and_one_among_others_does_not() -> None:
    rules = settings_for("appearance-1")
    lone = segment(cutaways([120]), 120.0, rules).boundaries
    assert [(b.time_s, b.height >= rules.chapter_at) for b in lone] == [(60.0, True)]
    among = segment(cutaways([114, 120, 125, 131]), 120.0, rules).boundaries
    assert among
    assert all(b.height < rules.chapter_at for b in among)


def test_without_enough_samples_around_no_cut_is_lone() -> None:
    rules = settings_for("appearance-1")
    pictures = cutaways([120])
    sparse = Signals(pictures.times_s[::8], pictures.vectors[::8])
    assert all(b.height < rules.chapter_at for b in segment(sparse, 120.0, rules).boundaries)


def test_where_nothing_happens_barriers_are_forced_and_settled() -> None:
    rules = replace(USUAL, forced_s=150.0)
    still = Signals(np.arange(1000.0), np.ones((1000, 1), np.float32))
    cut = segment(still, 1000.0, rules, is_over=False)
    assert cut.settled_s >= 1000.0 - 150.0 - rules.forced_s
    assert cut.settled_s in [b.time_s for b in cut.boundaries]


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(0.7, 0.97))
# Marks whose next picture comes late.
@example(101, 0.8)
@example(57, 0.9)
def test_a_timeline_with_holes_is_cut_alike_as_it_grows(seed: int, lost_share: float) -> None:
    signals = scenes(seed, n_marks=12)
    kept = np.random.default_rng(seed).random(400) >= lost_share
    holey = replace(signals, times_s=signals.times_s[kept], vectors=signals.vectors[kept])
    often_s = [5.0 * i for i in range(1, 80)]
    assert streamed(holey, 400.0, often_s, SHORT) == segment(holey, 400.0, SHORT).boundaries


def test_a_cutaway_to_another_camera_begins_no_chapter() -> None:
    rows = np.zeros((180, 2))
    rows[:, 0] = 1.0
    rows[90:95] = [0.0, 1.0]
    found = segment(Signals(np.arange(180.0), unit(rows)), 180.0, USUAL).boundaries
    assert {90.0, 95.0} <= {b.time_s for b in found if b.height >= USUAL.event_at}
    assert all(b.height < USUAL.chapter_at for b in found)
