"""How well chosen seconds meet the seconds that were wanted, as benchmarks of long-video search count it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Side = Literal["gt_side", "both_sides"]


class Scores(NamedTuple):
    """Precision, recall and F1 in [0, 1]."""

    precision: float
    recall: float
    f1: float


def temporal(
    chosen_s: Sequence[float], wanted_s: Sequence[float], side: Side, window_s: float = 5.0
) -> Scores:
    """Temporal precision, recall and F1 of one sample; a benchmark's figure is the mean of these.

    Recall is the share of wanted seconds with a chosen one at most ``window_s`` away. Precision by ``gt_side``
    divides the same hits by the number chosen (LV-Haystack's first code); by ``both_sides`` it is the share of
    chosen seconds with a wanted one so near (its present code), which is higher where they crowd together.

    Raises:
        ValueError: nothing was chosen or nothing was wanted; such a sample counts in no mean.
    """
    if not len(chosen_s) or not len(wanted_s):
        raise ValueError("precision and recall need chosen and wanted seconds")
    is_near = np.abs(np.subtract.outer(np.asarray(wanted_s), np.asarray(chosen_s))) <= window_s
    n_met, n_meeting = int(is_near.any(axis=1).sum()), int(is_near.any(axis=0).sum())
    precision = (n_met if side == "gt_side" else n_meeting) / len(chosen_s)
    recall = n_met / len(wanted_s)
    total = precision + recall
    return Scores(precision, recall, 2 * precision * recall / total if total else 0.0)
