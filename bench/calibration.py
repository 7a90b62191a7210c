"""Fits how likely answers are right to questions derived from known lines, and counts it on videos held out."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from outcomes import Outcome, by_video, heard_outcomes, said_outcomes, shown_outcomes

from vidagent.agent.calibration import SURE_MAX, Calibration, calibrated, log_odds
from vidagent.agent.reading import NAME

EDGES = (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
_OTHERS = ""
_CHOICE = "choice"
_RIDGE, _RIDGE_OF_SLOPE, _RIDGE_OF_ALL = 0.3, 3.0, (0.01, 0.01)
_N_STEPS = 50


@dataclass(frozen=True)
class Fit:
    """The log odds of being right are ``slope`` times those of what the reader tells, plus ``bias``, for each kind;
    ``SURE_MAX`` of that is the probability.
    """

    maps: dict[str, tuple[float, float]]

    def probability(self, each: Outcome) -> float:
        """How likely an answer is right."""
        bias, slope = self.maps.get(each.kind, self.maps[_OTHERS])
        return float(SURE_MAX / (1 + np.exp(-(bias + slope * log_odds(each.confidence)))))


def fitted(outcomes: Sequence[Outcome]) -> Fit:
    """A logistic regression with one slope and a bias for every kind, and a bias for others, by Newton's method.

    A choice tells a share of all support and the other kinds how well evidence fits, so its slope may be another one.
    What sets a kind apart from the rest costs a ridge, so that few answers change little.
    """
    kinds = sorted({each.kind for each in outcomes})
    values = np.array([_row(each, kinds) for each in outcomes])
    right = np.array([each.is_right for each in outcomes], float)
    ridge = np.diag([*_RIDGE_OF_ALL, _RIDGE_OF_SLOPE, *[_RIDGE] * len(kinds)])
    weights = np.zeros(values.shape[1])
    for _ in range(_N_STEPS):
        chance = 1 / (1 + np.exp(-values @ weights))
        curvature = (values * (chance * (1 - chance))[:, None]).T @ values + ridge
        weights += np.linalg.solve(curvature, values.T @ (right - chance) - ridge @ weights)
    slope, common, steeper, *apart = (float(weight) for weight in weights)
    biases = {_OTHERS: common} | {kind: common + own for kind, own in zip(kinds, apart, strict=True)}
    slopes = {kind: slope + steeper * (kind == _CHOICE) for kind in biases}
    return Fit({kind: (round(bias, 2), round(slopes[kind], 2)) for kind, bias in biases.items()})


def _row(each: Outcome, kinds: Sequence[str]) -> list[float]:
    odds = log_odds(each.confidence)
    return [odds, 1.0, odds * (each.kind == _CHOICE), *(float(each.kind == kind) for kind in kinds)]


def reliability(told: Sequence[float], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """A line for each stretch of probability: told and true; then calibration error, Brier score and log loss."""
    chance, right = np.array(told), np.array([each.is_right for each in outcomes], float)
    error = 0.0
    for low, high in pairwise(EDGES):
        inside = (chance >= low) & ((chance < high) | (high == EDGES[-1]))
        if inside.any():
            told_here, true_here = chance[inside].mean(), right[inside].mean()
            error += abs(told_here - true_here) * inside.mean()
            yield f"  {low:.2f}-{high:.2f}  n {inside.sum():5}  told {told_here:.2f}  right {true_here:.2f}"
    kept = np.clip(chance, 0.001, 0.999)
    loss = -np.mean(right * np.log(kept) + (1 - right) * np.log(1 - kept))
    brier = np.mean((chance - right) ** 2)
    yield f"  calibration error {error:.3f}  Brier score {brier:.3f}  log loss {loss:.3f}"


def constants(fit: Fit, known: Calibration) -> Iterator[str]:
    """The constants of ``agent/calibration.py`` as they are written there."""
    yield "_MAPS = {"
    yield from (f'    "{kind}": {pair},' for kind, pair in sorted(fit.maps.items()) if kind != _OTHERS)
    yield f"}}\n_OTHER_KINDS = {fit.maps[_OTHERS]}"
    yield "_COUNTS = ("
    yield from (f"    ({b.low}, {b.high}, {b.n}, {b.n_right})," for b in known.bins)
    yield ")"


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The constants, and a table for videos fitted to and held out: as the reader told it, fitted, and as it is now."""
    to_fit, held = by_video(outcomes)
    fit = fitted(to_fit)
    right = [each.is_right for each in held]
    yield from constants(fit, Calibration.of([fit.probability(each) for each in held], right, EDGES))
    ways: dict[str, Callable[[Outcome], float]] = {
        "as the reader tells it": lambda each: each.confidence,
        "fitted": fit.probability,
        "as it is now": lambda each: calibrated(each.confidence, each.kind, NAME),
    }
    for title, part in (("fitted to", to_fit), ("held out", held)):
        n_videos = len({each.video for each in part})
        for way, told in ways.items():
            yield f"{title}, {len(part)} answers about {n_videos} videos, {way}:"
            yield from reliability([told(each) for each in part], part)


def gathered(
    transcripts: Sequence[Path], heard: Sequence[Path], n_each: int, n_films: int
) -> Iterator[Outcome]:
    """Outcomes of questions about transcripts, videos that are listened to, and made films."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from said_outcomes(transcripts, n_each, folder)
        yield from heard_outcomes(heard, n_each, folder)
        yield from shown_outcomes(transcripts, n_films, n_each, folder)


def main() -> None:
    """Print the constants and how well they are calibrated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "transcripts", type=Path, nargs="*", help="subtitle files, each of a video of its own"
    )
    parser.add_argument(
        "--heard",
        type=Path,
        nargs="*",
        default=[],
        help="videos with subtitles beside them, which are listened to",
    )
    parser.add_argument("--each", type=int, default=49, help="questions to each video")
    parser.add_argument("--films", type=int, default=8, help="made films of cards with words on them")
    parser.add_argument(
        "--outcomes", type=Path, help="where outcomes are kept, and taken from if it is there"
    )
    options = parser.parse_args()
    kept: Path | None = options.outcomes
    if kept and kept.exists():
        outcomes = [Outcome(**json.loads(line)) for line in kept.read_text().splitlines()]
    else:
        outcomes = list(gathered(options.transcripts, options.heard, options.each, options.films))
        if kept:
            kept.write_text("".join(f"{json.dumps(asdict(each))}\n" for each in outcomes))
    print("\n".join(report(outcomes)))


if __name__ == "__main__":
    main()
