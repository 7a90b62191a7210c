"""T*: a search among the seconds of a video, half of it spread evenly, half of it where something stood out.

After T* (arXiv 2504.02259). Instead of drawing seconds from a smoothed curve, it covers the video in the order of
van der Corput's sequence and goes on around what stands out from the scorer's noise; see ``tstar_reference.py``
for the published rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...tools.errors import RequestError
from .found import Found, Look
from .prominence import N_SPREADS, noise, prominences
from .schedule import Mask, Numbers, Places, Seconds, coverage_order, exploitation
from .scoring import Scorer, scored
from .spending import Budget, Ending, Purse

_CHANCE = 0.25
_N_BELIEVED = 8
"""Exploited looks that paid off as well as they can in half of the cases, counted before there are any."""


@dataclass(frozen=True)
class TStarSettings:
    """How T* searches.

    ``n_batch`` seconds are scored in one call. A target is verified by a score of its own above ``accept``; a
    second is verified by itself if a target scores ``candidate`` there. Verifications are at most ``verifying``
    of the looks, until everything has been looked at. What stands out draws looks to ``reach_s`` around it,
    those of one batch over ``damp_s`` apart. A cue counts ``cue_weight`` of what a target does.
    """

    n_batch: int = 16
    accept: float = 0.6
    candidate: float = 0.3
    verifying: float = 0.5
    reach_s: float = 20.0
    damp_s: float = 3.0
    cue_weight: float = 0.5

    def __post_init__(self) -> None:
        if self.n_batch < 1 or self.reach_s <= 0 or self.damp_s < 0 or self.verifying <= 0:
            raise RequestError("T* needs a batch of 1 or more, a reach above 0 s and a share to verify")


def search(
    times_s: Seconds,
    scorer: Scorer,
    targets: Sequence[str],
    cues: Sequence[str] = (),
    *,
    verifier: Scorer | None = None,
    priors: Numbers | None = None,
    purse: Purse | None = None,
    settings: TStarSettings | None = None,
) -> Found:
    """Look among ``times_s`` (n,), ascending seconds of samples, until every target is verified.

    Without a ``verifier``, which is given each second by itself, the scorer's own score verifies. ``priors``
    (n, n_targets + n_cues) in [0, 1] say where to look first. A look and a verification are a look of the
    ``purse`` each, and a call per batch. Nothing is drawn by chance.

    Raises:
        RequestError: no target, a name given twice, no second, times that do not ascend, or priors that
            do not fit.
        ModelError: a scorer gave what are no scores.
    """
    names = (*targets, *cues)
    _check(times_s, targets, names, priors)
    held = _Search(
        np.asarray(times_s, np.float64), scorer, verifier, tuple(targets), tuple(cues),
        np.zeros((len(times_s), len(names))) if priors is None else np.asarray(priors, np.float64),
        Purse(Budget()) if purse is None else purse, settings or TStarSettings(),
    )  # fmt: skip
    return held.run()


def _check(times_s: Seconds, targets: Sequence[str], names: Sequence[str], priors: Numbers | None) -> None:
    if not targets:
        raise RequestError("a search needs something to look for: name a target")
    if len(set(names)) < len(names):
        raise RequestError("a search was given the same name twice: name each target and cue once")
    if not len(times_s) or not np.isfinite(times_s).all() or (np.diff(times_s) <= 0).any():
        raise RequestError("a search needs one or more seconds, each after the one before")
    if priors is not None and np.shape(priors) != (len(times_s), len(names)):
        raise RequestError(f"priors have the shape {np.shape(priors)}, not {(len(times_s), len(names))}")
    if priors is not None and not np.all((np.asarray(priors) >= 0) & (np.asarray(priors) <= 1)):
        raise RequestError("priors have to be numbers from 0 to 1")


@dataclass
class _Search:
    times_s: Seconds
    scorer: Scorer
    verifier: Scorer | None
    targets: tuple[str, ...]
    cues: tuple[str, ...]
    priors: Numbers
    purse: Purse
    settings: TStarSettings
    verified: dict[str, float] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    verifications: list[Look] = field(default_factory=list)
    n_round: int = 0

    def __post_init__(self) -> None:
        n = len(self.times_s)
        self.scores: Numbers = np.zeros_like(self.priors)
        self.is_covered, self.is_exploited, self.is_verified = (np.zeros(n, bool) for _ in range(3))
        self.order = coverage_order(self.times_s)

    def run(self) -> Found:
        while (ending := self._ending()) is None:
            self.n_round += 1
            self._verify(self._look())
        return Found(
            self.targets, self.cues, tuple(self.looks), tuple(self.verifications), self.verified, ending
        )

    @property
    def is_seen(self) -> Mask:
        return self.is_covered | self.is_exploited

    def _ending(self) -> Ending | None:
        if len(self.verified) == len(self.targets):
            return Ending.FOUND
        if self.is_seen.all() and not len(self._candidates()):
            return Ending.SEEN
        return None if self.purse.affords(looks=1, calls=1) else Ending.SPENT

    # Looking.

    def _look(self) -> Places:
        n = self._n_looks()
        exploited = self._exploited(n)
        open_places = self.order[~self.is_seen[self.order]]
        covered = open_places[~np.isin(open_places, exploited)][: n - len(exploited)]
        places = np.sort(np.concatenate([exploited, covered]))
        if len(places):
            self.is_exploited[exploited], self.is_covered[covered] = True, True
            self.scores[places] = self._judged(self.scorer, places)
            self.looks += [self._noted(place, self._reason(place)) for place in places]
        return places

    def _n_looks(self) -> int:
        left = self._n_afforded()
        # Something is put aside for verifying what these looks may show.
        if self.verifier:
            left = max(left / (1 + self.settings.verifying), 1.0)
        return int(min(left, self.settings.n_batch))

    def _n_afforded(self) -> float:
        return self.purse.budget.looks - self.purse.looks

    def _judged(self, scorer: Scorer, places: Places) -> Numbers:
        self.purse.spend(looks=len(places), calls=1)
        return scored(scorer, self.times_s[places], len(self.targets) + len(self.cues))

    def _reason(self, place: int) -> str:
        return "exploitation" if self.is_exploited[place] else "coverage"

    def _noted(self, place: int, reason: str) -> Look:
        return Look(float(self.times_s[place]), tuple(self.scores[place].tolist()), self.n_round, reason)

    # Exploiting.

    def _exploited(self, n: int) -> Places:
        how = self.settings
        n_max = self._n_exploited(n)
        return exploitation(self.times_s, self.is_seen, self._strengths(), n_max, how.reach_s, how.damp_s)

    def _n_exploited(self, n: int) -> int:
        """As many as paid off so far, half of them at most: it pays off to score above three quarters of the covered.

        One in 16 always goes on, so that a cue is followed that comes after many that were none.
        """
        half = (n + self.n_round % 2) // 2
        if not (self.is_exploited.any() and self.is_covered.any()):
            return half
        worth = self._weighted(self.scores - noise(self.scores[self.is_covered])[0])
        quartile = np.quantile(worth[self.is_covered], 1 - _CHANCE)
        n_paid = np.sum(worth[self.is_exploited] > quartile) + _N_BELIEVED / 2
        rate = n_paid / (np.sum(self.is_exploited) + _N_BELIEVED)
        return min(half, max(-(-n // 16), int(2 * (rate - _CHANCE) * n)))

    def _strengths(self) -> Numbers:
        level, spread = noise(self.priors)
        excess = self.priors - level
        strengths = self._weighted(np.where(excess > N_SPREADS * spread, excess, 0.0))
        if self.is_covered.any():
            level, spread = noise(self.scores[self.is_covered])
            seen = self.is_seen
            found = prominences(self.times_s[seen], self.scores[seen], level, spread, self.settings.reach_s)
            strengths[seen] = self._weighted(found)
        return strengths

    def _weighted(self, scores: Numbers) -> Numbers:
        wanted = [float(target not in self.verified) for target in self.targets]
        weights = np.array([*wanted, *(self.settings.cue_weight for _ in self.cues)])
        return np.asarray((scores * weights).max(axis=1))

    # Verifying.

    def _verify(self, places: Places) -> None:
        if self.verifier is not None:
            places = self._candidates()[: self._n_verifications()]
            if not len(places) or not self.purse.affords(looks=len(places), calls=1):
                return
            places = np.sort(places)
            self.is_verified[places] = True
            self.scores[places] = self._judged(self.verifier, places)
            self.verifications += [self._noted(place, "verification") for place in places]
        self._accept(places)

    def _candidates(self) -> Places:
        """Places that wait to be verified, the one where a missing target scores highest first."""
        if self.verifier is None:
            return np.zeros(0, np.int64)
        best = self.scores[:, self._missing()].max(axis=1)
        is_waiting = self.is_seen & ~self.is_verified & (best >= self.settings.candidate)
        waiting = np.flatnonzero(is_waiting)
        return waiting[np.argsort(-best[waiting], kind="stable")]

    def _missing(self) -> list[int]:
        return [column for column, target in enumerate(self.targets) if target not in self.verified]

    def _n_verifications(self) -> int:
        n_max = min(self._n_afforded(), len(self.times_s))
        if not self.is_seen.all():
            n_max = min(n_max, self.settings.verifying * len(self.looks) - len(self.verifications))
        return max(int(n_max), 0)

    def _accept(self, places: Places) -> None:
        for column in self._missing() if len(places) else []:
            best = places[np.argmax(self.scores[places, column])]
            if self.scores[best, column] > self.settings.accept:
                self.verified[self.targets[column]] = float(self.times_s[best])
