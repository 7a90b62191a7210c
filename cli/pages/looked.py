"""What was looked at, as the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...agent.runs.past import mapping_of, number_of, span_of, text_of
from ...index.records import LOW_TRUST
from ...tools.clock import Span
from ..wording import ALL, SENSES, percent
from .links import VideoLink

_ROWS_MAX = 60
_COUNTED = ("picture", "screen")


@dataclass(frozen=True)
class LookedRow:
    """How far one engine looked; ``gap`` is the longest stretch that it did not see or hear, None for none."""

    sense: str
    engine: str
    share: float
    looks: str
    is_low_trust: bool
    gap: Span | None
    gap_address: str

    @property
    def is_whole(self) -> bool:
        """Whether it looked at all of the video."""
        return self.share >= ALL

    @property
    def percent(self) -> str:
        """The share as it is read; what is nearly all is not all."""
        return percent(self.share)


def looked_rows(entries: Iterable[object], link: VideoLink) -> tuple[LookedRow, ...]:
    """The rows of entries in the documented form of an answer's coverage; what is damaged in them is left out."""
    return tuple(_row(entry, link) for entry in list(entries)[:_ROWS_MAX])


def _row(entry: object, link: VideoLink) -> LookedRow:
    values = mapping_of(entry)
    sense, gap = text_of(values.get("sense")), span_of(values.get("gap"))
    return LookedRow(
        SENSES.get(sense, sense),
        text_of(values.get("engine")),
        min(1.0, max(0.0, number_of(values.get("share")))),
        f"{number_of(values.get('n_looks')):.0f}" if sense in _COUNTED else "",
        number_of(values.get("trust")) < LOW_TRUST,
        gap,
        link.at(gap) if gap else "",
    )
