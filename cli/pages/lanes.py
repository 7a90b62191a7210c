"""A timeline as lanes of marks, whose places are shares of the video and so fit any width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...tools.clock import Span, format_time, merge_spans

_TICKS_MAX = 5
_STEPS_S = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
# Marks that lie closer than this share of the video cannot be told apart, nor can their labels.
_JOINED_SHARE, _LABELLED_SHARE = 1 / 400, 1 / 22
_EDGE_PERCENT = 93.0


@dataclass(frozen=True)
class Mark:
    """A stretch on a lane: where it begins and how wide it is, in percent of the video, and its label if any."""

    span: Span
    left: float
    width: float
    label: str = ""

    @property
    def middle(self) -> float:
        """Where its label stands, in percent of the video."""
        return round(self.left + self.width / 2, 3)


@dataclass(frozen=True)
class Lane:
    """Marks of one ``kind``, which chooses their look, in order of time."""

    name: str
    kind: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Tick:
    """A second on the axis, at ``left`` percent; ``anchor`` is the side by which its label hangs."""

    left: float
    label: str
    anchor: str


@dataclass(frozen=True)
class Timeline:
    """The lanes of a video of ``duration_s``; those without marks are left out."""

    duration_s: float
    lanes: tuple[Lane, ...]

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """Round seconds along the axis, few enough for a narrow page."""
        step_s = next((s for s in _STEPS_S if self.duration_s / s < _TICKS_MAX), self.duration_s)
        times_s = [n * step_s for n in range(_TICKS_MAX) if n * step_s <= self.duration_s]
        return tuple(self._tick(time_s) for time_s in times_s)

    def _tick(self, time_s: float) -> Tick:
        left = round(100 * time_s / self.duration_s, 3)
        anchor = "start" if not time_s else "end" if left > _EDGE_PERCENT else "middle"
        return Tick(left, format_time(time_s, 0), anchor)

    @property
    def description(self) -> str:
        """The lanes in words, for who cannot see them."""
        lanes = "; ".join(f"{lane.name}: {len(lane.marks)}" for lane in self.lanes)
        return f"From left to right 00:00 to {format_time(self.duration_s, 0)}. {lanes}."


def timeline(duration_s: float, lanes: Iterable[Lane]) -> Timeline | None:
    """The timeline of a video; None where its length is not known, or there is nothing to mark."""
    marked = tuple(lane for lane in lanes if lane.marks)
    return Timeline(duration_s, marked) if duration_s > 0 and marked else None


def lane(name: str, kind: str, spans: Iterable[Span], duration_s: float) -> Lane:
    """A lane of stretches; those that would look like one are one."""
    inside = _inside(spans, duration_s)
    return Lane(
        name, kind, tuple(_mark(s, duration_s) for s in merge_spans(inside, duration_s * _JOINED_SHARE))
    )


def tiled_lane(name: str, kind: str, spans: Iterable[Span], duration_s: float) -> Lane:
    """A lane of stretches that lie side by side, each a mark of its own."""
    return Lane(name, kind, tuple(_mark(s, duration_s) for s in sorted(_inside(spans, duration_s))))


def numbered_lane(name: str, kind: str, spans: Sequence[Span], duration_s: float) -> Lane:
    """A lane of stretches with their numbers from 1 on, as far as these do not stand in each other's way."""
    marks: list[Mark] = []
    for number, span in enumerate(spans, 1):
        mark = _mark(span.inside(Span(0.0, max(duration_s, 0.0))), duration_s)
        near = [m for m in marks if m.label and abs(m.middle - mark.middle) < 100 * _LABELLED_SHARE]
        marks.append(mark if near else Mark(mark.span, mark.left, mark.width, str(number)))
    return Lane(name, kind, tuple(sorted(marks, key=lambda mark: mark.span)))


def _inside(spans: Iterable[Span], duration_s: float) -> list[Span]:
    whole = Span(0.0, max(duration_s, 0.0))
    return [span.inside(whole) for span in spans if span.start_s <= duration_s]


def _mark(span: Span, duration_s: float) -> Mark:
    whole_s = duration_s if duration_s > 0 else 1.0
    return Mark(span, round(100 * span.start_s / whole_s, 3), round(100 * span.duration_s / whole_s, 3))
