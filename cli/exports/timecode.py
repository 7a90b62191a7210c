"""Timecode: how editors count pictures, as hours, minutes, seconds and frames."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from ...tools.errors import RequestError

_WRITTEN = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)([:;])(\d\d)", re.A)
_DROP_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))
_DAY_H = 24
# 29.97 lies a thousandth below 30, as all rates of NTSC do.
_NEAR = Fraction(15, 10_000)


@dataclass(frozen=True)
class Timecode:
    """The timecode of a file with pictures at ``rate_hz`` on average; ``start`` is at the clock's 0.

    A second of the player's clock is the frame ``round(s * counted_hz)``, and frames are numbered by the
    whole rate, as SMPTE ST 12-1 has it: 30 a second at 29.97 Hz. Written with ``;`` before the frames,
    ``start`` asks for drop-frame numbers, which leave out two (at 59.94 Hz four) a minute but not every
    tenth, and so keep up with the clock. Where the average lies near no whole rate, as 12.5 Hz does and
    many varying rates do, frames are counted as if the next whole number came each second, so that the
    timecode reads as the clock does.

    Raises ``RequestError`` for a start that is no timecode at this rate.
    """

    rate_hz: Fraction
    start: str = "00:00:00:00"

    def __post_init__(self) -> None:
        match = _WRITTEN.fullmatch(self.start)
        if not match or int(match[1]) >= _DAY_H or int(match[5]) >= self.whole_rate:
            raise RequestError(
                f"--start-timecode: no timecode at {float(self.rate_hz):.3f} Hz: {self.start!r}"
            )
        if self.is_drop and (self.rate_hz not in _DROP_RATES or self.label(self.first) != self.start):
            raise RequestError(
                f"--start-timecode: no drop-frame timecode: {self.start!r} (29.97 and 59.94 Hz have it)"
            )

    @property
    def whole_rate(self) -> int:
        """Frames that are numbered in one second."""
        near = round(self.rate_hz)
        return near if self._is_near(near) else ceil(self.rate_hz)

    @property
    def counted_hz(self) -> Fraction:
        """Frames that are counted in one second."""
        return self.rate_hz if self._is_near(self.whole_rate) else Fraction(self.whole_rate)

    def _is_near(self, whole_rate: int) -> bool:
        return abs(self.rate_hz - whole_rate) <= whole_rate * _NEAR

    @property
    def is_drop(self) -> bool:
        """Whether numbers are left out to keep up with the clock."""
        return ";" in self.start

    @property
    def first(self) -> int:
        """The count of the frame that ``start`` names, from 00:00:00:00 on."""
        hours, minutes, seconds, frames = map(int, re.split("[:;]", self.start))
        minutes += 60 * hours
        number = (60 * minutes + seconds) * self.whole_rate + frames
        return number - self._dropped * (minutes - minutes // 10)

    @property
    def _dropped(self) -> int:
        """How many numbers a minute leaves out."""
        return self.whole_rate // 15 if self.is_drop else 0

    def frame(self, time_s: float) -> int:
        """The frame of a second of the player's clock, 0 for its 0."""
        return round(Fraction(time_s) * self.counted_hz)

    def label(self, count: int) -> str:
        """The timecode of a frame, counted from 00:00:00:00; raises ``RequestError`` from 24 hours on."""
        number = count + self._left_out(count)
        seconds, frames = divmod(number, self.whole_rate)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        if hours >= _DAY_H:
            raise RequestError("timecode ends at 24 hours: limit it with --from and --to, or write .otio")
        return f"{hours:02d}:{minute:02d}:{second:02d}{';' if self.is_drop else ':'}{frames:02d}"

    def _left_out(self, count: int) -> int:
        """How many numbers were left out before the frame of a count."""
        if not self._dropped:
            return 0
        per_minute = 60 * self.whole_rate - self._dropped
        tens, rest = divmod(count, 10 * per_minute + self._dropped)
        # The first minute of each ten is whole.
        return self._dropped * (9 * tens + max(0, rest - self._dropped) // per_minute)
