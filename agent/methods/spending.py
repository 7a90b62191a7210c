"""What a search may spend, what it has spent, and why it came to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from time import monotonic


class Ending(StrEnum):
    """Why a search ended."""

    FOUND = "found"
    """What was looked for was found."""
    SEEN = "seen"
    """There is nothing left to look at."""
    SPENT = "spent"
    """The budget was reached."""
    SETTLED = "settled"
    """Going on promised nothing better than what there was."""


@dataclass(frozen=True)
class Budget:
    """The most that a search may spend: pictures looked at, calls of a model, pictures in them, tokens, seconds.

    A *look* is one picture judged by a scorer; a *frame* is one picture in a prompt.
    """

    looks: float = inf
    calls: float = inf
    frames: float = inf
    tokens: float = inf
    seconds: float = inf


@dataclass
class Purse:
    """A budget and what is gone of it. ``clock`` tells seconds, so that a test may tell its own."""

    budget: Budget
    looks: int = 0
    calls: int = 0
    frames: int = 0
    tokens: int = 0
    clock: Callable[[], float] = monotonic
    _begun_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun_s = self.clock()

    @property
    def seconds(self) -> float:
        """Seconds since the search began."""
        return self.clock() - self._begun_s

    def affords(self, *, looks: int = 0, calls: int = 0, frames: int = 0, tokens: int = 0) -> bool:
        """Whether so much more lies within the budget, and its seconds are not over."""
        return (
            self.looks + looks <= self.budget.looks
            and self.calls + calls <= self.budget.calls
            and self.frames + frames <= self.budget.frames
            and self.tokens + tokens <= self.budget.tokens
            and self.seconds < self.budget.seconds
        )

    def spend(self, *, looks: int = 0, calls: int = 0, frames: int = 0, tokens: int = 0) -> None:
        """Take note of what is being spent, which ``affords`` has allowed."""
        self.looks += looks
        self.calls += calls
        self.frames += frames
        self.tokens += tokens
