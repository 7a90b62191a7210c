"""A spotlight looks into the best window first, stays within its budget, and leaves no part out of sight."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from math import ceil, inf, log, nan
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidagent.agent.methods.guide import Price
from vidagent.agent.methods.intervals import is_same, parts_of, windows_within
from vidagent.agent.methods.spending import Budget, Ending, Purse
from vidagent.agent.methods.spotlight import LIMITS, Rules, Spotlight, Window, spotlight
from vidagent.agent.methods.spotlight_frames import frames_for, shared_out
from vidagent.tools.clock import Span, merge_spans
from vidagent.tools.errors import ModelError

HOURS_4 = Span(0.0, 14400.0)
UNLIMITED = Budget()


@dataclass
class Told:
    """A guide that says what two functions say, and keeps account of what it was asked."""

    confidence: Callable[[Span], float]
    windows: Callable[[Span], Iterable[Span]] = lambda span: ()
    n_frames: int = 64
    asked: list[int] = field(default_factory=list)

    def price_of_proposing(self) -> Price:
        return Price(1, self.n_frames, 100)

    def price_of_reflecting(self, n_spans: int) -> Price:
        return Price(n_spans, n_spans * self.n_frames)

    def proposes(self, span: Span) -> Iterable[Span]:
        self.asked.append(1)
        return self.windows(span)

    def reflects(self, spans: Sequence[Span]) -> list[float]:
        self.asked.append(len(spans))
        return [self.confidence(span) for span in spans]


class Free(Told):
    """The same for nothing, so that no budget ends it."""

    def price_of_proposing(self) -> Price:
        return Price()

    def price_of_reflecting(self, n_spans: int) -> Price:
        return Price()


def chance(span: Span, salt: int) -> np.random.Generator:
    """Chances that are the same for the same span."""
    return np.random.default_rng(crc32(f"{span}{span.start_s}{span.end_s}{salt}".encode()))


def hostile(salt: int) -> Told:
    """Proposes anything anywhere, without end, and is sure as nobody can be."""

    def windows(span: Span) -> Iterator[Span]:
        draw = chance(span, salt)
        for n in count() if salt % 2 else range(salt % 7):
            kind = int(draw.integers(4))
            start_s = float(draw.uniform(-2, 2) * span.duration_s + span.start_s)
            yield (span, Span(-1e9, 1e9), Span(start_s, start_s), Span(start_s, start_s + n + 1))[kind]

    def confidence(span: Span) -> float:
        draw = chance(span, salt + 1)
        odd = (nan, inf, -inf, -1.0, 7.0)[int(draw.integers(5))]
        return odd if draw.random() < 0.2 else float(draw.random() * 0.79)

    return Told(confidence, windows)


def covered(found: Spotlight) -> list[Span]:
    """What was accepted, or is the same find again, with what is told to be left."""
    taken = [step.window.span for step in found.steps if step.act != "expanded"]
    return merge_spans([*taken, *found.left])


def key(window: Window, seq: int, decay: float = 1.0) -> tuple[float, int, float, int]:
    return (-window.confidence * decay**window.depth, window.depth, window.span.start_s, seq)


spans = st.builds(lambda a, length: Span(a, a + length), st.floats(-1e5, 1e5), st.floats(0, 1e5))


@given(spans, st.integers(1, 7))
def test_parts_meet_and_together_are_the_whole(span: Span, n_parts: int) -> None:
    parts = parts_of(span, n_parts)
    assert len(parts) == n_parts
    assert (parts[0].start_s, parts[-1].end_s) == (span.start_s, span.end_s)
    assert all(a.end_s == b.start_s for a, b in pairwise(parts))


@given(st.floats(0, 1e5), st.floats(1, 1e5), st.lists(spans, max_size=12))
def test_windows_lie_inside_their_node_and_no_two_are_the_same(
    start_s: float, length_s: float, proposed: list[Span]
) -> None:
    node = Span(start_s, start_s + length_s)
    windows = windows_within(node, proposed)
    assert len(windows) <= 5
    least_s = min(node.duration_s, max(4.0, node.duration_s / 64))
    for window in windows:
        assert node.start_s <= window.start_s and window.end_s <= node.end_s
        assert least_s - 1e-6 <= window.duration_s <= 0.9 * node.duration_s
    assert not any(is_same(a, b) for n, a in enumerate(windows) for b in windows[:n])


@pytest.mark.parametrize(
    ("proposed", "windows"),
    [
        ([(10, 30)], [(110, 130)]),
        ([(-50, 30)], [(100, 130)]),
        ([(20, 21)], [(118.5, 122.5)]),
        ([(0, 0)], [(100, 104)]),
        ([(199.5, 250)], [(296, 300)]),
        ([(-9, -1)], []),
        ([(200, 300)], []),
        ([(0, 200)], []),
        ([(-1000, 1000)], []),
        ([(50, 60), (0, 9), (51, 61)], [(150, 161), (100, 109)]),
        ([(0, 10), (5, 15)], [(100, 110), (105, 115)]),
        ([(0, 10), (9, 19), (2, 12)], [(100, 112), (109, 119)]),
        ([(0, 10), (6, 16), (1, 15)], [(100, 116)]),
        ([(20 * n, 20 * n + 5) for n in range(8)], [(100 + 20 * n, 105 + 20 * n) for n in range(5)]),
    ],
)
def test_windows_are_read_leniently(
    proposed: list[tuple[float, float]], windows: list[tuple[float, float]]
) -> None:
    node = Span(100.0, 300.0)
    read = windows_within(node, [Span(100 + a, 100 + b) for a, b in proposed])
    assert [(w.start_s, w.end_s) for w in read] == windows


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.floats(0, 1e5),
    st.integers(0, 40),
    st.integers(0, 3000),
    st.integers(0, 1500),
)
def test_whatever_a_guide_says_no_budget_is_exceeded(
    salt: int, length_s: float, calls: int, frames: int, tokens: int
) -> None:
    guide, purse = hostile(salt), Purse(Budget(calls=calls, frames=frames, tokens=tokens))
    spotlight(Span(5.0, 5.0 + length_s), guide, purse)
    assert purse.calls == sum(guide.asked) <= calls
    assert purse.frames == sum(guide.asked) * 64 <= frames
    assert purse.tokens <= tokens


def test_without_a_purse_the_usual_limits_hold() -> None:
    guide = Told(lambda span: 0.5)
    assert spotlight(HOURS_4, guide).ending == Ending.SPENT
    assert 10 <= sum(guide.asked) <= LIMITS.calls
    assert sum(guide.asked) * 64 <= LIMITS.frames


def test_no_more_is_asked_when_the_time_is_over() -> None:
    ticks = iter(range(100))
    purse = Purse(Budget(seconds=9), clock=lambda: float(next(ticks)))
    guide = Told(lambda span: 0.5)
    found = spotlight(HOURS_4, guide, purse)
    assert found.ending == Ending.SPENT
    assert 0 < len(guide.asked) < 9


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.1, 1e5))
def test_windows_are_nested_in_their_parents(salt: int, length_s: float) -> None:
    whole = Span(0.0, length_s)
    depths = {whole: 0}
    for step in spotlight(whole, hostile(salt), Purse(Budget(calls=300))).steps:
        node = step.window.span
        assert step.window.depth == depths[node]
        for child in step.children:
            assert node.start_s <= child.span.start_s and child.span.end_s <= node.end_s
            depths[child.span] = child.depth
            assert child.depth == step.window.depth + 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(65, 1e5), st.sampled_from([1.0, 0.7]))
def test_each_step_takes_the_best_of_what_is_left(salt: int, length_s: float, decay: float) -> None:
    found = spotlight(Span(0.0, length_s), hostile(salt), Purse(Budget(calls=300)), Rules(decay=decay))
    seq = count(1)
    waiting = {Span(0.0, length_s): key(Window(Span(0.0, length_s), 0.0, 0), 0)}
    for step in found.steps:
        assert step.window.span == min(waiting, key=waiting.__getitem__)
        del waiting[step.window.span]
        waiting |= {child.span: key(child, next(seq), decay) for child in step.children}
    assert set(waiting) <= set(found.left)


def test_a_decay_prefers_the_wider_of_windows_that_are_as_sure() -> None:
    def deepest(decay: float) -> int:
        guide = Told(lambda span: 0.5 if span.start_s else 0.52)
        purse = Purse(Budget(calls=60))
        return max(step.window.depth for step in spotlight(HOURS_4, guide, purse, Rules(decay=decay)).steps)

    assert deepest(1.0) > deepest(0.5)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.1, 1e5))
def test_the_same_guide_gives_the_same_bytes(salt: int, length_s: float) -> None:
    def run() -> tuple[str, Spotlight]:
        found = spotlight(Span(0.0, length_s), hostile(salt), Purse(Budget(calls=100)))
        return json.dumps([step.to_json() for step in found.steps]), found

    assert run() == run()


@settings(deadline=None, max_examples=40)
@given(st.floats(1, 20_000), st.integers(0, 400), st.booleans(), st.integers(0, 10_000))
def test_where_all_is_alike_no_part_is_left_out(
    length_s: float, calls: int, proposes: bool, salt: int
) -> None:
    whole = Span(3.0, 3.0 + length_s)
    guide = Told(lambda span: 0.5, hostile(2 * salt + 1).windows if proposes else lambda span: ())
    found = spotlight(whole, guide, Purse(Budget(calls=calls)), Rules(n_accepted=10_000))
    [all_of_it] = covered(found)
    assert (all_of_it.start_s, all_of_it.end_s) == (whole.start_s, whole.end_s)


def test_where_all_is_alike_the_search_goes_level_by_level() -> None:
    steps = spotlight(HOURS_4, Told(lambda span: 0.5), Purse(Budget(calls=200))).steps
    depths = [step.window.depth for step in steps]
    assert depths == sorted(depths)
    assert depths.count(1) == 4 and depths.count(2) == 16


@pytest.mark.parametrize("windows", [[], [Span(0.0, 1e6)], [Span(60.0, 60.0)] * 9])
def test_a_long_node_is_cut_in_four_whatever_is_proposed(windows: list[Span]) -> None:
    steps = spotlight(HOURS_4, Told(lambda span: 0.1, lambda span: windows)).steps
    assert set(parts_of(HOURS_4, 4)) <= {child.span for child in steps[0].children}


def test_a_shorter_node_is_cut_in_four_only_where_nothing_is_proposed() -> None:
    node, proposal = Span(0.0, 8 * 64.0), Span(100.0, 150.0)
    with_one = spotlight(node, Told(lambda span: 0.1, lambda span: [proposal]))
    assert [child.span for child in with_one.steps[0].children] == [proposal]
    assert with_one.left == (Span(0.0, 100.0), Span(150.0, 512.0))
    with_none = spotlight(node, Told(lambda span: 0.1))
    assert [child.span for child in with_none.steps[0].children] == parts_of(node, 4)


def planted(event: Span, salt: int, noise: float) -> Callable[[Span], float]:
    """An oracle that errs by at most ``noise``: sure of what is near the event, and surer the closer it looks."""

    def confidence(span: Span) -> float:
        holds = span.overlap_s(event) >= event.duration_s / 2
        closeness = max(0.0, 1 - log(span.duration_s / 16, 4) / 8)
        clean = 0.35 + 0.4 * closeness if holds else 0.15
        return clean + float(chance(span, salt).uniform(-noise, noise))

    return confidence


@settings(deadline=None, max_examples=40)
@given(st.floats(300, 50_000), st.floats(0, 1), st.integers(0, 10_000))
def test_a_planted_window_is_found_within_the_levels_there_are(
    length_s: float, where: float, salt: int
) -> None:
    event = Span(where * (length_s - 20), where * (length_s - 20) + 20)
    n_levels = ceil(log(length_s / 64, 4)) + 2
    purse = Purse(Budget(calls=5 * n_levels))
    found = spotlight(Span(0.0, length_s), Told(planted(event, salt, 0.09)), purse)
    assert found.windows[0].is_accepted
    assert found.windows[0].span.overlap_s(event) >= 10
    assert found.windows[0].depth <= n_levels
    assert len([step for step in found.steps if step.act == "expanded"]) <= n_levels


def test_noise_that_puts_the_wrong_window_first_only_costs_more_steps() -> None:
    event, n_astray = Span(9000.0, 9020.0), 0
    for salt in range(50):
        found = spotlight(HOURS_4, Told(planted(event, salt, 0.25)), Purse(Budget(calls=90)))
        assert any(w.is_accepted and w.span.overlap_s(event) >= 10 for w in found.windows)
        looked_into = [step.window.span for step in found.steps if step.act == "expanded"]
        n_astray += any(span.overlap_s(event) == 0 for span in looked_into)
    assert n_astray > 5


def test_what_is_proposed_is_found_sooner() -> None:
    event = Span(9000.0, 9040.0)
    guide = Told(planted(event, 1, 0.0), lambda span: [Span(8990.0, 9050.0)])
    found = spotlight(HOURS_4, guide)
    assert (found.windows[0].span, found.windows[0].depth) == (Span(8990.0, 9050.0), 2)


def test_three_sure_windows_are_enough() -> None:
    found = spotlight(HOURS_4, Told(lambda span: 0.9))
    assert (found.ending, len(found.windows)) == (Ending.FOUND, 3)
    assert all(window.is_accepted for window in found.windows)
    assert len(found.left) == 1


def test_three_close_windows_that_nobody_is_sure_of_are_not_called_found() -> None:
    found = spotlight(Span(0.0, 256.0), Told(lambda span: 0.2))
    assert (found.ending, len(found.windows)) == (Ending.SETTLED, 3)


def test_all_of_a_short_video_is_judged_and_seen() -> None:
    guide = Told(lambda span: 0.4)
    found = spotlight(Span(2.0, 66.0), guide)
    assert guide.asked == [1]
    assert found.ending == Ending.SEEN
    assert found.windows == (Window(Span(2.0, 66.0), 0.4, 0, is_accepted=True),)


def test_a_search_for_no_window_is_refused() -> None:
    with pytest.raises(ValueError, match="not for 0"):
        Rules(n_accepted=0)


def test_nothing_of_nothing_is_seen() -> None:
    assert spotlight(Span(7.0, 7.0), Told(lambda span: 1.0)) == Spotlight((), Ending.SEEN, (), ())


def test_what_is_much_worse_than_what_was_accepted_is_not_looked_into() -> None:
    guide = Told(lambda span: 0.9 if span.start_s < 3600 else 0.5)
    assert spotlight(HOURS_4, guide).ending == Ending.SETTLED
    guide = Told(lambda span: 0.9 if span.start_s < 3600 else 0.65)
    assert spotlight(HOURS_4, guide).ending == Ending.SPENT


def test_where_none_was_accepted_the_best_that_were_judged_are_told() -> None:
    guide = Told(lambda span: 0.3 + span.start_s / 1e5)
    found = spotlight(HOURS_4, guide, Purse(Budget(calls=5)))
    assert found.ending == Ending.SPENT
    assert [window.span.start_s for window in found.windows] == [10800.0, 7200.0, 3600.0]
    assert not any(window.is_accepted for window in found.windows)


@pytest.mark.parametrize("calls", [0, 1])
def test_what_nobody_judged_is_no_window(calls: int) -> None:
    for whole in (HOURS_4, Span(0.0, 30.0)):
        found = spotlight(whole, Told(lambda span: 0.4), Purse(Budget(calls=calls, frames=63)))
        assert (found.windows, found.ending, found.left) == ((), Ending.SPENT, (whole,))


def test_children_beyond_the_budget_stay_unjudged_and_are_told() -> None:
    found = spotlight(HOURS_4, Told(lambda span: 0.4), Purse(Budget(calls=3)))
    assert (found.ending, len(found.windows), len(found.left)) == (Ending.SPENT, 2, 4)


def test_one_find_is_accepted_once() -> None:
    part = parts_of(HOURS_4, 4)[0]
    nearly = Span(part.start_s, part.end_s - 100)
    found = spotlight(HOURS_4, Told(lambda span: 0.9, lambda span: [nearly]))
    assert [step.act for step in found.steps].count("repeated") == 1
    assert len(found.windows) == 3
    assert not any(is_same(a.span, b.span) for n, a in enumerate(found.windows) for b in found.windows[:n])


@pytest.mark.parametrize("salt", range(2))
def test_a_guide_that_is_free_and_never_satisfied_comes_to_an_end(salt: int) -> None:
    guide = Free(lambda span: 0.7 if span.duration_s > 64 else 0.0, hostile(salt).windows)
    found = spotlight(Span(0.0, 1e6), guide, Purse(UNLIMITED))
    assert found.ending == Ending.SPENT


def test_a_confidence_that_is_no_number_counts_as_none() -> None:
    for odd, taken in ((nan, 0.0), (inf, 0.0), (-3.0, 0.0), (7.0, 1.0)):
        found = spotlight(Span(0.0, 60.0), Told(lambda span, odd=odd: odd))
        assert found.windows[0].confidence == taken


def test_a_model_that_fails_is_an_error() -> None:
    def fails(span: Span) -> float:
        raise ModelError("the model is gone")

    with pytest.raises(ModelError, match="is gone"):
        spotlight(HOURS_4, Told(fails))


def test_each_step_is_traced_as_it_is_done() -> None:
    noted: list[dict[str, object]] = []

    class Kept:
        def note(self, step: str, **values: object) -> None:
            noted.append({"step": step, **values})

    found = spotlight(HOURS_4, Told(lambda span: 0.5), trace=Kept())
    assert noted[:-1] == [{"step": "spotlight", **step.to_json()} for step in found.steps]
    assert noted[-1] == {"step": "spotlight", "ending": "spent", "n_accepted": 0}
    assert json.loads(json.dumps(noted)) == noted


windows = st.lists(st.builds(Window, spans, st.floats(0, 1), st.integers(0, 5)), max_size=5)


@given(windows, st.integers(0, 100), st.booleans())
def test_seconds_to_show_are_in_order_in_number_and_in_their_places(
    found: list[Window], n_frames: int, has_whole: bool
) -> None:
    whole = Span(-2e5, 3e5) if has_whole else None
    times_s = frames_for(found, n_frames, whole)
    assert len(times_s) <= n_frames
    assert times_s == sorted(set(times_s))
    n_outside = sum(not any(w.span.start_s <= t <= w.span.end_s for w in found) for t in times_s)
    assert n_outside <= (min(8, n_frames // 8) if found else n_frames) * has_whole


def test_eight_seconds_are_of_the_whole_and_the_rest_follow_the_confidence() -> None:
    found = [Window(Span(100.0, 160.0), 0.9, 2), Window(Span(500.0, 560.0), 0.3, 2)]
    times_s = frames_for(found, 64, Span(0.0, 8000.0))
    first, second = (sum(w.span.start_s <= t < w.span.end_s for t in times_s) for w in found)
    assert {500.0 + 1000 * k for k in range(8)} <= set(times_s)
    # The first of the eight lies in the second window by chance.
    assert (len(times_s), first, second) == (64, 42, 15)


def test_each_window_has_eight_and_with_few_pictures_only_the_surest_are_shown() -> None:
    found = [Window(Span(100.0 * n, 100.0 * n + 60), c, 1) for n, c in enumerate((0.0, 0.98, 0.02))]
    counts = [sum(w.span.start_s <= t <= w.span.end_s for t in frames_for(found, 56)) for w in found]
    assert counts == [8, 40, 8]
    assert all(100 <= t <= 160 for t in frames_for(found, 15))
    assert len(frames_for(found, 15)) == 15


def test_numbers_are_shared_out_whole() -> None:
    assert shared_out(10, [1.0, 1.0, 1.0], 0) == [4, 3, 3]
    assert shared_out(56, [0.9, 0.3], 8) == [42, 14]
    assert shared_out(9, [0.0, 0.0], 2) == [5, 4]
    assert shared_out(3, [0.5, 0.5], 8) == [2, 1]
    assert shared_out(3, [], 8) == []
