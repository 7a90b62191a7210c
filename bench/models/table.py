"""The table of measurements: works that take turns, medians of rounds, one line for each figure."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Generic, TypeVar

Given = TypeVar("Given")
OURS, PLAIN = "vidagent", "plain"
HOUR_S = 3600.0
HEADING = "| what | beside | vidagent | plain | times better | |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Timed(Generic[Given]):
    """What two works took, in seconds of each round, and what each gave in the last one."""

    taken_s: Mapping[str, list[float]]
    given: Mapping[str, Given]

    @property
    def times_better(self) -> float:
        """The median over rounds of plain over vidagent; a busy machine slows both of a round."""
        pairs = zip(self.taken_s[PLAIN], self.taken_s[OURS], strict=True)
        return median(plain_s / ours_s for plain_s, ours_s in pairs)

    def median_s(self, name: str) -> float:
        """The median over rounds of one work."""
        return median(self.taken_s[name])


@dataclass(frozen=True)
class Row:
    """One line: what is measured beside what, both figures, and whether more of it is better."""

    what: str
    beside: str
    timed: Timed[Any]
    n_things: float = 0.0
    scale: float = 1.0
    note: str = ""

    def __str__(self) -> str:
        figures = " | ".join(f"{self._figure(name):.3g}" for name in (OURS, PLAIN))
        return f"| {self.what} | {self.beside} | {figures} | {self.timed.times_better:.2f} | {self.note} |"

    def _figure(self, name: str) -> float:
        """Things a second where they are counted, seconds times the scale otherwise."""
        taken_s = self.timed.median_s(name)
        return self.n_things / taken_s if self.n_things else taken_s * self.scale


def in_turns(ours: Callable[[], Given], plain: Callable[[], Given], n_rounds: int) -> Timed[Given]:
    """Both works in every round, the other one first each time."""
    works = {OURS: ours, PLAIN: plain}
    taken_s: dict[str, list[float]] = {name: [] for name in works}
    given: dict[str, Given] = {}
    for number in range(n_rounds):
        for name in list(works) if number % 2 == 0 else reversed(list(works)):
            # What was made in the round before would be in the memory twice.
            given.pop(name, None)
            gc.collect()
            begun_s = time.perf_counter()
            given[name] = works[name]()
            taken_s[name].append(time.perf_counter() - begun_s)
    return Timed(taken_s, given)


def loaded(ours: Callable[[], Given], plain: Callable[[], Given], n_rounds: int) -> Timed[Given]:
    """Both works in turns, after a round that does not count: it imports the libraries and reads the files."""
    in_turns(ours, plain, 1)
    return in_turns(ours, plain, n_rounds)


def hour_row(what: str, beside: str, timed: Timed[Any], length_s: float) -> Row:
    """Seconds for an hour, from those for a measured length, and said so."""
    return Row(
        f"{what}: seconds for an hour, extrapolated from {length_s:.0f} s",
        beside,
        timed,
        scale=HOUR_S / length_s,
    )
