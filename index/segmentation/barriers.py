"""Which proposals stand, from left to right, and which of them are barriers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .settings import SegmentationSettings
from .signals import Proposal


def standing(
    proposals: Sequence[Proposal], since_s: float, until_s: float, settings: SegmentationSettings
) -> list[Proposal]:
    """The proposals between two barriers or ends that leave room for the shortest event, in order.

    A barrier takes the place of a proposal right before it. Where no barrier comes for ``forced_s`` the
    strongest proposal becomes one, or else a place that nothing speaks for.
    """
    passing = _Passing(since_s, settings)
    for proposal in proposals:
        if since_s < proposal.time_s <= until_s - settings.min_event_s:
            passing.take(proposal)
    passing.go_on_to(until_s)
    return passing.kept


class _Passing:
    """What stands so far; it depends on nothing before the last barrier."""

    def __init__(self, since_s: float, settings: SegmentationSettings) -> None:
        self.kept: list[Proposal] = []
        self._settings, self._barrier_s = settings, since_s

    def take(self, proposal: Proposal) -> None:
        """Keep a proposal if there is room."""
        self.go_on_to(proposal.time_s)
        if proposal.time_s - self._barrier_s < self._settings.min_event_s:
            return
        if self.kept and proposal.time_s - self.kept[-1].time_s < self._settings.min_event_s:
            if not proposal.is_barrier:
                return
            self.kept.pop()
        self.kept.append(proposal)
        if proposal.is_barrier:
            self._barrier_s = proposal.time_s

    def go_on_to(self, time_s: float) -> None:
        """Force barriers until the last one is not too far behind ``time_s``."""
        while time_s - self._barrier_s > self._settings.forced_s:
            known_s = self._barrier_s + self._settings.forced_s
            waiting = [i for i, p in enumerate(self.kept) if p.time_s > self._barrier_s]
            if waiting:
                best = max(waiting, key=lambda i: (self.kept[i].score, -i))
                self.kept[best] = replace(self.kept[best], is_barrier=True, known_s=known_s)
                self._barrier_s = self.kept[best].time_s
            else:
                # Room for whatever comes right behind.
                self._barrier_s = known_s - self._settings.min_event_s
                self.kept.append(Proposal(self._barrier_s, "length", is_barrier=True, known_s=known_s))
