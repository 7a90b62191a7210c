"""Chosen seconds are measured against wanted ones as the benchmarks of long-video search do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "bench"))

from temporal_metrics import Side, temporal

CHOSEN_S = [216, 215, 217, 281, 183, 280, 279, 182]


# The first two are figures of LV-Haystack's own code for as many chosen, wanted and met; the others are by hand.
@pytest.mark.parametrize(
    ("wanted_s", "side", "expected"),
    [
        ([178, 20, 90], "gt_side", (0.125, 0.3333, 0.1818)),
        ([178, 20, 90], "both_sides", (0.25, 0.3333, 0.2857)),
        ([10, 20, 90], "both_sides", (0.0, 0.0, 0.0)),
        ([188, 177], "gt_side", (0.25, 1.0, 0.4)),
    ],
)
def test_precision_depends_on_the_side_that_is_counted(
    wanted_s: list[float], side: Side, expected: tuple[float, float, float]
) -> None:
    assert temporal(CHOSEN_S, wanted_s, side) == pytest.approx(expected, abs=1e-4)


def test_a_second_just_outside_the_window_is_not_met() -> None:
    assert temporal([10.0], [15.0], "gt_side").f1 == 1.0
    assert temporal([10.0], [15.01], "gt_side").f1 == 0.0


@pytest.mark.parametrize(("chosen_s", "wanted_s"), [([], [1.0]), ([1.0], [])])
def test_a_sample_without_seconds_is_refused(chosen_s: list[float], wanted_s: list[float]) -> None:
    with pytest.raises(ValueError, match="need chosen and wanted"):
        temporal(chosen_s, wanted_s, "both_sides")
