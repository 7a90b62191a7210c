"""How a reading that other processes do goes on behind the death of one of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from .clock import Span
from .errors import MediaError
from .process import DecoderDiedError

N_DEATHS_MAX = 8
"""A file that ends its decoder more often is not read on."""
_FAR_S = 1e8
_HAIR_S = 1e-6


@dataclass
class Course:
    """How far a reading has come, and where it goes on behind a death; a step of 0 s is none."""

    path: Path
    spans: tuple[Span, ...]
    step_s: float
    goes_on: bool = True
    _first_s: float | None = None
    _reached_s: float = 0.0
    _resumed_s: float = 0.0
    _skip_s: float = 0.0
    _n_deaths: int = 0

    def reached(self, shown: Span) -> list[Span]:
        """Take note of what was read; gives what was left out before it."""
        left_out = [Span(self._reached_s, shown.start_s)] if self._leaves_out(shown.start_s) else []
        self._skip_s = 0.0
        self._first_s = shown.start_s if self._first_s is None else self._first_s
        self._reached_s = max(self._reached_s, shown.end_s)
        return left_out

    def left_out(self) -> list[Span]:
        """What was left out at the end, where reading was given up."""
        return [Span(self._reached_s, self._resumed_s)] if self._leaves_out(self._resumed_s) else []

    def _leaves_out(self, until_s: float) -> bool:
        return self._skip_s > 1.0 and self._reached_s < until_s

    def resume(self, death: DecoderDiedError) -> None:
        """Go on where reading had come to, or further on where it died there before.

        Raises ``MediaError`` after too many deaths.
        """
        self._n_deaths += 1
        if self._n_deaths > N_DEATHS_MAX:
            raise MediaError(f"{self.path}: decoding failed again and again ({death})") from death
        self._resumed_s = from_s = self._on_a_step(self._reached_s + self._skip_s)
        self._skip_s = max(1.0, 2 * self._skip_s)
        wanted = self.spans or (Span(0.0, _FAR_S),)
        self.spans = tuple(Span(max(s.start_s, from_s), s.end_s) for s in wanted if s.end_s > from_s)
        self.goes_on = bool(self.spans)

    def _on_a_step(self, time_s: float) -> float:
        if not self.step_s or self._first_s is None:
            return time_s
        n_steps = math.ceil((time_s - self._first_s) / self.step_s - _HAIR_S)
        return self._first_s + n_steps * self.step_s
