"""How finely a timeline is cut."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class SegmentationSettings:
    """Lengths are in seconds; heights and contrasts are 1 - cosine, in [0, 2], and depend on the model.

    A boundary is proposed where the pictures of ``window_s`` before and after differ by at least
    ``min_contrast`` and by ``gamma`` deviations more than in the ``memory_s`` before. Of those that lie
    within ``spacing_s`` the strongest stays. One of ``barrier_at`` or more is a barrier, over which
    nothing is merged, if ``long_window_s`` on both sides differ by ``event_at`` too; others are merged
    while their two sides differ by less than ``event_at``. A barrier is as high as these differ, and
    begins a chapter from ``chapter_at`` on, as a lone cut does. After ``forced_s`` without a barrier the
    strongest proposal becomes one. New lines that are ``text_share_min`` of all letters on screen are a
    barrier too, unless more than ``n_news_max`` such came in a minute.
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

    @property
    def lookback_s(self) -> float:
        """So much before a barrier has to be known to go on from it exactly as if nothing were missing."""
        return self.memory_s + self.window_s + self.long_window_s + 60.0

    @property
    def lookahead_s(self) -> float:
        """So much behind a place has to be known before it is settled."""
        return max(self.window_s, self.long_window_s) + self.spacing_s + 2.0

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


def with_grain(settings: SegmentationSettings, factor: float) -> SegmentationSettings:
    """Settings that merge what differs by less than ``factor`` times the usual."""
    return replace(
        settings,
        event_at=settings.event_at * factor,
        barrier_at=max(settings.barrier_at, settings.event_at * factor),
    )
