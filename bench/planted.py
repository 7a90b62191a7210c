"""How many looks it takes to find an event planted in a made-up video, by T* here, as published, and without."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vidagent.agent.methods.schedule import Numbers, Places, Seconds, coverage_order
from vidagent.agent.methods.spending import Budget, Purse
from vidagent.agent.methods.tstar import search
from vidagent.agent.methods.tstar_reference import ReferenceRule, reference_search

N_LOOKS_MAX, N_BATCH = 1000, 16


@dataclass(frozen=True)
class World:
    """A video of ``n_seconds`` with one event, and a cue that is surer the nearer, up to ``cue_radius_s`` away.

    Both scores carry noise everywhere, the positive half of a normal one with ``noise`` as its deviation.
    """

    n_seconds: int
    event_s: int
    cue_radius_s: int
    noise: float = 0.1

    def scores(self, seed: int) -> Numbers:
        """Scores (n_seconds, 2) of the event and of its cue."""
        rng = np.random.default_rng(seed)
        start, seconds = int(rng.integers(self.n_seconds - self.event_s)), np.arange(self.n_seconds)
        away_s = np.maximum(np.maximum(start - seconds, seconds - (start + self.event_s - 1)), 0)
        scores = np.maximum(rng.normal(0.0, self.noise, (self.n_seconds, 2)), 0.0)
        scores[:, 1] += 0.6 * np.maximum(1 - away_s / self.cue_radius_s, 0) if self.cue_radius_s else 0.0
        scores[away_s == 0, 0] = 0.8
        return np.minimum(scores, 1.0)


@dataclass(frozen=True)
class Table:
    """A scorer that reads its scores (n, k) of whole seconds from a table."""

    table: Numbers

    def scores(self, times_s: Seconds) -> Numbers:
        """The rows of the given seconds."""
        return self.table[times_s.astype(np.int64)]


Outcome = tuple[int, bool]


def ours(scores: Numbers, seed: int) -> Outcome:
    """Looks taken by T* as it is here, and whether it found the event; it draws nothing by chance."""
    times_s = np.arange(len(scores), dtype=np.float64)
    purse = Purse(Budget(looks=N_LOOKS_MAX))
    found = search(times_s, Table(scores), ["event"], ["cue"], purse=purse)
    return purse.looks, not found.missing


def reference(scores: Numbers, seed: int) -> Outcome:
    """Looks taken by the published rule; what it looks at once more to verify is not counted."""
    rule = ReferenceRule(len(scores), N_BATCH, seed)
    found = reference_search(rule, Table(scores), ["event"], ["cue"], n_looks_max=N_LOOKS_MAX)
    return len(found.looks), not found.missing


def uniform(scores: Numbers, seed: int) -> Outcome:
    """Looks in an order drawn evenly."""
    return _in_order(scores, np.random.default_rng(seed).permutation(len(scores)))


def coverage(scores: Numbers, seed: int) -> Outcome:
    """Looks in van der Corput's order."""
    return _in_order(scores, coverage_order(np.arange(len(scores), dtype=np.float64)))


def _in_order(scores: Numbers, order: Places) -> Outcome:
    hit = int(np.flatnonzero(scores[order, 0] > 0.6)[0])
    # Whole batches are counted, as for the others.
    n_looks = min((hit // N_BATCH + 1) * N_BATCH, N_LOOKS_MAX)
    return n_looks, hit < N_LOOKS_MAX


RULES: list[Callable[[Numbers, int], Outcome]] = [reference, uniform, coverage, ours]
WORLDS = [
    World(3600, 10, 60),
    World(3600, 5, 120),
    World(3600, 30, 60),
    World(1200, 10, 60),
    World(3600, 10, 0),
]


def row(world: World, n_seeds: int) -> str:
    """A row of the table: mean looks and share found of each rule."""
    cells = []
    for rule in RULES:
        n_looks, is_found = np.mean([rule(world.scores(seed), seed) for seed in range(n_seeds)], axis=0)
        cells.append(f"{n_looks:.0f} ({is_found:.0%})")
    cue = f"±{world.cue_radius_s} s" if world.cue_radius_s else "no cue"
    return f"| {world.n_seconds} s, {world.event_s} s, {cue} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    n_seeds = parser.parse_args().seeds
    print("| video, event, cue | T* as published (baseline) | uniform random | bit reversal | T* here |")
    print("|---|---|---|---|---|")
    for world in WORLDS:
        print(row(world, n_seeds), flush=True)


if __name__ == "__main__":
    main()
