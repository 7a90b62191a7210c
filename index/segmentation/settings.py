"""How finely a timeline is cut."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Literal

from ...tools.errors import RequestError
from .refinement import Metric

Surprise = Literal["previous", "mean", "contrast"]
Refinement = Literal["none"] | Metric

# What is sudden is told from the seconds around.
_AT_ONCE_S = 10.0
# A barrier is not forced before there was room for some events.
_FORCED_EVENTS = 4


@dataclass(frozen=True)
class SegmentationSettings:
    """Lengths are in seconds; heights and contrasts are 1 - cosine, in [0, 2], and depend on the model.

    A boundary is proposed where the ``surprise`` is at least ``min_contrast``, and by ``gamma`` deviations
    more than in the ``memory_s`` before: how unlike are the pictures of ``window_s`` before and after
    (``contrast``), or a picture and those of ``window_s`` before (``mean``) or the one before (``previous``).
    Of those that lie within ``spacing_s`` the strongest stays; a ``refinement`` moves it to where it divides
    its surroundings best, which surprises that know only what was before need. One whose contrast is
    ``barrier_at`` or more is a barrier, over which nothing is merged, if ``long_window_s`` on both sides
    differ by ``event_at`` too; others are merged while their two sides differ by less than ``event_at``. A
    barrier is as high as these differ, and begins a chapter from ``chapter_at`` on, as a lone cut does. After
    ``forced_s`` without a barrier the strongest proposal becomes one. New lines that are ``text_share_min``
    of all letters on screen are a barrier too, unless more than ``n_news_max`` such came in a minute.
    """

    window_s: float = 8.0
    long_window_s: float = 30.0
    memory_s: float = 300.0
    gamma: float = 1.0
    spacing_s: float = 5.0
    min_event_s: float = 5.0
    max_event_s: float = 120.0
    forced_s: float = 1200.0
    min_contrast: float = 0.04
    event_at: float = 0.15
    barrier_at: float = 0.25
    chapter_at: float = 0.35
    text_share_min: float = 0.6
    n_news_max: int = 3
    surprise: Surprise = "contrast"
    refinement: Refinement = "none"

    @property
    def lookback_s(self) -> float:
        """So much before a barrier has to be known to go on from it exactly as if nothing were missing."""
        near_s = max(60.0, 2 * self.spacing_s)
        return self.memory_s + self.window_s + self.long_window_s + self._moved_from_s + near_s

    @property
    def lookahead_s(self) -> float:
        """So much behind a place has to be known before it is settled."""
        return max(self.window_s, self.long_window_s, self._moved_from_s) + self.spacing_s + 2.0

    @property
    def reach_s(self) -> float:
        """So much on each side of a proposal are the surroundings that refinement divides."""
        return 1.5 * self.long_window_s

    @property
    def _moved_from_s(self) -> float:
        """As far from a place lies what may decide about it because proposals are moved.

        One that stands within ``window_s`` came from half of ``reach_s`` away, because of surroundings and a
        neighbour at ``reach_s`` from there, which had to be higher than what was near it.
        """
        if self.refinement == "none":
            return 0.0
        return 1.5 * self.reach_s + 2 * self.window_s + self.spacing_s + _AT_ONCE_S

    def to_json(self) -> str:
        """The settings as they are stored."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SegmentationSettings:
        """Stored settings; what is not there is as usual."""
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


# Colours and layout differ far less from scene to scene than meanings do.
_APPEARANCE = SegmentationSettings(min_contrast=0.015, event_at=0.05, barrier_at=0.065, chapter_at=0.34)
# A topic is told from another over minutes, and by few words.
_SPEECH = SegmentationSettings(
    window_s=60.0, long_window_s=180.0, memory_s=900.0, spacing_s=30.0, min_event_s=20.0, max_event_s=300.0,
    min_contrast=0.25, event_at=0.35, barrier_at=0.6, chapter_at=0.97,
)  # fmt: skip


def settings_for(model: str) -> SegmentationSettings:
    """The settings for the vectors of a model by name; ``speech`` for timelines of words alone."""
    return {"appearance-1": _APPEARANCE, "speech": _SPEECH}.get(model, SegmentationSettings())


def with_surprise(settings: SegmentationSettings, surprise: Surprise) -> SegmentationSettings:
    """Settings that propose by a surprise, refined where that helps: contrast is better left where it is."""
    return replace(settings, surprise=surprise, refinement="none" if surprise == "contrast" else "modularity")


def with_lengths(
    settings: SegmentationSettings, min_event_s: float | None = None, max_event_s: float | None = None
) -> SegmentationSettings:
    """Settings for events of other lengths; one that is not given makes room for the other.

    Raises ``RequestError`` where the shortest is not over nothing, the longest is under a second, or not
    twice the shortest, so that what is too long can always be divided.
    """
    if min_event_s is not None and not 0 < min_event_s < math.inf:
        raise RequestError(f"the shortest event has to be longer than 0 seconds, not {min_event_s:g}")
    if max_event_s is not None and not 1 <= max_event_s < math.inf:
        raise RequestError(f"the longest event has to be 1 second or longer, not {max_event_s:g}")
    shortest_s = min_event_s or min(settings.min_event_s, (max_event_s or settings.max_event_s) / 2)
    longest_s = max_event_s or max(settings.max_event_s, 2 * shortest_s)
    if longest_s < 2 * shortest_s:
        raise RequestError(
            f"the longest event has to be twice the shortest of {shortest_s:g} seconds, not {longest_s:g}"
        )
    return replace(
        settings,
        min_event_s=shortest_s,
        max_event_s=longest_s,
        # What lies nearer to each other than the shortest event cannot both stand: the stronger one shall.
        spacing_s=settings.spacing_s * shortest_s / settings.min_event_s,
        forced_s=max(settings.forced_s, _FORCED_EVENTS * longest_s),
    )


def with_grain(settings: SegmentationSettings, factor: float) -> SegmentationSettings:
    """Settings that merge what differs by less than ``factor`` times the usual."""
    return replace(
        settings,
        event_at=settings.event_at * factor,
        barrier_at=max(settings.barrier_at, settings.event_at * factor),
    )
