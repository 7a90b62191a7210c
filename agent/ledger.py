"""The ledger of an answer: which part of the video was looked at, by which sense, how closely, and what nobody saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..index.memory import Memory
from ..index.records import Coverage
from ..tools.clock import Span, gaps_between, merge_spans

_EYES = ("picture", "screen")
_SIDES: tuple[Literal["picture"], Literal["sound"]] = ("picture", "sound")


@dataclass(frozen=True)
class Looked:
    """How far one engine looked at a video: the ``row`` of it, and the longest stretch that it did not see or hear.

    ``gap`` is None where it left out nothing that is known of.
    """

    row: Coverage
    duration_s: float
    gap: Span | None

    @property
    def looks_per_s(self) -> float | None:
        """How many pictures it looked at for each second of the video; None for what it heard or read at once."""
        if self.row.sense not in _EYES or self.duration_s <= 0:
            return None
        return self.row.n_looks / self.duration_s

    def to_json(self) -> dict[str, object]:
        """The entry with plain values; times in seconds, rounded to a millisecond."""
        row, density = self.row, self.looks_per_s
        return {
            "sense": row.sense,
            "engine": row.engine,
            "share": row.share,
            "n_looks": row.n_looks,
            "trust": row.trust,
            "looks_per_s": None if density is None else round(density, 4),
            "gap": None if self.gap is None else [round(self.gap.start_s, 3), round(self.gap.end_s, 3)],
        }


def ledger(memory: Memory) -> list[Looked]:
    """What was looked at when the video was remembered, an entry for each engine."""
    lost = {sense: _longest(memory.lost(sense)) for sense in _SIDES}
    return [
        Looked(row, memory.video.duration_s, lost["picture" if row.sense in _EYES else "sound"])
        for row in memory.coverage()
    ]


def viewed(memory: Memory, engine: str, stretches: Sequence[Span], n_looks: int, trust: float) -> Looked:
    """What a video LLM was shown: ``stretches`` of the video, in ``n_looks`` pictures."""
    whole = memory.video.span
    inside = [
        Span(max(s.start_s, whole.start_s), min(s.end_s, whole.end_s))
        for s in stretches
        if s.overlap_s(whole) > 0
    ]
    seen = merge_spans(inside)
    share = sum(span.duration_s for span in seen) / whole.duration_s if whole.duration_s else 0.0
    row = Coverage("picture", engine, round(min(1.0, share), 4), n_looks, trust)
    return Looked(row, whole.duration_s, _longest(gaps_between(list(seen), whole)))


def _longest(spans: Sequence[Span]) -> Span | None:
    return max(spans, key=lambda span: (span.duration_s, -span.start_s), default=None)
