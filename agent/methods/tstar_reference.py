"""The rule of T*'s published code, draw for draw (arXiv 2504.02259; mll-lab-nu/TStar at 6b3a2e1), to compare with.

Its known faults are kept: the tail of a short video is unseen in the first pass, a strong target confirms another,
and seconds are drawn by chance. ``tstar.py`` searches without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ...tools.errors import CapabilityError, RequestError
from .found import Found, Look
from .schedule import Numbers, Places
from .scoring import Scorer, scored
from .spending import Ending

Picks = Literal["paper", "current", "qa"]
_N_SPLINE = 4
_N_LOOKS_MAX = 1000


@dataclass
class ReferenceRule:
    """Scores S, proposal P and visits over ``n_seconds`` seconds, of which ``n_cells`` are looked at in each pass."""

    n_seconds: int
    n_cells: int = 16
    seed: int = 0
    scores: Numbers = field(init=False)
    proposal: Numbers = field(init=False)

    def __post_init__(self) -> None:
        if self.n_seconds < _N_SPLINE or self.n_cells < _N_SPLINE:
            raise RequestError(f"the reference rule of T* needs {_N_SPLINE} seconds and cells or more")
        self.n_cells = min(self.n_cells, self.n_seconds)
        # The frozen legacy stream is the one that the published numbers come from.
        self._random = np.random.RandomState(self.seed)
        self.scores = np.full(self.n_seconds, 1e-6)
        self.proposal = np.full(self.n_seconds, 1.0 / self.n_seconds)
        self._is_visited = np.zeros(self.n_seconds, bool)

    def sample(self) -> Places:
        """The next ``n_cells`` seconds: evenly at first, then drawn from the unvisited top quarter of P."""
        if not self._is_visited.any():
            return self._even()
        floored = self.proposal + self.n_cells / self.n_seconds
        open_mass = np.where(self._is_visited, 0.0, floored)
        kept = np.where(open_mass >= np.percentile(open_mass, 75), open_mass, 0.0)
        mass = kept if np.count_nonzero(kept) >= self.n_cells else floored
        return self._random.choice(self.n_seconds, self.n_cells, replace=False, p=mass / mass.sum())

    def _even(self) -> Places:
        step = self.n_seconds // self.n_cells
        places = np.arange(0, self.n_seconds, step, dtype=np.int64)[: self.n_cells]
        is_short = len(places) == self.n_cells - 1
        return np.append(places, self.n_seconds - 1) if is_short else places

    def learn(self, places: Places, cells: Numbers) -> None:
        """Take in the scores ``cells`` (n,) of the looks at ``places`` (n,), and fit the proposal anew."""
        self._is_visited[places] = True
        self.scores[places] = cells
        for place in places[cells >= np.percentile(cells, 75)]:
            near = np.arange(max(place - 5, 0), min(place + 6, self.n_seconds))
            spread = self.scores[place] / (np.abs(near - place) + 1)
            self.scores[near] = np.maximum(self.scores[near], spread)
        self._refit()

    def _refit(self) -> None:
        try:
            from scipy.interpolate import UnivariateSpline  # type: ignore[import-untyped]
        except ImportError as error:
            raise CapabilityError("T*'s reference rule needs scipy: pip install scipy") from error
        visited = np.flatnonzero(self._is_visited)
        curve = UnivariateSpline(visited, self.scores[visited], s=0.5)(np.arange(self.n_seconds))
        raised = 1.0 / (1.0 + np.exp(-np.maximum(1.0 / self.n_seconds, curve)))
        self.proposal = raised / raised.sum()

    def picks(self, n: int, by: Picks = "paper") -> Places:
        """The ``n`` seconds to show, by one of the three rules that were published.

        ``paper``: the highest S, best first. ``current``: drawn with p = S / ΣS, in order of time. ``qa``: the
        highest P, in order of time.
        """
        n = min(n, self.n_seconds)
        if by == "paper":
            return _highest(self.scores, n)
        if by == "qa":
            return np.sort(_highest(self.proposal, n))
        p = self.scores / self.scores.sum()
        return np.sort(
            self._random.choice(self.n_seconds, min(n, int(np.count_nonzero(p))), replace=False, p=p)
        )


def _highest(values: Numbers, n: int) -> Places:
    return np.argsort(values, kind="stable")[::-1][:n].astype(np.int64)


def reference_search(
    rule: ReferenceRule,
    scorer: Scorer,
    targets: Sequence[str],
    cues: Sequence[str] = (),
    accept: float = 0.6,
    n_looks_max: int = _N_LOOKS_MAX,
) -> Found:
    """The whole loop over seconds 0, 1, 2 …: until each target is verified, or ``n_looks_max`` cells are looked at.

    A target is in a cell where its score is above 0. The score of a cell is the greatest of its targets' and half
    of its cues'; a target in the cell is accepted if that of the single picture is above ``accept``. Verifications
    are not counted against the budget.

    Raises:
        RequestError: no target.
        ModelError: the scorer gave what are no scores.
        CapabilityError: scipy is not installed.
    """
    if not targets:
        raise RequestError("a search needs something to look for: name a target")
    loop = _Loop(rule, scorer, tuple(targets), tuple(cues), accept)
    n_left = min(n_looks_max, rule.n_seconds, _N_LOOKS_MAX)
    while len(loop.verified) < len(targets) and n_left > 0:
        loop.step()
        n_left -= rule.n_cells
    ending = Ending.FOUND if len(loop.verified) == len(targets) else Ending.SPENT
    return Found(loop.targets, loop.cues, tuple(loop.looks), tuple(loop.verifications), loop.verified, ending)


@dataclass
class _Loop:
    rule: ReferenceRule
    scorer: Scorer
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    accept: float
    verified: dict[str, float] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    verifications: list[Look] = field(default_factory=list)
    n_round: int = 0

    def step(self) -> None:
        self.n_round += 1
        reason = "drawn" if self.looks else "even"
        places = self.rule.sample()
        scores = self._scores(places)
        self.looks += [self._noted(*look, reason) for look in zip(places, scores, strict=True)]
        self.rule.learn(places, self._cells(scores))
        for place, row in zip(places, scores, strict=True):
            self._verify(int(place), row)

    def _verify(self, place: int, row: Numbers) -> None:
        for column, target in enumerate(self.targets):
            if target in self.verified or row[column] <= 0:
                continue
            alone = self._scores(np.array([place]))
            self.verifications.append(self._noted(place, alone[0], "verification"))
            self.rule.scores[place] = self._cells(alone)[0]
            if alone[0, column] > 0 and self.rule.scores[place] > self.accept:
                self.verified[target] = float(place)

    def _scores(self, places: Places) -> Numbers:
        # A scorer is given ascending seconds; the draw's own order matters to what is learnt.
        order = np.argsort(places, kind="stable")
        scores = np.empty((len(places), len(self.targets) + len(self.cues)))
        scores[order] = scored(self.scorer, places[order].astype(np.float64), scores.shape[1])
        return scores

    def _cells(self, scores: Numbers) -> Numbers:
        weights = np.array([1.0] * len(self.targets) + [0.5] * len(self.cues))
        return np.asarray((scores * weights).max(axis=1))

    def _noted(self, place: int, scores: Numbers, reason: str) -> Look:
        return Look(float(place), tuple(scores.tolist()), self.n_round, reason)
