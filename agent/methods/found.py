"""What a search over seconds has found, and every look that it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .baselines import apart
from .spending import Ending


@dataclass(frozen=True)
class Look:
    """One second that was judged: ``scores`` of the targets, then of the cues, each in [0, 1].

    ``reason`` says why it was judged: for coverage, for exploitation, or as a verification.
    """

    time_s: float
    scores: tuple[float, ...]
    n_round: int
    reason: str


@dataclass(frozen=True)
class Found:
    """The outcome of a search.

    ``verified`` tells the second at which each target was verified; ``looks`` and ``verifications`` are in
    the order in which they were made.
    """

    targets: tuple[str, ...]
    cues: tuple[str, ...]
    looks: tuple[Look, ...]
    verifications: tuple[Look, ...]
    verified: Mapping[str, float]
    ending: Ending

    @property
    def missing(self) -> tuple[str, ...]:
        """Targets that were never verified."""
        return tuple(target for target in self.targets if target not in self.verified)

    def moments(self, n_max: int, gap_s: float = 20.0) -> list[Look]:
        """The ``n_max`` best seconds in order of time: those verified first, then by a target's greatest score.

        Moments are ``gap_s`` apart; where that leaves some to be chosen, the gap is halved again and again, as
        DATE does (arXiv 2509.09263). A second at which no target was seen at all is none. Of equals the
        earliest counts.
        """
        ranked = sorted(self._last_looks(), key=self._rank)
        chosen = apart(np.array([look.time_s for look in ranked]), n_max, gap_s, decay=0.5)
        return sorted((ranked[row] for row in chosen), key=lambda look: look.time_s)

    def _last_looks(self) -> list[Look]:
        # A verification saw the picture by itself, and so counts for more than the look before it.
        last = {look.time_s: look for look in (*self.looks, *self.verifications)}
        return [look for look in last.values() if self._score(look) > 0]

    def _score(self, look: Look) -> float:
        return max(look.scores[: len(self.targets)])

    def _rank(self, look: Look) -> tuple[bool, float, float]:
        return look.time_s not in self.verified.values(), -self._score(look), look.time_s

    def rows(self) -> list[dict[str, object]]:
        """The search as plain values that JSON can hold: a row for each look, and one for the end."""
        judged = sorted((*self.looks, *self.verifications), key=lambda look: look.n_round)
        end: dict[str, object] = {
            "ending": self.ending.value,
            "verified": dict(self.verified),
            "missing": list(self.missing),
        }
        return [*(self._row(look) for look in judged), end]

    def _row(self, look: Look) -> dict[str, object]:
        names = (*self.targets, *self.cues)
        scores = dict(zip(names, look.scores, strict=True))
        return {"round": look.n_round, "reason": look.reason, "time_s": look.time_s, "scores": scores}
